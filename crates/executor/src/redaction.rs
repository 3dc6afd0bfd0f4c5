//! Which values of the environment are kept out of the log (spec/job.md §16).

use redkite_redact::{BadPatterns, NameCase, NamePatterns, secret_variables};
use redkite_shell::{Env, Log, WarningId};

/// The patterns of a job: fixed when it starts.
#[derive(Clone, Debug)]
pub(crate) struct Redaction {
    patterns: NamePatterns,
}

impl Redaction {
    pub(crate) fn new(patterns: &[String]) -> Self {
        Self { patterns: NamePatterns::new(patterns, NameCase::NATIVE) }
    }

    /// Warns when the job begins of patterns that are none, however little there is to match.
    pub(crate) fn warn_of_bad_patterns(&self, log: &Log) {
        if let Err(bad) = self.patterns.matches("") {
            warn_of_bad(&bad, log);
        }
    }

    /// Makes the values of matching variables secrets in `log`, which is told what is wrong with others.
    pub(crate) fn add(&self, env: &Env, log: &Log) {
        let found = match secret_variables(
            &self.patterns,
            env.iter().map(|(name, value)| (name, value.as_encoded_bytes())),
        ) {
            Ok(found) => found,
            Err(bad) => return warn_of_bad(&bad, log),
        };
        log.redact(found.values().collect::<Vec<_>>());
        if !found.short.is_empty() {
            let least = redkite_redact::MIN_VALUE_LEN;
            let names = found.short.join(", ");
            let text = format!(
                "Some variables have values below minimum length ({least} bytes) and will not be redacted: {names}"
            );
            log.optional_warning(WarningId::ShortRedactedVars, text);
        }
    }

    /// Whether a variable of this name holds a secret.
    pub(crate) fn covers(&self, name: &str) -> bool {
        self.patterns.matches(name).unwrap_or(false)
    }
}

fn warn_of_bad(bad: &BadPatterns, log: &Log) {
    let text = format!("Couldn't match environment variable names against redacted-vars: {bad}");
    log.optional_warning(WarningId::BadRedactedVars, text);
}
