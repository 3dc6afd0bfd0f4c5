//! `start`: the long-lived agent (docs/spec/agent.md).

mod banner;
mod clouds;
mod keys;
mod options;
mod resolve;
mod rules;
mod token;

use std::ffi::OsString;

use redkite_local::AgentServer;
use redkite_worker::Exit;

use crate::cli::{Command, Context, Deprecation, ReadsConfigFile};
use crate::failure::{Failure, OrFail};
use options::{
    HookOptions, IdentityOptions, LifetimeOptions, LogOptions, PermissionOptions, SigningOptions, TagOptions,
    TelemetryOptions, WithoutEffect,
};

use crate::cli::{CommandPath, FilePath, GoDuration};
use crate::options::{
    CancelOptions, CheckoutOptions, EndpointOptions, GlobalOptions, PathOptions, RedactionOptions,
    TrafficOptions,
};

/// Run one or more agents, which ask for jobs and run them
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,

    /// Configuration file; without it the usual places are searched
    #[arg(long, env = "BUILDKITE_AGENT_CONFIG")]
    config: String,

    #[command(flatten)]
    identity: IdentityOptions,
    #[command(flatten)]
    lifetime: LifetimeOptions,
    #[command(flatten)]
    cancel: CancelOptions,
    #[command(flatten)]
    log: LogOptions,
    #[command(flatten)]
    hooks: HookOptions,
    #[command(flatten)]
    tags: TagOptions,
    #[command(flatten)]
    checkout: CheckoutOptions,

    /// Entries (key=value) of git's configuration while submodules are cloned
    #[arg(long, env = "BUILDKITE_GIT_SUBMODULE_CLONE_CONFIG")]
    git_submodule_clone_config: Vec<OsString>,

    /// Don't check submodules out
    #[arg(long, env = "BUILDKITE_NO_GIT_SUBMODULES,BUILDKITE_DISABLE_GIT_SUBMODULES")]
    no_git_submodules: bool,

    /// Don't add hosts to known_hosts before a checkout
    #[arg(long, env = "BUILDKITE_NO_SSH_KEYSCAN")]
    no_ssh_keyscan: bool,

    /// Command that runs a job; without it this program's own
    #[arg(long, env = "BUILDKITE_BOOTSTRAP_SCRIPT_PATH")]
    bootstrap_script: CommandPath,

    /// Folder below which jobs are checked out
    #[arg(long, env = "BUILDKITE_BUILD_PATH")]
    build_path: FilePath,

    #[command(flatten)]
    paths: PathOptions,

    /// Run jobs without a pseudo-terminal
    #[arg(long, env = "BUILDKITE_NO_PTY")]
    no_pty: bool,

    #[command(flatten)]
    permissions: PermissionOptions,
    #[command(flatten)]
    telemetry: TelemetryOptions,
    #[command(flatten)]
    signing: SigningOptions,

    /// Names of warnings to make plain lines
    #[arg(long, env = "BUILDKITE_AGENT_DISABLE_WARNINGS_FOR", value_delimiter = ',')]
    disable_warnings_for: Vec<String>,

    /// How to learn of jobs: auto, poll-only or stream-only
    #[arg(long, env = "BUILDKITE_AGENT_PING_MODE", default_value = "auto")]
    ping_mode: String,

    /// Token to register with; file://PATH and fd://NUMBER say where it is
    #[arg(long, env = "BUILDKITE_AGENT_TOKEN")]
    token: String,

    #[command(flatten)]
    endpoint: EndpointOptions,
    #[command(flatten)]
    traffic: TrafficOptions,

    /// Run jobs in the containers of a Kubernetes pod
    #[arg(long, env = "BUILDKITE_KUBERNETES_EXEC")]
    kubernetes_exec: bool,

    /// How long to wait for the containers of a pod
    #[arg(long, env = "BUILDKITE_KUBERNETES_CONTAINER_START_TIMEOUT", default_value = "5m0s")]
    kubernetes_container_start_timeout: GoDuration,

    /// Folder for files that accompany a job
    #[arg(long, env = "BUILDKITE_JOB_CONTEXT_DIR")]
    job_context_dir: FilePath,

    #[command(flatten)]
    redaction: RedactionOptions,

    /// Fail when more than one checkout or command hook would run
    #[arg(long, env = "BUILDKITE_STRICT_SINGLE_HOOKS")]
    strict_single_hooks: bool,

    /// Upload artifacts in one piece
    #[arg(long, env = "BUILDKITE_NO_MULTIPART_ARTIFACT_UPLOAD")]
    no_multipart_artifact_upload: bool,

    /// Uploads of artifacts at once; 0 for the default
    #[arg(long, env = "BUILDKITE_ARTIFACT_UPLOAD_CONCURRENCY", default_value_t = 0)]
    artifact_upload_concurrency: i64,

    #[command(flatten)]
    without_effect: WithoutEffect,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] = &["build-path", "token", "endpoint"];
    const DEPRECATED: &'static [Deprecation] = options::DEPRECATED;
    const CONFIG_FILE: ReadsConfigFile = ReadsConfigFile::Read;

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        token::hide(&cx.environment);
        rules::check_log_format(&self, &mut cx.out)?;
        let settings = resolve::settings(&self, cx)?;
        let locks = self.locks(cx)?;
        banner::say(&self, &settings, cx);
        let ended = redkite_worker::start(settings);
        drop(locks);
        outcome(ended)
    }
}

impl Args {
    /// The locks that the jobs of this machine share, with the experiment that serves them.
    fn locks(&self, cx: &Context) -> Result<Option<AgentServer>, Failure> {
        if !cx.experiment("agent-api") {
            return Ok(None);
        }
        let sockets = self.paths.sockets.sockets_path.path().unwrap_or(".".as_ref());
        AgentServer::start(sockets).map(Some).or_fail("failed to start the Agent API")
    }
}

/// An acquisition that was refused has a status of its own (docs/spec/agent.md §10.6).
const REJECTED: u8 = 27;

fn outcome(exit: Exit) -> Result<(), Failure> {
    match exit {
        Exit::Normal => Ok(()),
        Exit::AcquisitionRejected(message) => Err(Failure::Bare { message, status: REJECTED }),
        Exit::JobFailed { status, message } => {
            // What is no status of a process, such as -1, is the highest there is.
            Err(Failure::Bare { message, status: u8::try_from(status).unwrap_or(u8::MAX) })
        }
        Exit::Failed(message) => Err(Failure::Message(message)),
        Exit::Immediate => Err(Failure::Silent(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_its_status() {
        let failed = |status| Exit::JobFailed { status, message: "the job".to_owned() };
        for (exit, status, said) in [
            (Exit::Normal, 0, ""),
            (Exit::AcquisitionRejected("no".to_owned()), 27, "no\n"),
            (failed(7), 7, "the job\n"),
            (failed(-1), 255, "the job\n"),
            (Exit::Failed("a\nb".to_owned()), 1, "buildkite-agent: fatal: a\nb\n"),
            (Exit::Immediate, 1, ""),
        ] {
            let mut err = Vec::new();
            let report = |failure: Failure| failure.report_to(&mut Default::default(), &mut err);
            let ended = outcome(exit).err().map_or(0, report);
            assert_eq!((ended, String::from_utf8_lossy(&err).as_ref()), (status, said));
        }
    }
}
