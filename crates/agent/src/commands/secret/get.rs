//! `secret get` (docs/spec/cli.md §18).

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use redkite_api::blocking::Client;
use redkite_api::calls::secret::{PARALLEL, get};
use redkite_api::{ApiError, JobId};

use crate::cli::{Command, Context};
use crate::commands::job_api;
use crate::failure::Failure;
use crate::options::{ApiOptions, GlobalOptions};
use crate::output::Form;

const OPT_OUT: &str = "BUILDKITE_AGENT_SECRET_GET_SKIP_SECRET_REDACTION";

/// Print secrets of the cluster
///
/// They are hidden in the job's log before they are printed. A single secret is printed as it is, several as a JSON
/// object of keys and values. If one can't be had, nothing is printed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    api: ApiOptions,

    /// The job that asks for them
    #[arg(long, env = "BUILDKITE_JOB_ID")]
    job: String,

    /// default, json for an object even of one, or env for lines that a shell can read
    #[arg(long, env = "BUILDKITE_AGENT_SECRET_GET_FORMAT", default_value = "default")]
    format: String,

    /// Don't hide them in the job's log
    #[arg(long, env = "BUILDKITE_AGENT_SECRET_GET_SKIP_SECRET_REDACTION")]
    skip_redaction: bool,

    /// Names of secrets
    #[arg(value_name = "key")]
    keys: Vec<String>,
}

/// Values by key.
type Secrets = BTreeMap<String, String>;

impl Command for Args {
    const REQUIRED: &'static [&'static str] = &["agent-access-token", "endpoint", "job"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        if self.keys.is_empty() {
            return Err(Failure::new("at least one secret key must be provided"));
        }
        let format = self.format.as_str();
        if !matches!(format, "default" | "json" | "env") {
            return Err(Failure::new(format!(
                "invalid format {format:?}: must be one of 'default', 'json', or 'env'"
            )));
        }
        let client = self.api.client(&cx.environment);
        let secrets = fetch(&client, &JobId::from(self.job.as_str()), &self.keys)?;
        if !self.skip_redaction {
            hide(cx, &secrets)?;
        }
        match (format, self.keys.as_slice()) {
            ("default", [key]) => Ok(cx.out.line(&secrets[key])?),
            ("env", _) => Ok(cx.out.text(&assignments(&secrets))?),
            _ => cx.out.json(&secrets, Form::Compact),
        }
    }
}

/// Fetches all of them, some at once.
fn fetch(client: &Client, job: &JobId, keys: &[String]) -> Result<Secrets, Failure> {
    let next = AtomicUsize::new(0);
    let fetched = Mutex::new(Vec::with_capacity(keys.len()));
    let worker = || {
        while let Some(key) = keys.get(next.fetch_add(1, Ordering::Relaxed)) {
            let secret = client.call(&get(job, key));
            fetched.lock().unwrap_or_else(PoisonError::into_inner).push((key, secret));
        }
    };
    if keys.len() == 1 {
        worker();
    } else {
        thread::scope(|scope| (0..keys.len().min(PARALLEL)).for_each(|_| drop(scope.spawn(worker))));
    }
    let fetched = fetched.into_inner().unwrap_or_else(PoisonError::into_inner);
    let failed: String =
        fetched.iter().filter_map(|(key, secret)| Some(line(key, secret.as_ref().err()?))).collect();
    if !failed.is_empty() {
        return Err(Failure::new(format!("Failed to fetch some secrets:\n{failed}")));
    }
    let secrets = fetched
        .into_iter()
        .filter_map(|(key, secret)| Some((key.clone(), secret.ok()?.value.reveal().to_owned())));
    Ok(secrets.collect())
}

fn line(key: &str, error: &ApiError) -> String {
    format!(" - secret {key:?}: {error}\n")
}

fn hide(cx: &Context, secrets: &Secrets) -> Result<(), Failure> {
    let job = job_api::for_redaction(cx, "skip-redaction", OPT_OUT)?;
    for secret in secrets.values() {
        job.redact(secret).map_err(|error| job_api::not_hidden("failed to redact secrets", &error))?;
    }
    Ok(())
}

/// `KEY='value'`, a quote within the value closed, escaped and opened again.
fn assignments(secrets: &Secrets) -> String {
    let assignment = |(key, value): (&String, &String)| {
        format!("{}='{}'\n", key.to_uppercase(), value.replace('\'', "'\\''"))
    };
    secrets.iter().map(assignment).collect()
}
