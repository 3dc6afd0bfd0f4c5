//! Which variables hold secrets, and keeping those out of what is sent (docs/spec/cli.md §15).

use redkite_redact::{DEFAULT_PATTERNS, NameCase, NamePatterns, Redacted, redact_whole, secret_variables};

use crate::environment::Environment;
use crate::failure::{Failure, OrFail};

/// The patterns of secret variables.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RedactionOptions {
    /// Patterns of the names of variables whose values are secret
    #[arg(
        long,
        env = "BUILDKITE_REDACTED_VARS",
        value_delimiter = ',',
        default_values = DEFAULT_PATTERNS
    )]
    pub(crate) redacted_vars: Vec<String>,
}

impl RedactionOptions {
    /// The patterns, ready to be matched.
    pub(crate) fn patterns(&self) -> NamePatterns {
        NamePatterns::new(&self.redacted_vars, NameCase::NATIVE)
    }

    /// `text` without the values of secret variables; `what` names it in the warning if there were any.
    pub(crate) fn clean(
        &self,
        what: &str,
        text: String,
        environment: &Environment,
    ) -> Result<String, Failure> {
        let variables: Vec<_> = environment.texts().collect();
        let pairs = variables.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let secrets = secret_variables(&self.patterns(), pairs).or_fail("finding env vars to redact")?;
        match redact_whole(&text, secrets.values()) {
            Redacted::Unchanged => Ok(text),
            Redacted::Replaced(clean) => {
                tracing::warn!(
                    "The {what} contained values of secret variables, which were replaced. \
                     If that was not wanted, use --redacted-vars='' or name other patterns"
                );
                Ok(clean)
            }
        }
    }
}
