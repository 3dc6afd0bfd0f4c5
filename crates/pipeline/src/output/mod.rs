//! How a pipeline is written: canonical JSON and YAML (spec/pipeline.md §8, §12).

mod canonical;
pub mod json;
mod natural;
mod object;
mod view;
mod yaml;
mod yaml_string;

pub use canonical::Form;
pub use json::NotSerializable;
pub(crate) use view::View;
pub use yaml::YamlIndent;

/// The canonical forms of parts of a step, which signatures cover.
pub(crate) mod parts {
    pub(crate) use super::canonical::{checkout, matrix, plugins, secrets, step_env};
}

use crate::pipeline::Pipeline;
use crate::value::Value;

impl Pipeline {
    /// The pipeline as a value whose keys stand in the order of that form.
    pub fn to_value(&self, form: Form) -> Value {
        canonical::pipeline(self, form).to_value()
    }
}

/// The dry run's JSON: indented, with a final newline.
pub fn to_json(pipeline: &Pipeline) -> Result<String, NotSerializable> {
    json::write(&canonical::pipeline(pipeline, Form::Json), json::Layout::Indented).map(|text| text + "\n")
}

/// The pipeline's JSON on one line.
pub(crate) fn to_compact_json(pipeline: &Pipeline) -> Result<String, NotSerializable> {
    json::write(&canonical::pipeline(pipeline, Form::Json), json::Layout::Compact)
}

/// The dry run's YAML, with a final newline.
pub fn to_yaml(pipeline: &Pipeline, indent: YamlIndent) -> String {
    yaml::document(&pipeline.to_value(Form::Yaml), indent)
}
