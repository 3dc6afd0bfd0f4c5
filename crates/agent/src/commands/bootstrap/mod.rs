//! `bootstrap`: one job in this process (docs/spec/job.md §1).

mod host;
mod surroundings;

use std::time::Duration;

use redkite_executor::settings::{
    CheckoutSettings, Experiments, Identity, Live, Parts, Paths, Rules, Settings, Source,
};
use redkite_executor::{Host, Outcome};
use redkite_git::settings::MirrorMode;
use redkite_process::{Signal, Terminal};
use redkite_shell::{OverrideMode, Verbosity};

use surroundings::{AgentSurroundings, Sockets};

use crate::cli::{Command, Context, FilePath};
use crate::failure::{Failure, OrFail};
use crate::options::{CancelOptions, CheckoutOptions, DiagnosticOptions, PathOptions, RedactionOptions};

/// Run one job in a child process (used by the agent; can be run by hand)
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    diagnostics: DiagnosticOptions,
    #[command(flatten)]
    redaction: RedactionOptions,
    #[command(flatten)]
    checkout: CheckoutOptions,
    #[command(flatten)]
    paths: PathOptions,
    #[command(flatten)]
    cancel: CancelOptions,
    #[command(flatten)]
    job: JobOptions,
    #[command(flatten)]
    rules: RuleOptions,
    #[command(flatten)]
    tracing: TracingOptions,

    /// Folder below which jobs are checked out
    #[arg(long, env = "BUILDKITE_BUILD_PATH")]
    build_path: FilePath,

    /// Folder of the agent's program, put on PATH
    #[arg(long, env = "BUILDKITE_BIN_PATH")]
    bin_path: FilePath,

    /// Delete the checkout before checking out
    #[arg(long, env = "BUILDKITE_CLEAN_CHECKOUT")]
    clean_checkout: bool,

    /// A private key for the checkout
    #[arg(long, env = "BUILDKITE_GIT_SSH_KEY")]
    git_ssh_key: String,

    /// A mirror that the service offers to check out from
    #[arg(long, env = "BUILDKITE_GIT_REMOTE_MIRROR_URL")]
    git_remote_mirror_url: String,

    /// Entries (key=value) of git's configuration while submodules are cloned
    #[arg(long, env = "BUILDKITE_GIT_SUBMODULE_CLONE_CONFIG", value_delimiter = ',')]
    git_submodule_clone_config: Vec<String>,

    /// Check submodules out
    #[arg(long, env = "BUILDKITE_GIT_SUBMODULES", default_value = "true")]
    git_submodules: bool,

    /// Get the objects of Git LFS
    #[arg(long, env = "BUILDKITE_GIT_LFS_ENABLED")]
    git_lfs_enabled: bool,

    /// Add hosts to known_hosts before the checkout
    #[arg(long, env = "BUILDKITE_SSH_KEYSCAN", default_value = "true")]
    ssh_keyscan: bool,

    /// Run commands in a pseudo-terminal
    #[arg(long, env = "BUILDKITE_PTY", default_value = "true")]
    pty: bool,

    /// Shell that runs commands, with its arguments
    #[arg(long, env = "BUILDKITE_SHELL", default_value = crate::options::default_shell())]
    shell: String,

    /// Shell that runs hooks, with its arguments; empty for the one that each hook names
    #[arg(long, env = "BUILDKITE_HOOKS_SHELL")]
    hooks_shell: String,

    /// Parts of the job to do: plugin, checkout, command; none means all
    #[arg(long, env = "BUILDKITE_BOOTSTRAP_PHASES", value_delimiter = ',')]
    phases: Vec<String>,

    /// Names of warnings to make plain lines
    #[arg(long, env = "BUILDKITE_AGENT_DISABLE_WARNINGS_FOR", value_delimiter = ',')]
    disable_warnings_for: Vec<String>,

    /// Don't start the job API
    #[arg(long, env = "BUILDKITE_AGENT_NO_JOB_API")]
    no_job_api: bool,

    /// Export the job's output as OpenTelemetry log records
    #[arg(long, env = "BUILDKITE_JOB_LOGS_OTLP")]
    job_logs_otlp: bool,
}

/// What the job is.
#[derive(Debug, clap::Args)]
struct JobOptions {
    /// Command to run
    #[arg(long, env = "BUILDKITE_COMMAND")]
    command: String,

    /// ID of the job
    #[arg(long, env = "BUILDKITE_JOB_ID")]
    job: String,

    /// Repository to check out
    #[arg(long, env = "BUILDKITE_REPO")]
    repository: String,

    /// Commit to check out
    #[arg(long, env = "BUILDKITE_COMMIT")]
    commit: String,

    /// Branch of the commit
    #[arg(long, env = "BUILDKITE_BRANCH")]
    branch: String,

    /// Tag of the commit
    #[arg(long, env = "BUILDKITE_TAG")]
    tag: String,

    /// What to fetch instead of what follows from commit and branch
    #[arg(long, env = "BUILDKITE_REFSPEC")]
    refspec: String,

    /// Plugins, as JSON
    #[arg(long, env = "BUILDKITE_PLUGINS")]
    plugins: String,

    /// Secrets to fetch, as JSON
    #[arg(long, env = "BUILDKITE_SECRETS_CONFIG")]
    secrets: String,

    /// Number of the pull request, or false
    #[arg(long, env = "BUILDKITE_PULL_REQUEST")]
    pullrequest: String,

    /// Check a pull request out through its merge ref
    #[arg(long, env = "BUILDKITE_PULL_REQUEST_USING_MERGE_REFSPEC")]
    pull_request_using_merge_refspec: bool,

    /// Name of the agent
    #[arg(long, env = "BUILDKITE_AGENT_NAME")]
    agent: String,

    /// Queue of the agent
    #[arg(long, env = "BUILDKITE_AGENT_META_DATA_QUEUE")]
    queue: String,

    /// Slug of the organization
    #[arg(long, env = "BUILDKITE_ORGANIZATION_SLUG")]
    organization: String,

    /// Slug of the pipeline
    #[arg(long, env = "BUILDKITE_PIPELINE_SLUG")]
    pipeline: String,

    /// ID of the repository's hosting provider
    #[arg(long, env = "BUILDKITE_PIPELINE_PROVIDER")]
    pipeline_provider: String,

    /// Globs of artifacts that are uploaded at the end of the job
    #[arg(long, env = "BUILDKITE_ARTIFACT_PATHS")]
    artifact_upload_paths: String,

    /// Where artifacts are uploaded to
    #[arg(long, env = "BUILDKITE_ARTIFACT_UPLOAD_DESTINATION")]
    artifact_upload_destination: String,
}

/// What the agent allows.
#[derive(Debug, clap::Args)]
struct RuleOptions {
    /// Allow any command
    #[arg(long, env = "BUILDKITE_COMMAND_EVAL", default_value = "true")]
    command_eval: bool,

    /// Allow plugins
    #[arg(long, env = "BUILDKITE_PLUGINS_ENABLED", default_value = "true")]
    plugins_enabled: bool,

    /// Check plugins' configurations
    #[arg(long, env = "BUILDKITE_PLUGIN_VALIDATION")]
    plugin_validation: bool,

    /// Clone plugins for every job
    #[arg(long, env = "BUILDKITE_PLUGINS_ALWAYS_CLONE_FRESH")]
    plugins_always_clone_fresh: bool,

    /// Allow hooks of the repository
    #[arg(long, env = "BUILDKITE_LOCAL_HOOKS_ENABLED", default_value = "true")]
    local_hooks_enabled: bool,

    /// Only the first checkout or command hook of several plugins counts
    #[arg(long, env = "BUILDKITE_STRICT_SINGLE_HOOKS")]
    strict_single_hooks: bool,
}

/// How the job is traced.
#[derive(Debug, clap::Args)]
struct TracingOptions {
    /// Tracing backend to use: datadog or opentelemetry
    #[arg(long, env = "BUILDKITE_TRACING_BACKEND")]
    tracing_backend: String,

    /// Name of the service in traces
    #[arg(long, env = "BUILDKITE_TRACING_SERVICE_NAME", default_value = "buildkite-agent")]
    tracing_service_name: String,

    /// The trace that the agent hands over (W3C traceparent)
    #[arg(long, env = "BUILDKITE_TRACING_TRACEPARENT")]
    tracing_traceparent: String,

    /// The state of that trace (W3C tracestate)
    #[arg(long, env = "BUILDKITE_TRACING_TRACESTATE")]
    tracing_tracestate: String,

    /// Continue the trace that the service hands over (OpenTelemetry only)
    #[arg(long, env = "BUILDKITE_TRACING_PROPAGATE_TRACEPARENT")]
    tracing_propagate_traceparent: bool,

    /// Encoding inside BUILDKITE_TRACE_CONTEXT: gob or json
    #[arg(long, env = "BUILDKITE_TRACE_CONTEXT_ENCODING", default_value = "gob")]
    trace_context_encoding: String,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] =
        &["job", "repository", "commit", "branch", "agent", "organization", "pipeline", "pipeline-provider"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let (settings, ending) = self.checked(cx)?;
        let host = Host {
            lines: Box::new(std::io::stderr()),
            output: Box::new(redkite_process::unbuffered_output().or_fail("opening the standard output")?),
            disabled_warnings: self.disable_warnings_for,
            environment: cx.environment.iter().map(|(name, value)| (name.into(), value.into())).collect(),
            directory: std::env::current_dir().or_fail("finding the current directory")?,
            cancel_signal: ending.signal,
            signal_grace: ending.grace + AFTER_THE_AGENT,
        };
        let mut surroundings = AgentSurroundings::new(
            settings.paths.agent.clone(),
            if self.no_job_api {
                Sockets::Disabled
            } else {
                Sockets::Below(self.paths.sockets.sockets_path.as_str().into())
            },
        );
        match redkite_executor::run(settings, host, &mut surroundings)? {
            Outcome::Status(0) => Ok(()),
            // The system keeps 8 bits: −1 is 255.
            Outcome::Status(status) => Err(Failure::Silent(status.to_le_bytes()[0])),
            Outcome::Signal(signal) => Err(Failure::Signal(signal.number())),
        }
    }
}

/// The agent kills this process at the end of the signal grace period (docs/spec/README.md, fact 1). A command
/// that is killed here at the same moment would race with that, and the job's end would be one or the other.
const AFTER_THE_AGENT: Duration = Duration::from_millis(250);

/// How children of the job are ended.
struct EndingOptions {
    signal: Signal,
    grace: Duration,
}

impl Args {
    /// The settings, if they make sense, in the order of spec/job.md §1.2.
    fn checked(&self, cx: &Context) -> Result<(Settings, EndingOptions), Failure> {
        let parts = Parts::parse(self.phases.iter().map(String::as_str))?;
        self.checkout.git_mirror_checkout_mode.parse::<MirrorMode>()?;
        host::check_sparse_mode(&self.checkout.git_sparse_checkout_mode)?;
        let signal =
            Signal::from_cancel_name(&self.cancel.cancel_signal).or_fail("failed to parse cancel-signal")?;
        let grace = self.cancel.signal_grace()?;
        host::check_trace_encoding(&self.tracing.trace_context_encoding)?;
        let override_mode: OverrideMode = self.checkout.checkout_override_mode.parse()?;
        let settings = self.settings(cx, parts, override_mode)?;
        Ok((settings, EndingOptions { signal, grace }))
    }

    fn settings(&self, cx: &Context, parts: Parts, mode: OverrideMode) -> Result<Settings, Failure> {
        let job = &self.job;
        Ok(Settings {
            identity: Identity {
                job: job.job.clone(),
                agent: job.agent.clone(),
                organization: job.organization.clone(),
                pipeline: job.pipeline.clone(),
            },
            source: Source {
                commit: job.commit.clone(),
                branch: job.branch.clone(),
                tag: job.tag.clone(),
                pull_request: job.pullrequest.clone(),
                pull_request_merge: job.pull_request_using_merge_refspec,
                provider: job.pipeline_provider.clone(),
            },
            command: job.command.clone(),
            plugins: job.plugins.clone(),
            secrets: job.secrets.clone(),
            paths: self.all_paths(cx)?,
            rules: self.rules(mode),
            parts,
            shell: self.shell.clone(),
            hooks_shell: self.hooks_shell.clone(),
            terminal: self.terminal(cx),
            verbosity: if self.diagnostics.debug { Verbosity::Debug } else { Verbosity::Normal },
            redacted_vars: self.redaction.redacted_vars.clone(),
            checkout: CheckoutSettings {
                mirrors_path: self.checkout.git_mirrors_path.as_str().into(),
                mirrors_lock_timeout: self.checkout.git_mirrors_lock_timeout,
                remote_mirror_url: self.git_remote_mirror_url.clone(),
                keyscan: self.ssh_keyscan,
                attempts: self.checkout.checkout_attempts,
            },
            experiments: Experiments {
                zip_plugins: cx.experiment("zip-plugins"),
                resolve_commit: cx.experiment("resolve-commit-after-checkout"),
            },
            live: self.live(),
        })
    }

    fn all_paths(&self, cx: &Context) -> Result<Paths, Failure> {
        Ok(Paths {
            agent: host::agent_program(cx, &self.job.job)?,
            bin: self.bin_path.as_str().into(),
            build: self.build_path.as_str().into(),
            hooks: self.paths.hooks_path.as_str().into(),
            additional_hooks: self.paths.additional_hooks_paths.iter().map(Into::into).collect(),
            plugins: self.paths.plugins_path.as_str().into(),
            temporary: std::env::temp_dir(),
            home: std::env::home_dir().filter(|home| !home.as_os_str().is_empty()),
        })
    }

    /// Without command evaluation nobody but the agent may say how the checkout is done.
    fn rules(&self, mode: OverrideMode) -> Rules {
        let rules = &self.rules;
        Rules {
            command_eval: rules.command_eval,
            plugins: rules.plugins_enabled,
            local_hooks: rules.local_hooks_enabled,
            plugin_validation: rules.plugin_validation,
            strict_single_hooks: rules.strict_single_hooks,
            override_mode: if rules.command_eval { mode } else { OverrideMode::Strict },
        }
    }

    fn terminal(&self, cx: &Context) -> Terminal {
        match (self.pty && Terminal::EXISTS, cx.experiment("pty-raw")) {
            (false, _) => Terminal::None,
            (true, false) => Terminal::Pty,
            (true, true) => Terminal::RawPty,
        }
    }

    /// What hooks can change, as it is at the start.
    fn live(&self) -> Live {
        let (job, checkout) = (&self.job, &self.checkout);
        Live {
            repository: job.repository.clone(),
            refspec: job.refspec.clone(),
            submodules: self.git_submodules,
            lfs: self.git_lfs_enabled,
            clean_checkout: self.clean_checkout,
            skip_checkout: checkout.skip_checkout,
            sparse_paths: checkout.git_sparse_checkout_paths.clone(),
            sparse_mode: checkout.git_sparse_checkout_mode.clone(),
            skip_fetch: checkout.git_skip_fetch_existing_commits,
            checkout_timeout: checkout.git_checkout_timeout,
            checkout_flags: checkout.git_checkout_flags.clone(),
            clone_flags: checkout.git_clone_flags.clone(),
            fetch_flags: checkout.git_fetch_flags.clone(),
            clone_mirror_flags: checkout.git_clone_mirror_flags.clone(),
            mirror_mode: checkout.git_mirror_checkout_mode.clone(),
            clean_flags: checkout.git_clean_flags.clone(),
            ssh_key: self.git_ssh_key.clone(),
            verification: checkout.git_commit_verification.clone(),
            submodule_configuration: self.git_submodule_clone_config.clone(),
            plugins_always_fresh: self.rules.plugins_always_clone_fresh,
            mirrors_skip_update: checkout.git_mirrors_skip_update,
            artifact_paths: job.artifact_upload_paths.clone(),
            artifact_destination: job.artifact_upload_destination.clone(),
        }
    }
}
