//! The pipeline's secrets become those of its steps before it is signed for good (spec/pipeline.md §18).

use crate::pipeline::Pipeline;
use crate::step::{Secret, Step};

/// Adds the pipeline's secrets to each command step that is not in a group.
pub fn merge_pipeline_secrets(pipeline: &mut Pipeline) {
    for step in &mut pipeline.steps {
        if let Step::Command(step) = step {
            step.secrets = merged(&step.secrets, &pipeline.secrets);
        }
    }
}

/// The step's own first, then those whose variables are free. Two lists are merged by variable, so that secrets
/// without one have no place in the result.
fn merged(own: &[Secret], common: &[Secret]) -> Vec<Secret> {
    if own.is_empty() || common.is_empty() {
        return [own, common].concat();
    }
    let mut all: Vec<Secret> = Vec::with_capacity(own.len() + common.len());
    for secret in own.iter().chain(common) {
        let variable = &secret.environment_variable;
        let is_free = !variable.is_empty() && all.iter().all(|taken| taken.environment_variable != *variable);
        if is_free {
            all.push(secret.clone());
        }
    }
    all
}
