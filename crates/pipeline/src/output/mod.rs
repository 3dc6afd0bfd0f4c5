//! How a pipeline is written: canonical JSON and YAML (spec/pipeline.md §8, §12).

mod canonical;
pub mod json;
mod natural;
mod object;
mod yaml;
mod yaml_string;

pub use canonical::Form;
pub use json::NotSerializable;
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
        canonical::pipeline(self, form)
    }
}

/// The dry run's JSON: indented, with a final newline.
pub fn to_json(pipeline: &Pipeline) -> Result<String, NotSerializable> {
    json::pretty(&pipeline.to_value(Form::Json)).map(|text| text + "\n")
}

/// The dry run's YAML, with a final newline.
pub fn to_yaml(pipeline: &Pipeline, indent: YamlIndent) -> String {
    yaml::document(&pipeline.to_value(Form::Yaml), indent)
}
