//! The environment of a job's bootstrap, as a table (spec/agent.md §15).

use super::step::StepParts;
use crate::settings::{JobSettings, OverrideMode};
use redkite_api::wire::Job;
use redkite_api::{Endpoint, Http2, HttpLog, RequestHeaders, Token};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// The server's variables by name: text.
pub(crate) type Variables = BTreeMap<String, String>;
/// A job's variables by name: the server's, and the agent's own, which need not be text.
pub(crate) type JobVariables = BTreeMap<String, OsString>;

/// Everything the values of variables are made from.
pub(crate) struct Sources<'a> {
    pub(crate) settings: &'a JobSettings,
    pub(crate) experiments: &'a [String],
    pub(crate) job: &'a Job,
    pub(crate) step: &'a StepParts,
    pub(crate) files: &'a JobFiles,
    pub(crate) access: Access<'a>,
    pub(crate) log_tmpfile: Option<&'a std::path::Path>,
}

/// Where the job's own files are.
#[derive(Clone, Debug)]
pub(crate) struct JobFiles {
    pub(crate) env: PathBuf,
    pub(crate) env_json: PathBuf,
    pub(crate) timeout: PathBuf,
}

/// How the job reaches the control plane.
#[derive(Clone, Copy)]
pub(crate) struct Access<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) token: &'a Token,
    pub(crate) headers: &'a RequestHeaders,
    pub(crate) http2: Http2,
    pub(crate) log: HttpLog,
}

/// Who wins when the job sets a variable of the table, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wins {
    /// The agent; the job's value is reported as ignored.
    Agent,
    /// The agent where the override mode locks the variable, else the job, without a word.
    Checkout,
    /// The job: to it, the agent's value is one of those that it inherits.
    Job,
}

/// One row: name, rule, and the value; no value leaves the job's own as it is.
struct Variable {
    name: &'static str,
    wins: Wins,
    value: fn(&Sources<'_>) -> Option<OsString>,
}

/// Always set.
const fn agent(name: &'static str, value: fn(&Sources<'_>) -> Option<OsString>) -> Variable {
    Variable { name, wins: Wins::Agent, value }
}

/// Set unless the job may override it.
const fn checkout(name: &'static str, value: fn(&Sources<'_>) -> Option<OsString>) -> Variable {
    Variable { name, wins: Wins::Checkout, value }
}

#[rustfmt::skip]
const VARIABLES: &[Variable] = &[
    agent("BUILDKITE_ENV_FILE",                        |s| path(&s.files.env)),
    agent("BUILDKITE_ENV_JSON_FILE",                   |s| path(&s.files.env_json)),
    agent("BUILDKITE_AGENT_JOB_TIMEOUT_FILE",          |s| path(&s.files.timeout)),
    agent("BUILDKITE_AGENT_CACHE_PATHS",               cache_paths),
    agent("BUILDKITE_SECRETS_CONFIG",                  secrets_config),
    agent("BUILDKITE_AGENT_ENDPOINT",                  |s| Some(s.access.endpoint.to_string().into())),
    agent("BUILDKITE_AGENT_ACCESS_TOKEN",              |s| text(s.access.token.reveal())),
    agent("BUILDKITE_NO_HTTP2",                        |s| flag(s.access.http2 == Http2::Disabled)),
    agent("BUILDKITE_AGENT_DEBUG",                     |s| flag(s.settings.debug)),
    agent("BUILDKITE_AGENT_DEBUG_HTTP",                |s| flag(s.access.log.dumps)),
    agent("BUILDKITE_AGENT_PID",                       |_| Some(std::process::id().to_string().into())),
    agent("BUILDKITE_BIN_PATH",                        |s| text(&s.settings.bin_path)),
    agent("BUILDKITE_CONFIG_PATH",                     |s| text(&s.settings.config_path)),
    agent("BUILDKITE_BUILD_PATH",                      |s| path(&s.settings.build_path)),
    agent("BUILDKITE_SOCKETS_PATH",                    |s| text(&s.settings.sockets_path)),
    agent("BUILDKITE_GIT_MIRRORS_PATH",                |s| text(&s.settings.checkout.mirrors_path)),
    agent("BUILDKITE_GIT_MIRRORS_SKIP_UPDATE",         |s| flag(s.settings.checkout.mirrors_skip_update)),
    agent("BUILDKITE_HOOKS_PATH",                      |s| text(&s.settings.hooks_path)),
    agent("BUILDKITE_ADDITIONAL_HOOKS_PATHS",          |s| list(&s.settings.additional_hooks_paths)),
    agent("BUILDKITE_PLUGINS_PATH",                    |s| text(&s.settings.plugins_path)),
    agent("BUILDKITE_SSH_KEYSCAN",                     |s| flag(s.settings.checkout.ssh_keyscan)),
    checkout("BUILDKITE_GIT_SUBMODULES",               |s| strict_or(s, !s.settings.checkout.no_submodules, s.settings.checkout.no_submodules)),
    checkout("BUILDKITE_SKIP_CHECKOUT",                |s| strict_or(s, s.settings.checkout.skip, s.settings.checkout.skip)),
    checkout("BUILDKITE_GIT_SKIP_FETCH_EXISTING_COMMITS", |s| strict_or(s, s.settings.checkout.skip_fetch_existing, s.settings.checkout.skip_fetch_existing)),
    checkout("BUILDKITE_GIT_CHECKOUT_TIMEOUT",         checkout_timeout),
    agent("BUILDKITE_CHECKOUT_OVERRIDE_MODE",          |s| text(mode_name(s.settings.checkout.override_mode))),
    agent("BUILDKITE_CHECKOUT_ATTEMPTS",               |s| number(s.settings.checkout.attempts)),
    agent("BUILDKITE_COMMAND_EVAL",                    |s| flag(s.settings.permissions.command_eval)),
    agent("BUILDKITE_PLUGINS_ENABLED",                 |s| flag(s.settings.permissions.plugins)),
    agent("BUILDKITE_PLUGINS_ALWAYS_CLONE_FRESH",      |s| only_true(s.settings.permissions.plugins_always_clone_fresh)),
    agent("BUILDKITE_LOCAL_HOOKS_ENABLED",             |s| flag(s.settings.permissions.local_hooks)),
    checkout("BUILDKITE_GIT_CHECKOUT_FLAGS",           |s| text(&s.settings.checkout.checkout_flags)),
    checkout("BUILDKITE_GIT_CLONE_FLAGS",              |s| text(&s.settings.checkout.clone_flags)),
    checkout("BUILDKITE_GIT_FETCH_FLAGS",              |s| text(&s.settings.checkout.fetch_flags)),
    checkout("BUILDKITE_GIT_SPARSE_CHECKOUT_PATHS",    |s| list(&s.settings.checkout.sparse_paths)),
    checkout("BUILDKITE_GIT_SPARSE_CHECKOUT_MODE",     |s| text(&s.settings.checkout.sparse_mode)),
    agent("BUILDKITE_GIT_CLONE_MIRROR_FLAGS",          |s| text(&s.settings.checkout.clone_mirror_flags)),
    agent("BUILDKITE_GIT_MIRROR_CHECKOUT_MODE",        |s| text(&s.settings.checkout.mirror_checkout_mode)),
    checkout("BUILDKITE_GIT_CLEAN_FLAGS",              |s| text(&s.settings.checkout.clean_flags)),
    agent("BUILDKITE_GIT_MIRRORS_LOCK_TIMEOUT",        |s| number(s.settings.checkout.mirrors_lock_timeout)),
    agent("BUILDKITE_GIT_SUBMODULE_CLONE_CONFIG",      |s| list(&s.settings.checkout.submodule_clone_config)),
    checkout("BUILDKITE_GIT_COMMIT_VERIFICATION",      |s| text(&s.settings.checkout.commit_verification)),
    agent("BUILDKITE_SHELL",                           |s| text(&s.settings.shell)),
    agent("BUILDKITE_HOOKS_SHELL",                     |s| text(&s.settings.hooks_shell)),
    agent("BUILDKITE_AGENT_EXPERIMENT",                |s| list(s.experiments)),
    agent("BUILDKITE_REDACTED_VARS",                   |s| list(&s.settings.redacted_vars)),
    agent("BUILDKITE_STRICT_SINGLE_HOOKS",             |s| flag(s.settings.strict_single_hooks)),
    agent("BUILDKITE_CANCEL_GRACE_PERIOD",             |s| number(s.settings.cancel.grace)),
    agent("BUILDKITE_SIGNAL_GRACE_PERIOD_SECONDS",     |s| number(s.settings.cancel.signal_grace)),
    agent("BUILDKITE_TRACE_CONTEXT_ENCODING",          |s| text(&s.settings.tracing.context_encoding)),
    agent("BUILDKITE_NO_MULTIPART_ARTIFACT_UPLOAD",    |s| only_true(s.settings.no_multipart_artifact_upload)),
    agent("BUILDKITE_ARTIFACT_UPLOAD_CONCURRENCY",     |s| positive(s.settings.artifact_upload_concurrency)),
    agent("BUILDKITE_CANCEL_SIGNAL",                   cancel_signal),
    agent("BUILDKITE_PTY",                             |s| (!s.settings.pty).then(|| "false".into())),
    agent("BUILDKITE_AGENT_AWS_KMS_KEY",               |s| unless_empty(&s.settings.signing.aws_kms_key)),
    agent("BUILDKITE_AGENT_GCP_KMS_KEY",               |s| unless_empty(&s.settings.signing.gcp_kms_key)),
    agent("BUILDKITE_AGENT_JWKS_FILE",                 |s| unless_empty(&s.settings.signing.jwks_file)),
    agent("BUILDKITE_AGENT_JWKS_KEY_ID",               |s| unless_empty(&s.settings.signing.jwks_key_id)),
    agent("BUILDKITE_AGENT_DEBUG_SIGNING",             |s| only_true(s.settings.signing.debug)),
    agent("BUILDKITE_PLUGIN_VALIDATION",               plugin_validation),
    agent("BUILDKITE_TRACING_BACKEND",                 |s| unless_empty(&s.settings.tracing.backend)),
    agent("BUILDKITE_TRACING_SERVICE_NAME",            |s| traced(s, &s.settings.tracing.service_name)),
    agent("BUILDKITE_TRACING_TRACEPARENT",             |s| propagated(s, &s.job.traceparent)),
    agent("BUILDKITE_TRACING_TRACESTATE",              |s| propagated(s, &s.job.tracestate)),
    agent("BUILDKITE_TRACING_PROPAGATE_TRACEPARENT",   |s| propagated(s, "true")),
    agent("BUILDKITE_JOB_LOGS_OTLP",                   |s| flag(s.settings.log.otlp)),
    agent("BUILDKITE_AGENT_DISABLE_WARNINGS_FOR",      |s| list(&s.settings.disable_warnings_for)),
    Variable { name: LOG_TMPFILE, wins: Wins::Job, value: |s| s.log_tmpfile.and_then(path) },
];

/// The copy of its log that a job can read.
pub(crate) const LOG_TMPFILE: &str = "BUILDKITE_JOB_LOG_TMPFILE";

/// The longest value that still fits one string of a process's arguments (spec/agent.md §15.5).
const LONGEST_MESSAGE: usize = 65536;

/// The job's variables over the agent's own: what the bootstrap gets. `from_job` is what the server sent, after
/// [`received`].
pub(crate) fn job_variables(from_job: &Variables, sources: &Sources<'_>) -> JobVariables {
    let mut variables: JobVariables =
        from_job.iter().map(|(name, value)| (name.clone(), value.into())).collect();
    let mut ignored = Vec::new();
    for variable in VARIABLES {
        let Some(value) = (variable.value)(sources) else { continue };
        let given = from_job.get(variable.name);
        let stays = match variable.wins {
            Wins::Agent => false,
            Wins::Checkout => !locks(sources.settings.checkout.override_mode, variable.name),
            Wins::Job => true,
        };
        if stays && given.is_some() {
            continue;
        }
        let is_wish = variable.name == PLUGIN_VALIDATION && given.is_some_and(|given| is_on(given));
        if given.is_some() && !is_wish {
            ignored.push(variable.name);
        }
        variables.insert(variable.name.to_owned(), value);
    }
    let more = sources.access.headers.variables().chain(super::exporter::variables(sources, from_job));
    variables.extend(more.map(|(name, value)| (name, value.into())));
    if let Some(message) = from_job.get("BUILDKITE_MESSAGE").and_then(|message| truncated_message(message)) {
        variables.insert("BUILDKITE_MESSAGE".to_owned(), message);
    }
    if !ignored.is_empty() {
        variables.insert("BUILDKITE_IGNORED_ENV".to_owned(), ignored.join(",").into());
    }
    variables
}

/// The variables that the server sent, without what no job may see; `mirror_allowed` judges its mirror.
pub(crate) fn received(job: &Job, mirror_allowed: impl FnOnce(&str) -> bool) -> Variables {
    const MIRROR: &str = "BUILDKITE_GIT_REMOTE_MIRROR_URL";
    let mut variables = job.env.clone();
    variables.remove("BUILDKITE_AGENT_TOKEN");
    let mirror = variables.remove(MIRROR).filter(|url| !url.is_empty() && mirror_allowed(url));
    variables.insert(MIRROR.to_owned(), mirror.unwrap_or_default());
    variables
}

/// The plugin by which a pipeline asks for containers; those who run them have acted on it.
const KUBERNETES_PLUGIN: &str = "github.com/buildkite-plugins/kubernetes-buildkite-plugin";

/// Takes the Kubernetes plugin out of a job that already runs in a pod.
pub(crate) fn without_kubernetes_plugin(variables: &mut Variables) {
    let Some(plugins) = variables.get_mut("BUILDKITE_PLUGINS").filter(|plugins| !plugins.is_empty()) else {
        return;
    };
    match serde_json::from_str::<Option<Vec<Box<serde_json::value::RawValue>>>>(plugins) {
        Ok(entries) => {
            let entries = entries.unwrap_or_default();
            let kept: Vec<_> =
                entries.into_iter().filter(|entry| !is_kubernetes_plugin(entry.get())).collect();
            *plugins = serde_json::to_string(&kept).expect("they were JSON before");
        }
        Err(error) => {
            tracing::error!("Couldn't look for the Kubernetes plugin in BUILDKITE_PLUGINS: {error}")
        }
    }
}

fn is_kubernetes_plugin(entry: &str) -> bool {
    let entry = serde_json::from_str::<BTreeMap<String, serde::de::IgnoredAny>>(entry);
    entry.is_ok_and(|entry| entry.contains_key(KUBERNETES_PLUGIN))
}

/// An override mode as in options and variables.
fn mode_name(mode: OverrideMode) -> &'static str {
    match mode {
        OverrideMode::Strict => "strict",
        OverrideMode::FromJob => "from-job",
        OverrideMode::None => "none",
    }
}

/// Whether a job can't override this checkout variable.
fn locks(mode: OverrideMode, name: &str) -> bool {
    let is_of_step =
        matches!(name, "BUILDKITE_GIT_SPARSE_CHECKOUT_PATHS" | "BUILDKITE_GIT_SPARSE_CHECKOUT_MODE");
    match mode {
        OverrideMode::Strict => true,
        OverrideMode::FromJob => !is_of_step,
        OverrideMode::None => false,
    }
}

const PLUGIN_VALIDATION: &str = "BUILDKITE_PLUGIN_VALIDATION";

/// A job may ask for validation, but not turn it off.
fn plugin_validation(sources: &Sources<'_>) -> Option<OsString> {
    let asked = sources.job.env.get(PLUGIN_VALIDATION).is_some_and(|value| is_on(value));
    flag(asked || sources.settings.permissions.plugin_validation)
}

fn is_on(value: &str) -> bool {
    matches!(value, "true" | "1" | "on")
}

/// In strict mode the agent's value is always there, otherwise only where it differs from the default.
fn strict_or(sources: &Sources<'_>, value: bool, differs: bool) -> Option<OsString> {
    let strict = sources.settings.checkout.override_mode == OverrideMode::Strict;
    (strict || differs).then(|| value.to_string().into())
}

fn checkout_timeout(sources: &Sources<'_>) -> Option<OsString> {
    let checkout = &sources.settings.checkout;
    match checkout.override_mode {
        OverrideMode::Strict => number(checkout.timeout),
        OverrideMode::FromJob | OverrideMode::None => positive(checkout.timeout),
    }
}

fn cache_paths(sources: &Sources<'_>) -> Option<OsString> {
    let paths = &sources.step.cache_paths;
    (!paths.is_empty()).then(|| paths.join(",").into())
}

fn secrets_config(sources: &Sources<'_>) -> Option<OsString> {
    let secrets = &sources.step.secrets;
    (!secrets.is_empty()).then(|| serde_json::to_string(secrets).expect("secrets are plain text").into())
}

fn cancel_signal(sources: &Sources<'_>) -> Option<OsString> {
    let signal = sources.settings.cancel.signal;
    (signal != redkite_process::Signal::TERM).then(|| signal.name().into())
}

fn traced(sources: &Sources<'_>, value: &str) -> Option<OsString> {
    (!sources.settings.tracing.backend.is_empty()).then(|| value.into())
}

fn propagated(sources: &Sources<'_>, value: &str) -> Option<OsString> {
    let on = sources.settings.tracing.propagate && !value.is_empty();
    traced(sources, value).filter(|_| on)
}

fn path(path: impl AsRef<std::path::Path>) -> Option<OsString> {
    Some(path.as_ref().into())
}

fn text(value: impl AsRef<OsStr>) -> Option<OsString> {
    Some(value.as_ref().to_owned())
}

fn unless_empty(value: impl AsRef<OsStr>) -> Option<OsString> {
    text(value).filter(|value| !value.is_empty())
}

fn list<T: AsRef<OsStr>>(values: &[T]) -> Option<OsString> {
    Some(redkite_text::join(values, ","))
}

fn number(value: i64) -> Option<OsString> {
    Some(value.to_string().into())
}

fn positive(value: i64) -> Option<OsString> {
    number(value).filter(|_| value > 0)
}

fn flag(value: bool) -> Option<OsString> {
    Some(value.to_string().into())
}

fn only_true(value: bool) -> Option<OsString> {
    value.then(|| "true".into())
}

/// A message that is too long, cut so that `BUILDKITE_MESSAGE=value` and its terminator fit; says so at its end. The
/// cut may go through a character: what is left is bytes.
fn truncated_message(message: &str) -> Option<OsString> {
    if message.len() <= LONGEST_MESSAGE {
        return None;
    }
    let fits = LONGEST_MESSAGE - "BUILDKITE_MESSAGE=".len() - 1;
    let note = format!("[value truncated {} -> {fits} bytes]", message.len());
    tracing::warn!("BUILDKITE_MESSAGE is too long: {note}");
    let kept = &message.as_bytes()[..fits - note.len()];
    Some(redkite_text::from_bytes([kept, note.as_bytes()].concat()))
}

#[cfg(test)]
mod tests;
