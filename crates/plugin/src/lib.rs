//! Plugins: references, configuration to environment, checkout.
mod configuration;
mod plugin;
mod reference;
mod schema;
mod variables;

pub use configuration::Value;
pub use plugin::{ParseError, Plugin, parse};
pub use reference::{LocationError, Reference, ReferenceError};
pub use variables::{Deprecated, NullInside, Variables};
