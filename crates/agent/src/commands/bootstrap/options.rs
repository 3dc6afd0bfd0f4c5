//! The options of `bootstrap` (docs/spec/job.md §1.1; cli.json).

use std::ffi::OsString;

use crate::cli::FilePath;
use crate::options::{CancelOptions, CheckoutOptions, DiagnosticOptions, PathOptions, RedactionOptions};

/// Run one job in a child process (used by the agent; can be run by hand)
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(super) diagnostics: DiagnosticOptions,
    #[command(flatten)]
    pub(super) redaction: RedactionOptions,
    #[command(flatten)]
    pub(super) checkout: CheckoutOptions,
    #[command(flatten)]
    pub(super) paths: PathOptions,
    #[command(flatten)]
    pub(super) cancel: CancelOptions,
    #[command(flatten)]
    pub(super) job: JobOptions,
    #[command(flatten)]
    pub(super) rules: RuleOptions,
    #[command(flatten)]
    pub(super) tracing: TracingOptions,

    /// Folder below which jobs are checked out
    #[arg(long, env = "BUILDKITE_BUILD_PATH")]
    pub(super) build_path: FilePath,

    /// Folder of the agent's program, put on PATH
    #[arg(long, env = "BUILDKITE_BIN_PATH")]
    pub(super) bin_path: FilePath,

    /// Delete the checkout before checking out
    #[arg(long, env = "BUILDKITE_CLEAN_CHECKOUT")]
    pub(super) clean_checkout: bool,

    /// A private key for the checkout
    #[arg(long, env = "BUILDKITE_GIT_SSH_KEY")]
    pub(super) git_ssh_key: String,

    /// A mirror that the service offers to check out from
    #[arg(long, env = "BUILDKITE_GIT_REMOTE_MIRROR_URL")]
    pub(super) git_remote_mirror_url: String,

    /// Entries (key=value) of git's configuration while submodules are cloned
    #[arg(long, env = "BUILDKITE_GIT_SUBMODULE_CLONE_CONFIG", value_delimiter = ',')]
    pub(super) git_submodule_clone_config: Vec<OsString>,

    /// Check submodules out
    #[arg(long, env = "BUILDKITE_GIT_SUBMODULES", default_value = "true")]
    pub(super) git_submodules: bool,

    /// Get the objects of Git LFS
    #[arg(long, env = "BUILDKITE_GIT_LFS_ENABLED")]
    pub(super) git_lfs_enabled: bool,

    /// Add hosts to known_hosts before the checkout
    #[arg(long, env = "BUILDKITE_SSH_KEYSCAN", default_value = "true")]
    pub(super) ssh_keyscan: bool,

    /// Run commands in a pseudo-terminal
    #[arg(long, env = "BUILDKITE_PTY", default_value = "true")]
    pub(super) pty: bool,

    /// Shell that runs commands, with its arguments
    #[arg(long, env = "BUILDKITE_SHELL", default_value = crate::options::default_shell())]
    pub(super) shell: OsString,

    /// Shell that runs hooks, with its arguments; empty for the one that each hook names
    #[arg(long, env = "BUILDKITE_HOOKS_SHELL")]
    pub(super) hooks_shell: OsString,

    /// Parts of the job to do: plugin, checkout, command; none means all
    #[arg(long, env = "BUILDKITE_BOOTSTRAP_PHASES", value_delimiter = ',')]
    pub(super) phases: Vec<String>,

    /// Names of warnings to make plain lines
    #[arg(long, env = "BUILDKITE_AGENT_DISABLE_WARNINGS_FOR", value_delimiter = ',')]
    pub(super) disable_warnings_for: Vec<String>,

    /// Don't start the job API
    #[arg(long, env = "BUILDKITE_AGENT_NO_JOB_API")]
    pub(super) no_job_api: bool,

    /// Export the job's output as OpenTelemetry log records
    #[arg(long, env = "BUILDKITE_JOB_LOGS_OTLP")]
    pub(super) job_logs_otlp: bool,
}

/// What the job is.
#[derive(Debug, clap::Args)]
pub(super) struct JobOptions {
    /// Command to run
    #[arg(long, env = "BUILDKITE_COMMAND")]
    pub(super) command: OsString,

    /// ID of the job
    #[arg(long, env = "BUILDKITE_JOB_ID")]
    pub(super) job: String,

    /// Repository to check out
    #[arg(long, env = "BUILDKITE_REPO")]
    pub(super) repository: OsString,

    /// Commit to check out
    #[arg(long, env = "BUILDKITE_COMMIT")]
    pub(super) commit: String,

    /// Branch of the commit
    #[arg(long, env = "BUILDKITE_BRANCH")]
    pub(super) branch: String,

    /// Tag of the commit
    #[arg(long, env = "BUILDKITE_TAG")]
    pub(super) tag: String,

    /// What to fetch instead of what follows from commit and branch
    #[arg(long, env = "BUILDKITE_REFSPEC")]
    pub(super) refspec: String,

    /// Plugins, as JSON
    #[arg(long, env = "BUILDKITE_PLUGINS")]
    pub(super) plugins: String,

    /// Secrets to fetch, as JSON
    #[arg(long, env = "BUILDKITE_SECRETS_CONFIG")]
    pub(super) secrets: String,

    /// Number of the pull request, or false
    #[arg(long, env = "BUILDKITE_PULL_REQUEST")]
    pub(super) pullrequest: String,

    /// Check a pull request out through its merge ref
    #[arg(long, env = "BUILDKITE_PULL_REQUEST_USING_MERGE_REFSPEC")]
    pub(super) pull_request_using_merge_refspec: bool,

    /// Name of the agent
    #[arg(long, env = "BUILDKITE_AGENT_NAME")]
    pub(super) agent: String,

    /// Queue of the agent
    #[arg(long, env = "BUILDKITE_AGENT_META_DATA_QUEUE")]
    pub(super) queue: String,

    /// Slug of the organization
    #[arg(long, env = "BUILDKITE_ORGANIZATION_SLUG")]
    pub(super) organization: String,

    /// Slug of the pipeline
    #[arg(long, env = "BUILDKITE_PIPELINE_SLUG")]
    pub(super) pipeline: String,

    /// ID of the repository's hosting provider
    #[arg(long, env = "BUILDKITE_PIPELINE_PROVIDER")]
    pub(super) pipeline_provider: String,

    /// Globs of artifacts that are uploaded at the end of the job
    #[arg(long, env = "BUILDKITE_ARTIFACT_PATHS")]
    pub(super) artifact_upload_paths: OsString,

    /// Where artifacts are uploaded to
    #[arg(long, env = "BUILDKITE_ARTIFACT_UPLOAD_DESTINATION")]
    pub(super) artifact_upload_destination: OsString,
}

/// What the agent allows.
#[derive(Debug, clap::Args)]
pub(super) struct RuleOptions {
    /// Allow any command
    #[arg(long, env = "BUILDKITE_COMMAND_EVAL", default_value = "true")]
    pub(super) command_eval: bool,

    /// Allow plugins
    #[arg(long, env = "BUILDKITE_PLUGINS_ENABLED", default_value = "true")]
    pub(super) plugins_enabled: bool,

    /// Check plugins' configurations
    #[arg(long, env = "BUILDKITE_PLUGIN_VALIDATION")]
    pub(super) plugin_validation: bool,

    /// Clone plugins for every job
    #[arg(long, env = "BUILDKITE_PLUGINS_ALWAYS_CLONE_FRESH")]
    pub(super) plugins_always_clone_fresh: bool,

    /// Allow hooks of the repository
    #[arg(long, env = "BUILDKITE_LOCAL_HOOKS_ENABLED", default_value = "true")]
    pub(super) local_hooks_enabled: bool,

    /// Only the first checkout or command hook of several plugins counts
    #[arg(long, env = "BUILDKITE_STRICT_SINGLE_HOOKS")]
    pub(super) strict_single_hooks: bool,
}

/// How the job is traced.
#[derive(Debug, clap::Args)]
pub(super) struct TracingOptions {
    /// Tracing backend to use: datadog or opentelemetry
    #[arg(long, env = "BUILDKITE_TRACING_BACKEND")]
    pub(super) tracing_backend: String,

    /// Name of the service in traces
    #[arg(long, env = "BUILDKITE_TRACING_SERVICE_NAME", default_value = "buildkite-agent")]
    pub(super) tracing_service_name: String,

    /// The trace that the agent hands over (W3C traceparent)
    #[arg(long, env = "BUILDKITE_TRACING_TRACEPARENT")]
    pub(super) tracing_traceparent: String,

    /// The state of that trace (W3C tracestate)
    #[arg(long, env = "BUILDKITE_TRACING_TRACESTATE")]
    pub(super) tracing_tracestate: String,

    /// Continue the trace that the service hands over (OpenTelemetry only)
    #[arg(long, env = "BUILDKITE_TRACING_PROPAGATE_TRACEPARENT")]
    pub(super) tracing_propagate_traceparent: bool,

    /// Encoding inside BUILDKITE_TRACE_CONTEXT: gob or json
    #[arg(long, env = "BUILDKITE_TRACE_CONTEXT_ENCODING", default_value = "gob")]
    pub(super) trace_context_encoding: String,
}
