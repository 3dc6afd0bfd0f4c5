//! Variables in pipelines (spec/pipeline.md §10).

mod entries;
mod grammar;
mod pipeline;
mod values;
mod variables;

pub use grammar::InterpolationError;
pub use pipeline::{Precedence, interpolate_pipeline};
pub use variables::Variables;

pub(crate) use grammar::is_pure_reference;

/// `text` with its variables replaced.
pub fn interpolate(text: &str, variables: &Variables) -> Result<String, InterpolationError> {
    Ok(grammar::expand(text, variables)?.unwrap_or_else(|| text.to_owned()))
}

/// Everything in `text` that interpolation would replace, in short form: `$NAME`, `$$NAME`.
pub fn expansions(text: &str) -> Result<Vec<String>, InterpolationError> {
    grammar::list(text)
}
