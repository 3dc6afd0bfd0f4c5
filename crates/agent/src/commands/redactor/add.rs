//! `redactor add` (docs/spec/cli.md §18).

use std::collections::BTreeMap;
use std::fs;

use redkite_redact::{MIN_VALUE_LEN, NameCase, NamePatterns};

use crate::cli::{Command, Context};
use crate::commands::job_api;
use crate::failure::{Failure, OrFail, chain};
use crate::options::{ApiOptions, GlobalOptions};
use crate::stdin;

/// Hide secrets in the log of the running job
///
/// The file, or else standard input, holds one secret, around which blanks don't matter, or, with --format json, an
/// object of names and secrets. What the job prints from then on is searched for them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    api: ApiOptions,

    /// none for one secret, json for an object of them
    #[arg(long, env = "BUILDKITE_AGENT_REDACT_ADD_FORMAT", default_value = "none")]
    format: String,

    /// Of an object, take only what has a name that matches --redacted-vars and is long enough
    #[arg(long, env = "BUILDKITE_AGENT_REDACT_VARS_FILTER")]
    apply_vars_filter: bool,

    /// Patterns of names of secrets
    #[arg(
        long,
        env = "BUILDKITE_REDACTED_VARS",
        default_values = redkite_redact::DEFAULT_PATTERNS,
    )]
    redacted_vars: Vec<String>,

    /// A file
    #[arg(value_name = "file-with-content-to-redact")]
    file: Option<String>,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] = &["agent-access-token", "endpoint"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        if !matches!(self.format.as_str(), "json" | "none") {
            let format = &self.format;
            return Err(Failure::new(format!(
                "invalid format: {format}, must be one of [\"json\" \"none\"]"
            )));
        }
        let secrets = self.secrets()?;
        let job = job_api::connect(cx).or_fail("failed to create Job API client")?;
        for secret in &secrets {
            job.redact(secret).map_err(|error| job_api::not_hidden("failed to redact secrets", &error))?;
        }
        Ok(())
    }
}

impl Args {
    fn secrets(&self) -> Result<Vec<String>, Failure> {
        let input = self.input()?;
        if self.format == "none" {
            return Ok(vec![input.trim().to_owned()]);
        }
        type Secrets = BTreeMap<String, Option<String>>;
        let first = serde_json::Deserializer::from_str(&input).into_iter::<Option<Secrets>>().next();
        let secrets: BTreeMap<_, _> = match first {
            // Null hides nothing: it is what a secret is that somebody doesn't have.
            Some(Ok(secrets)) => secrets
                .unwrap_or_default()
                .into_iter()
                .filter_map(|(name, secret)| Some((name, secret?)))
                .collect(),
            Some(Err(error)) if tracing::enabled!(tracing::Level::DEBUG) => {
                return Err(Failure::new(chain(&error)));
            }
            Some(Err(_)) | None => return Err(Failure::new("failed to parse secrets")),
        };
        if self.apply_vars_filter { self.filtered(secrets) } else { Ok(secrets.into_values().collect()) }
    }

    fn input(&self) -> Result<String, Failure> {
        let shown = self.file.as_deref().unwrap_or("(stdin)");
        tracing::info!("Reading secrets from {shown} for redaction");
        match &self.file {
            None => Ok(stdin::text()?),
            Some(file) => {
                let bytes = fs::read(file).or_fail(format!("failed to open file {file}"))?;
                Ok(String::from_utf8_lossy(&bytes).into_owned())
            }
        }
    }

    /// Those with matching names; the values of some may be too short to be hidden.
    fn filtered(&self, secrets: BTreeMap<String, String>) -> Result<Vec<String>, Failure> {
        let patterns = NamePatterns::new(&self.redacted_vars, NameCase::NATIVE);
        let (mut chosen, mut short) = (Vec::new(), Vec::new());
        for (name, value) in secrets {
            if value.is_empty() || !patterns.matches(&name).or_fail("failed to match secrets")? {
                continue;
            }
            if value.len() < MIN_VALUE_LEN { short.push(name) } else { chosen.push(value) }
        }
        if !short.is_empty() {
            let names = short.join(", ");
            tracing::warn!("Too short to be hidden, below {MIN_VALUE_LEN} bytes: the values of {names}");
        }
        Ok(chosen)
    }
}
