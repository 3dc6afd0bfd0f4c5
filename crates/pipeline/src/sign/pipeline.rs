//! Signs every command step of a pipeline (spec/pipeline.md §14.2, §14.3).

use indexmap::IndexMap;

use super::key::{SigningError, SigningKey};
use super::{fields, jws};
use crate::pipeline::Pipeline;
use crate::step::{CommandStep, Signature, Step};

/// Something that signs: a key of a file, or a service that holds one.
pub trait Signer {
    /// The name of the algorithm (RFC 7518).
    fn algorithm(&self) -> &str;

    /// The name of the key, if signatures carry it.
    fn id(&self) -> Option<&str>;

    /// The SHA-256 thumbprint of its public half in hexadecimal.
    fn thumbprint(&self) -> &str;

    /// The raw signature of `message`.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError>;
}

impl Signer for SigningKey {
    fn algorithm(&self) -> &str {
        Self::algorithm(self)
    }

    fn id(&self) -> Option<&str> {
        Self::id(self)
    }

    fn thumbprint(&self) -> &str {
        Self::thumbprint(self)
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        Self::sign(self, message)
    }
}

/// A pipeline can't be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignPipelineError {
    /// Nobody knows what a step does.
    #[error("there is a step of an unknown type, and nobody can vouch for what is not understood")]
    UnknownStep,
    /// A number in a step has no JSON form.
    #[error("signing step with command {command:?}: it holds a number that can't be serialised")]
    NotSerializable {
        /// The step's command.
        command: String,
    },
    /// The signature could not be made.
    #[error("signing step with command {command:?}")]
    Step {
        /// The step's command.
        command: String,
        /// Why.
        source: SigningError,
    },
}

/// Signs the command steps, also those of groups; `signed` gets each text that is signed.
pub fn sign_pipeline(
    pipeline: &mut Pipeline,
    signer: &dyn Signer,
    repository_url: &str,
    mut signed: impl FnMut(&str),
) -> Result<(), SignPipelineError> {
    let no_env = IndexMap::new();
    let env = pipeline.env.as_ref().unwrap_or(&no_env);
    sign_steps(&mut pipeline.steps, &mut Signing { signer, repository_url, env, signed: &mut signed })
}

/// What all steps of a pipeline have in common.
struct Signing<'a> {
    signer: &'a dyn Signer,
    repository_url: &'a str,
    env: &'a IndexMap<String, String>,
    signed: &'a mut dyn FnMut(&str),
}

fn sign_steps(steps: &mut [Step], signing: &mut Signing<'_>) -> Result<(), SignPipelineError> {
    steps.iter_mut().try_for_each(|step| match step {
        Step::Command(step) => signing.sign(step),
        Step::Group(group) => sign_steps(&mut group.steps, signing),
        Step::Plain(..) | Step::Name(..) => Ok(()),
        Step::Unknown(_) => Err(SignPipelineError::UnknownStep),
    })
}

impl Signing<'_> {
    fn sign(&mut self, step: &mut CommandStep) -> Result<(), SignPipelineError> {
        let mut values = fields::of_step(step, self.repository_url);
        let outer = self.env.iter().filter(|(name, _)| !step.env.contains_key(*name));
        values.extend(outer.map(|(name, value)| (format!("{}{name}", fields::ENV_PREFIX), value.into())));
        let mut signed_fields: Vec<String> = values.keys().cloned().collect();
        signed_fields.sort_unstable();
        let payload = fields::payload(self.signer.algorithm(), values)
            .ok_or_else(|| SignPipelineError::NotSerializable { command: step.command.clone() })?;
        (self.signed)(&payload);
        let value = jws::sign(self.signer, &payload)
            .map_err(|source| SignPipelineError::Step { command: step.command.clone(), source })?;
        let algorithm = self.signer.algorithm().to_owned();
        step.signature = Some(Signature { algorithm, signed_fields: Some(signed_fields), value });
        Ok(())
    }
}
