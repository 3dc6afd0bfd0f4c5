//! Whether a job is what its step's signature vouches for (spec/pipeline.md §16.3).

use super::jwk::KeySet;
pub use super::matrix::MatrixPermutation;
use super::{fields, jcs, jws, matrix, tokens};
use crate::output::{Form, parts};
use crate::step::{CommandStep, Signature};
use crate::value::{Map, Value};

/// What a job says about itself.
pub trait JobFacts {
    /// The value of a variable of the job, as it was received.
    fn variable(&self, name: &str) -> Option<&str>;

    /// Its place in the step's matrix.
    fn matrix_permutation(&self) -> &MatrixPermutation;
}

/// A job must not be run. The text of a variant is for the agent's debug log; users see its [`summary`].
///
/// [`summary`]: VerifyError::summary
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The step has no signature.
    #[error("job had no signature to verify")]
    NotSigned,
    /// The signature covers nothing, or a field that must be covered is not.
    #[error("the signature does not cover {0:?}")]
    NotCovered(String),
    /// The signature covers something that is not known or not there.
    #[error("the signed field {0:?} is not known, or the job lacks it")]
    UnknownField(String),
    /// The signature is not that of the step.
    #[error("the signature is not that of this step by a known key")]
    WrongSignature,
    /// The job's place is not in the step's matrix.
    #[error("the job's matrix permutation is not one of the step's")]
    WrongPermutation,
    /// The job differs from the step.
    #[error("the job's {field} is {job:?}, but {step:?} was signed")]
    Differs {
        /// What differs.
        field: String,
        /// What the step has.
        step: String,
        /// What the job has.
        job: String,
    },
}

impl VerifyError {
    /// What the job's log says about it (§16.4).
    pub fn summary(&self) -> &'static str {
        match self {
            Self::NotSigned => "job had no signature to verify",
            Self::NotCovered(_) | Self::UnknownField(_) | Self::WrongSignature => {
                "invalid signature: signature verification failed"
            }
            Self::WrongPermutation | Self::Differs { .. } => {
                "invalid signature: job does not match signed step"
            }
        }
    }
}

/// Verifies the signature of `step`, and that `job` is a job of that step.
pub fn verify_job(step: &CommandStep, job: &dyn JobFacts, keys: &KeySet) -> Result<(), VerifyError> {
    let signature = step.signature.as_ref().ok_or(VerifyError::NotSigned)?;
    let covered = covered_values(step, signature, job)?;
    let payload = fields::payload(&signature.algorithm, covered).ok_or(VerifyError::WrongSignature)?;
    if !jws::is_valid(&signature.value, &payload, keys) {
        return Err(VerifyError::WrongSignature);
    }
    if !matrix::has(step.matrix.as_ref(), job.matrix_permutation()) {
        return Err(VerifyError::WrongPermutation);
    }
    let filled = match job.matrix_permutation() {
        none if none.is_empty() => step.clone(),
        permutation => tokens::filled(step, permutation).map_err(|_| VerifyError::WrongPermutation)?,
    };
    compare(&filled, signature, job)
}

/// The value of each field that the signature says it covers.
fn covered_values(step: &CommandStep, signature: &Signature, job: &dyn JobFacts) -> Result<Map, VerifyError> {
    let required = fields::of_step(step, job.variable("BUILDKITE_REPO").unwrap_or_default());
    let covered = signature.signed_fields.as_deref().unwrap_or_default();
    if let Some(missing) = required.keys().find(|field| !covered.contains(field)) {
        return Err(VerifyError::NotCovered(missing.clone()));
    }
    let value = |field: &String| {
        let value = match (required.get(field), field.strip_prefix(fields::ENV_PREFIX)) {
            (Some(value), _) => Some(value.clone()),
            (None, Some(name)) => job.variable(name).map(Value::from),
            // An empty collection is signed as null when it is signed at all.
            (None, None) if matches!(field.as_str(), "secrets" | "checkout") => Some(Value::Null),
            (None, None) => None,
        };
        value.map(|value| (field.clone(), value)).ok_or_else(|| VerifyError::UnknownField(field.clone()))
    };
    covered.iter().map(value).collect()
}

fn compare(step: &CommandStep, signature: &Signature, job: &dyn JobFacts) -> Result<(), VerifyError> {
    signature.signed_fields.iter().flatten().try_for_each(|field| match field.as_str() {
        "command" => same(field, Some(&step.command), job.variable("BUILDKITE_COMMAND")),
        "env" => step.env.iter().try_for_each(|(name, value)| same(name, Some(value), job.variable(name))),
        "plugins" => plugins(step, job),
        // Their values are the step's own, or were taken from the job. The reference refuses signed checkouts.
        _ => Ok(()),
    })
}

fn same(field: &str, step: Option<&str>, job: Option<&str>) -> Result<(), VerifyError> {
    if step.is_some() && step == job {
        return Ok(());
    }
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    Err(VerifyError::Differs { field: field.to_owned(), step: text(step), job: text(job) })
}

fn plugins(step: &CommandStep, job: &dyn JobFacts) -> Result<(), VerifyError> {
    let in_job = job.variable("BUILDKITE_PLUGINS").unwrap_or_default();
    let of_step = parts::plugins(&step.plugins, Form::Json);
    let of_step = of_step.map_or(Value::List(Vec::new()), |plugins| plugins.to_value());
    let of_job = match in_job {
        "" => Some(Value::Null),
        text => serde_json::from_str(text).ok().map(|value: serde_json::Value| Value::from(value)),
    };
    let of_job = of_job.map(|value| if value == Value::Null { Value::List(Vec::new()) } else { value });
    let [of_step, of_job] = [Some(of_step), of_job].map(|value| value.as_ref().and_then(jcs::canonical));
    same("plugins", of_step.as_deref(), of_job.as_deref())
}
