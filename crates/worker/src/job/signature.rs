//! Whether a job is what its step's signature vouches for, and what follows from that (spec/agent.md §14.4).

use redkite_api::wire::Job;
use redkite_pipeline::sign::{JobFacts, KeySet, MatrixPermutation, VerifyError, verify_job};
use redkite_pipeline::{CommandStep, Value};

/// What is done with jobs that can't be verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// They don't run.
    #[default]
    Block,
    /// They run, with a warning in their log.
    Warn,
}

/// What came of the look at a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    /// There is nothing to verify, and nothing to verify with.
    Unsigned,
    /// It is right; this is its text.
    Verified(String),
    /// It is not.
    Failed {
        /// What is wrong, for the agent's log.
        error: String,
        /// What the job's log says.
        lines: Vec<String>,
        /// Whether the job may run nevertheless.
        runs: bool,
    },
}

/// Judges a job by the agent's keys; without keys a signature can't be verified.
pub(crate) fn check(job: &Job, keys: Option<&KeySet>, on_failure: OnFailure) -> Checked {
    let signature = signature_of(job);
    let error = match (keys, &signature) {
        (None, None) => return Checked::Unsigned,
        (None, Some(_)) => {
            "cannot verify signature. JWK for pipeline verification is not configured".to_owned()
        }
        (Some(keys), _) => match verify(job, keys) {
            Ok(()) => return Checked::Verified(signature.unwrap_or_default()),
            Err(error) => {
                tracing::debug!("Job verification: {error}");
                error.summary().to_owned()
            }
        },
    };
    let runs = on_failure == OnFailure::Warn;
    // Only who has keys asked for verification, and can be content with a warning.
    let mark = if runs && keys.is_some() { "⚠️" } else { "⛔" };
    let lines = [
        Some(format!("+++ {mark} Job signature verification failed")),
        Some(format!("error: {error}")),
        keys.map(|_| match &signature {
            None => "no signature in job".to_owned(),
            Some(signature) => format!("signature: {signature}"),
        }),
        keys.filter(|_| runs).map(|_| "Job will be run without verification".to_owned()),
    ];
    Checked::Failed { error, lines: lines.into_iter().flatten().collect(), runs }
}

/// The text of the signature of a job's step.
fn signature_of(job: &Job) -> Option<String> {
    let signature = job.step.as_ref()?.get("signature").filter(|signature| !signature.is_null())?;
    Some(signature.get("value").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned())
}

fn verify(job: &Job, keys: &KeySet) -> Result<(), VerifyError> {
    let step = match job.step.clone().map(Value::from) {
        Some(Value::Map(step)) => CommandStep::parse(step).map_err(|_| VerifyError::WrongSignature)?,
        _ => return Err(VerifyError::NotSigned),
    };
    let permutation = job.matrix_permutation.clone().into_iter().collect();
    verify_job(&step, &Facts { job, permutation }, keys)
}

struct Facts<'a> {
    job: &'a Job,
    permutation: MatrixPermutation,
}

impl JobFacts for Facts<'_> {
    fn variable(&self, name: &str) -> Option<&str> {
        self.job.env.get(name).map(String::as_str)
    }

    fn matrix_permutation(&self) -> &MatrixPermutation {
        &self.permutation
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const KEYS: &[u8] = br#"{"keys":[{"alg":"EdDSA","crv":"Ed25519","kid":"k","kty":"OKP","use":"sig",
        "x":"dZEGccOnsDQN-3Szlr7PQohGNBihZeOOD8TQPc3k8uc"}]}"#;

    fn check_step(step: serde_json::Value, has_keys: bool, on_failure: OnFailure) -> (Vec<String>, bool) {
        let keys = KeySet::parse(KEYS).unwrap();
        let job = Job { step: Some(step), ..Job::default() };
        match check(&job, has_keys.then_some(&keys), on_failure) {
            Checked::Unsigned | Checked::Verified(_) => (Vec::new(), true),
            Checked::Failed { lines, runs, .. } => (lines, runs),
        }
    }

    #[test]
    fn without_keys_only_unsigned_jobs_run() {
        let signed = json!({ "command": "x", "signature": { "value": "v" } });
        let failed = vec![
            "+++ ⛔ Job signature verification failed".to_owned(),
            "error: cannot verify signature. JWK for pipeline verification is not configured".to_owned(),
        ];
        assert_eq!(check_step(json!({}), false, OnFailure::Block), (vec![], true));
        assert_eq!(check_step(signed.clone(), false, OnFailure::Block), (failed.clone(), false));
        assert_eq!(check_step(signed, false, OnFailure::Warn), (failed, true));
    }

    #[test]
    fn with_keys_the_log_says_what_is_wrong() {
        let (lines, runs) = check_step(json!({ "command": "x" }), true, OnFailure::Warn);
        assert_eq!(
            lines[1..],
            [
                "error: job had no signature to verify",
                "no signature in job",
                "Job will be run without verification"
            ]
        );
        assert!(runs);
        let signed = json!({ "command": "x", "signature": { "algorithm": "EdDSA", "signed_fields": ["command"], "value": "v" } });
        let (lines, runs) = check_step(signed, true, OnFailure::Block);
        assert_eq!(lines[1..], ["error: invalid signature: signature verification failed", "signature: v"]);
        assert!(!runs);
    }
}
