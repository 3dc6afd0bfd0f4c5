//! A step's secrets (spec/job.md §7).

use redkite_api::blocking::Client;
use redkite_api::calls::secret;
use redkite_api::{ApiError, Endpoint, Halt, Http2, JobId, Settings, Token, UserAgent};
use redkite_shell::{Env, OverrideMode, Protection, RunError, Shell};

use crate::error::PhaseError;
use crate::job::Job;

/// One secret that a step asks for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
struct Wish {
    #[serde(default)]
    key: String,
    #[serde(default)]
    environment_variable: Option<String>,
}

/// Secrets that a step does not get.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretsError {
    /// The list makes no sense.
    #[error("failed to parse the secrets of the job: {0}")]
    Config(#[source] serde_json::Error),
    /// At least one could not be got.
    #[error("failed to fetch secrets for job: {}", listed(.0))]
    Fetch(Vec<(String, ApiError)>),
    /// There was no time, or no way, to wait for them.
    #[error("failed to fetch secrets for job: {0}")]
    NotFetched(#[source] RunError),
    /// A variable that secrets may not set.
    #[error("secret {key:?} cannot set protected environment variable {variable:?}")]
    Protected { key: String, variable: String },
    /// A variable that secrets may not set in this mode.
    #[error(
        "secret {key:?} cannot set checkout-locked environment variable {variable:?} while \
         BUILDKITE_CHECKOUT_OVERRIDE_MODE={mode}"
    )]
    Locked { key: String, variable: String, mode: OverrideMode },
}

fn listed(failures: &[(String, ApiError)]) -> String {
    failures.iter().map(|(key, error)| format!("\n   secret {key:?}: {error}")).collect()
}

impl Job<'_> {
    /// Fetches the step's secrets, all or none, keeps them out of the log and sets their variables.
    pub(crate) fn load_secrets(&mut self) -> Result<(), PhaseError> {
        let wishes = wishes(&self.settings.secrets)?;
        if wishes.is_empty() {
            return Ok(());
        }
        self.shell.log().header("Preparing secrets");
        let values = fetch_in_time(&self.shell, &self.settings.identity.job, &wishes)?;
        for (wish, value) in wishes.into_iter().zip(values) {
            self.shell.log().redact([&value]);
            self.set_secret(wish, value)?;
        }
        // Nothing is told of what this changes: it could be a secret's value.
        drop(self.refresh_settings());
        Ok(())
    }

    fn set_secret(&mut self, wish: Wish, value: String) -> Result<(), SecretsError> {
        let Some(variable) = wish.environment_variable.filter(|name| !name.is_empty()) else { return Ok(()) };
        let key = wish.key;
        let mode = self.settings.rules.override_mode;
        match Protection::of(&variable) {
            Protection::AgentOnly | Protection::NotBySecrets => {
                return Err(SecretsError::Protected { key, variable });
            }
            Protection::Checkout if mode != OverrideMode::None => {
                return Err(SecretsError::Locked { key, variable, mode });
            }
            Protection::Checkout | Protection::None => {}
        }
        let old = self.shell.env().set(&variable, value);
        let overwritten = if old.is_some() { " (overwritten)" } else { "" };
        self.shell
            .log()
            .comment(format_args!("Secret {key} added as environment variable {variable}{overwritten}"));
        Ok(())
    }
}

fn wishes(config: &str) -> Result<Vec<Wish>, SecretsError> {
    if config.is_empty() {
        return Ok(Vec::new());
    }
    let wishes: Option<Vec<Wish>> = serde_json::from_str(config).map_err(SecretsError::Config)?;
    Ok(wishes.unwrap_or_default())
}

/// Fetches them unless the job is cancelled: a server that does not answer can't hold it up.
fn fetch_in_time(shell: &Shell, job: &str, wishes: &[Wish]) -> Result<Vec<String>, SecretsError> {
    let halt = Halt::default();
    let client = client(&shell.env()).until(halt.clone());
    let (job, wishes) = (job.to_owned(), wishes.to_vec());
    let work = move || fetch(&client, &job, &wishes);
    shell.within_time("secrets", work, || halt.give()).map_err(SecretsError::NotFetched)?
}

/// The values, in order; at most [`secret::PARALLEL`] are fetched at once.
fn fetch(client: &Client, job: &str, wishes: &[Wish]) -> Result<Vec<String>, SecretsError> {
    let job = JobId::from(job);
    let mut results = Vec::new();
    for batch in wishes.chunks(secret::PARALLEL) {
        let fetched = std::thread::scope(|scope| {
            let one = |wish: &Wish| client.call(&secret::get(&job, &wish.key).silent());
            let running: Vec<_> = batch.iter().map(|wish| scope.spawn(move || one(wish))).collect();
            running
                .into_iter()
                .map(|thread| thread.join().expect("a call does not panic"))
                .collect::<Vec<_>>()
        });
        results.extend(fetched);
    }
    let mut values = Vec::new();
    let mut failures = Vec::new();
    for (wish, result) in wishes.iter().zip(results) {
        match result {
            Ok(secret) => values.push(secret.value.reveal().to_owned()),
            Err(error) => failures.push((wish.key.clone(), error)),
        }
    }
    if failures.is_empty() { Ok(values) } else { Err(SecretsError::Fetch(failures)) }
}

/// A client for the server that the agent has told the job of.
fn client(env: &Env) -> Client {
    let endpoint = Endpoint::of_job(&env.text("BUILDKITE_AGENT_ENDPOINT"));
    let token = Token::from(&*env.text("BUILDKITE_AGENT_ACCESS_TOKEN"));
    let disabled = matches!(&*env.text("BUILDKITE_NO_HTTP2"), "true" | "1");
    Client::new(Settings {
        user_agent: UserAgent::library(),
        http2: if disabled { Http2::Disabled } else { Http2::Offered },
        ..Settings::new(endpoint, token)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_step_asks_for() {
        let check = |config: &str, keys: &[&str]| {
            let found = wishes(config).expect("a list");
            assert_eq!(found.iter().map(|wish| wish.key.as_str()).collect::<Vec<_>>(), keys);
        };
        check("", &[]);
        check("null", &[]);
        check("[]", &[]);
        check(r#"[{"key":"a","environment_variable":"A","x":1},{"key":"b"}]"#, &["a", "b"]);
        assert!(matches!(wishes("{"), Err(SecretsError::Config(_))));
    }
}
