//! Pipelines: parsing, interpolation, canonical form.

mod convert;
mod document;
mod files;
mod if_changed;
mod interpolate;
mod number;
mod output;
mod pipeline;
mod secrets;
pub mod sign;
mod step;
mod value;
mod warning;
mod yaml;

pub use convert::FieldError;
pub use document::{Documents, ParseError, Parsed, documents, parse};
pub use files::DEFAULT_FILES;
pub use if_changed::{BadCondition, ChangedFiles, SKIP_REASON, apply_if_changed};
pub use interpolate::{
    InterpolationError, Precedence, Variables, expansions, interpolate, interpolate_pipeline,
};
pub use output::{Form, NotSerializable, YamlIndent, json, to_json, to_yaml};
pub use pipeline::Pipeline;
pub use secrets::{Exposed, exposed_secrets};
pub use step::{
    Adjustment, Cache, Checkout, CheckoutFlags, CommandStep, GroupStep, Matrix, Plugin, Rejected, Secret,
    Setup, Signature, Sparse, Step, StepKind, With, full_source,
};
pub use value::{Kind, Map, Value};
pub use warning::Warning;
pub use yaml::{DecodeError, SyntaxError};
