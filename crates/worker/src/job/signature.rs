//! Whether a job is signed, and what that means for it (spec/agent.md §14.4).
//!
//! Without keys nothing can be verified: a signed job is then refused or, by setting, run with a warning.

use serde_json::Value;

/// What is done with jobs that can't be verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// They don't run.
    #[default]
    Block,
    /// They run, with a warning in their log.
    Warn,
}

/// What the job's log and the runner learn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    /// There is nothing to verify.
    Unsigned,
    /// It failed; these lines go into the job's log.
    Failed { lines: Vec<String>, runs: bool },
}

/// Judges a step by an agent that has no keys.
pub(crate) fn check_without_keys(step: Option<&Value>, on_failure: OnFailure) -> Checked {
    let signature = step.and_then(|step| step.get("signature")).filter(|signature| !signature.is_null());
    if signature.is_none() {
        return Checked::Unsigned;
    }
    let mark = match on_failure {
        OnFailure::Block => "⛔",
        OnFailure::Warn => "⚠️",
    };
    let error = "cannot verify signature. JWK for pipeline verification is not configured";
    let lines = vec![format!("+++ {mark} Job signature verification failed"), format!("error: {error}")];
    Checked::Failed { lines, runs: on_failure == OnFailure::Warn }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_signed_job_needs_keys() {
        let signed = json!({ "signature": { "value": "x" } });
        for (step, on_failure, expected) in [
            (None, OnFailure::Block, None),
            (Some(json!({})), OnFailure::Block, None),
            (Some(signed.clone()), OnFailure::Block, Some(false)),
            (Some(signed), OnFailure::Warn, Some(true)),
        ] {
            let runs = match check_without_keys(step.as_ref(), on_failure) {
                Checked::Unsigned => None,
                Checked::Failed { runs, .. } => Some(runs),
            };
            assert_eq!(runs, expected);
        }
    }
}
