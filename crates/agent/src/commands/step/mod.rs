//! `step …`: the step a job belongs to, or another of its build.

pub(crate) mod cancel;
pub(crate) mod get;
pub(crate) mod update;

use redkite_api::BuildId;

/// The build a key is looked up in, if one was named.
fn build(id: String) -> Option<BuildId> {
    (!id.is_empty()).then(|| BuildId::from(id))
}
