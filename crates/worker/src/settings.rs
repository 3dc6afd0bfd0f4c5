//! What `start` was told, resolved to types: no flag, variable or default is known here.

use crate::job::OnFailure;
use redkite_api::wire::TracingExporter;
use redkite_api::{Endpoint, Http2, HttpLog, JobId, RequestHeaders, Token};
use redkite_pipeline::sign::KeySet;
use redkite_process::Signal;
pub use redkite_shell::OverrideMode;
use regex::Regex;
use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Everything a pool of workers needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How to reach the control plane.
    pub api: ApiSettings,
    /// What the workers say of themselves.
    pub identity: Identity,
    /// When workers end.
    pub lifetime: Lifetime,
    /// How they ask for work.
    pub ping_mode: PingMode,
    /// What jobs are run with.
    pub job: JobSettings,
    /// Experiments that are on, by name, known or not.
    pub experiments: Vec<String>,
    /// The agent's own variables without those that are its options: every hook and job inherits them.
    pub environment: Vec<(OsString, OsString)>,
    /// Whether log lines may be coloured.
    pub colour: Colour,
    /// Where questions about health and status are answered, if anywhere.
    pub health_check_addr: Option<String>,
    /// Where metrics of jobs go, if anywhere.
    pub datadog: Option<DatadogSettings>,
}

/// Where metrics of jobs are sent.
#[derive(Clone, Debug)]
pub struct DatadogSettings {
    /// A host, with or without port.
    pub host: String,
    /// How timings are sent.
    pub timings: Timings,
}

/// How timings are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timings {
    /// As timings.
    Plain,
    /// As distributions, which are summed up elsewhere.
    Distributions,
}

/// How to reach the control plane.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// Where to register.
    pub endpoint: Endpoint,
    /// The registration token.
    pub token: Token,
    /// Headers of every request, from the environment.
    pub headers: RequestHeaders,
    /// Whether HTTP/2 is offered.
    pub http2: Http2,
    /// Whether requests are dumped to the debug log.
    pub log: HttpLog,
}

/// What the workers of a pool say of themselves (spec/agent.md §6).
#[derive(Clone, Debug)]
pub struct Identity {
    /// With `%spawn` for the worker's number; other placeholders are the server's.
    pub name: String,
    /// What jobs are preferred by.
    pub priority: Priority,
    /// Tags, complete.
    pub tags: Vec<String>,
    /// How many workers.
    pub spawn: NonZeroU32,
    /// Whether they list their features.
    pub features: FeatureReport,
    /// The tracing backend was set by flag, variable or file, so that the server may not change propagation.
    pub propagation_is_explicit: bool,
}

/// A worker's priority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Priority {
    /// The same text for all; may be empty.
    Fixed(String),
    /// The worker's number.
    Ascending,
    /// The worker's number, negative.
    Descending,
}

/// Whether features are listed at registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeatureReport {
    /// They are.
    Sent,
    /// `no-feature-reporting`.
    Withheld,
}

/// What ends a worker besides signals and the server (spec/agent.md §10).
#[derive(Clone, Debug, Default)]
pub struct Lifetime {
    /// Run this job, then leave.
    pub acquire: Option<JobId>,
    /// The process ends with the acquired job's status.
    pub reflect_exit_status: bool,
    /// Leave after one job.
    pub after_job: bool,
    /// Leave when no worker of the pool had work for so long.
    pub after_idle: Option<Duration>,
    /// Leave after so long.
    pub after_uptime: Option<Duration>,
}

/// How a worker learns of work (spec/agent-api.md §10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PingMode {
    /// By the stream, by polling while there is none.
    Auto,
    /// Only by polling.
    PollOnly,
    /// Only by the stream.
    StreamOnly,
}

/// Whether output for people is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// It is.
    On,
    /// `no-color`.
    Off,
}

/// Whose program the bootstrap is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BootstrapKind {
    /// This program: its output need not go through the terminal that it gets.
    Own,
    /// `bootstrap-script`: it may ask what it writes to.
    Script,
}

/// What every job of this agent is run with. Fields that only travel into the job's environment are kept as the
/// text or number they are there (spec/agent.md §15.3).
#[derive(Clone, Debug)]
pub struct JobSettings {
    /// The command of the bootstrap, split into words.
    pub bootstrap: Vec<OsString>,
    /// Whose program that is.
    pub bootstrap_kind: BootstrapKind,
    /// Where jobs are built, and the bootstrap's directory.
    pub build_path: PathBuf,
    /// Where this agent's sockets are.
    pub sockets_path: PathBuf,
    /// The agent's hooks; empty for none.
    pub hooks_path: PathBuf,
    /// More of them.
    pub additional_hooks_paths: Vec<OsString>,
    /// Where plugins are.
    pub plugins_path: PathBuf,
    /// Where files for the job are laid.
    pub context_dir: PathBuf,
    /// The folder of this program.
    pub bin_path: PathBuf,
    /// The configuration file; empty for none.
    pub config_path: PathBuf,
    /// The shell of commands.
    pub shell: OsString,
    /// The shell of hooks; empty for none.
    pub hooks_shell: OsString,
    /// How git is used.
    pub checkout: CheckoutSettings,
    /// What a job may do.
    pub permissions: Permissions,
    /// How a job is stopped.
    pub cancel: CancelSettings,
    /// How a job's log is kept.
    pub log: LogSettings,
    /// Keys for signing.
    pub signing: SigningSettings,
    /// How jobs are traced.
    pub tracing: TracingSettings,
    /// Patterns of secret variables.
    pub redacted_vars: Vec<String>,
    /// Warnings to leave out.
    pub disable_warnings_for: Vec<String>,
    /// One hook of a kind only.
    pub strict_single_hooks: bool,
    /// Uploads in one piece.
    pub no_multipart_artifact_upload: bool,
    /// Uploads at once; 0 for the default.
    pub artifact_upload_concurrency: i64,
    /// How jobs run in containers; none for a process of this machine.
    pub containers: Option<ContainerSettings>,
    /// Whether jobs run in a terminal.
    pub pty: bool,
    /// Debug mode of the agent.
    pub debug: bool,
}

/// How a job's containers are waited for (spec/agent.md §19).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContainerSettings {
    /// How long they may take to connect; none for ever.
    pub start_timeout: Option<Duration>,
}

/// How git is used by jobs.
#[derive(Clone, Debug)]
pub struct CheckoutSettings {
    /// Which of these a job may override.
    pub override_mode: OverrideMode,
    /// Attempts.
    pub attempts: i64,
    /// Check nothing out.
    pub skip: bool,
    /// Don't fetch commits that are there.
    pub skip_fetch_existing: bool,
    /// Seconds an attempt may take; 0 for no limit.
    pub timeout: i64,
    /// No submodules.
    pub no_submodules: bool,
    /// `git checkout` flags.
    pub checkout_flags: OsString,
    /// `git clone` flags.
    pub clone_flags: OsString,
    /// `git fetch` flags.
    pub fetch_flags: OsString,
    /// `git clean` flags.
    pub clean_flags: OsString,
    /// `git clone --mirror` flags.
    pub clone_mirror_flags: OsString,
    /// Sparse checkout paths.
    pub sparse_paths: Vec<OsString>,
    /// `cone` or `no-cone`.
    pub sparse_mode: String,
    /// Where mirrors are; empty for none.
    pub mirrors_path: PathBuf,
    /// `reference` or `dissociate`.
    pub mirror_checkout_mode: String,
    /// Seconds to wait for a mirror's lock.
    pub mirrors_lock_timeout: i64,
    /// Don't update mirrors.
    pub mirrors_skip_update: bool,
    /// `git config` settings for submodule clones.
    pub submodule_clone_config: Vec<OsString>,
    /// Empty, `strict` or `warn`.
    pub commit_verification: String,
    /// Scan for host keys.
    pub ssh_keyscan: bool,
}

/// What jobs may do, and which are taken at all.
#[derive(Clone, Debug)]
pub struct Permissions {
    /// Commands are evaluated by a shell.
    pub command_eval: bool,
    /// Plugins run.
    pub plugins: bool,
    /// Plugin definitions are validated.
    pub plugin_validation: bool,
    /// Plugins are always cloned anew.
    pub plugins_always_clone_fresh: bool,
    /// Hooks of the repository run.
    pub local_hooks: bool,
    /// Patterns of repositories; none means any.
    pub repositories: Vec<Regex>,
    /// Patterns of plugins; none means any.
    pub plugin_sources: Vec<Regex>,
    /// Patterns of variable names; `None` means any.
    pub variables: Option<Vec<Regex>>,
    /// Keys to verify jobs with, if there are any.
    pub keys: Option<Arc<KeySet>>,
    /// What is done with jobs whose signature can't be verified.
    pub on_unverified: OnFailure,
}

/// How a job is stopped.
#[derive(Clone, Copy, Debug)]
pub struct CancelSettings {
    /// What it is asked with.
    pub signal: Signal,
    /// Seconds from the signal until nothing is left.
    pub grace: i64,
    /// Seconds from the signal until SIGKILL, at least 0.
    pub signal_grace: i64,
}

/// How a job's log is kept (spec/agent.md §17).
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// What is put before lines.
    pub timestamps: Timestamps,
    /// The folder of a copy that the job can read.
    pub tmpfile: Option<PathBuf>,
    /// A copy on our standard output.
    pub stdout: StdoutCopy,
    /// The executor exports it, too.
    pub otlp: bool,
}

/// What is put before the lines of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timestamps {
    /// Invisible escape sequences.
    Ansi,
    /// Nothing; the times of headings are sent apart.
    None,
    /// Readable times; the times of headings are sent apart.
    Lines,
}

/// Whether and how a job's output is repeated on our standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StdoutCopy {
    /// It isn't.
    Off,
    /// As it is.
    Raw,
    /// Each write as a JSON object.
    Json,
}

/// Keys that jobs sign pipelines with.
#[derive(Clone, Debug, Default)]
pub struct SigningSettings {
    /// An AWS KMS key.
    pub aws_kms_key: String,
    /// A GCP KMS key.
    pub gcp_kms_key: String,
    /// A file of keys.
    pub jwks_file: PathBuf,
    /// Which of them.
    pub jwks_key_id: String,
    /// Show what is signed.
    pub debug: bool,
}

/// How jobs are traced.
#[derive(Clone, Debug, Default)]
pub struct TracingSettings {
    /// Empty for not at all.
    pub backend: String,
    /// The service's name.
    pub service_name: String,
    /// Whether the server's trace parent is handed on.
    pub propagate: bool,
    /// How trace contexts are written.
    pub context_encoding: String,
    /// Where the server wants spans to go.
    pub exporter: Option<TracingExporter>,
}

impl Settings {
    /// Whether an experiment is on.
    #[must_use]
    pub fn experiment(&self, name: &str) -> bool {
        self.experiments.iter().any(|experiment| experiment == name)
    }

    /// Whether a variable is in the environment that jobs inherit, even if empty.
    #[must_use]
    pub fn has_variable(&self, name: &str) -> bool {
        self.environment.iter().any(|(variable, _)| variable == name)
    }
}

impl CancelSettings {
    /// The time between the signal and SIGKILL.
    #[must_use]
    pub fn signal_grace(&self) -> Duration {
        seconds(self.signal_grace)
    }

    /// The time between a forced stop and the end of the process.
    #[must_use]
    pub fn grace(&self) -> Duration {
        seconds(self.grace)
    }
}

/// Longer than any agent lives: ten years. More could not be added to every clock.
pub(crate) const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Seconds that are never negative, and never more than [`LONGEST`].
pub(crate) fn seconds(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0)).min(LONGEST)
}

/// Settings as an agent without any options has them.
#[cfg(test)]
pub(crate) fn test_settings() -> Settings {
    let checkout = CheckoutSettings {
        override_mode: OverrideMode::FromJob,
        attempts: 6,
        skip: false,
        skip_fetch_existing: false,
        timeout: 0,
        no_submodules: false,
        checkout_flags: "-f".into(),
        clone_flags: "-v".into(),
        fetch_flags: "-v --prune".into(),
        clean_flags: "-ffxdq".into(),
        clone_mirror_flags: "-v".into(),
        sparse_paths: Vec::new(),
        sparse_mode: "cone".into(),
        mirrors_path: PathBuf::new(),
        mirror_checkout_mode: "reference".into(),
        mirrors_lock_timeout: 300,
        mirrors_skip_update: false,
        submodule_clone_config: Vec::new(),
        commit_verification: String::new(),
        ssh_keyscan: true,
    };
    let permissions = Permissions {
        command_eval: true,
        plugins: true,
        plugin_validation: false,
        plugins_always_clone_fresh: false,
        local_hooks: true,
        repositories: Vec::new(),
        plugin_sources: Vec::new(),
        variables: None,
        keys: None,
        on_unverified: OnFailure::Block,
    };
    let log =
        LogSettings { timestamps: Timestamps::Ansi, tmpfile: None, stdout: StdoutCopy::Off, otlp: false };
    let job = JobSettings {
        bootstrap: vec!["/bin/buildkite-agent".into(), "bootstrap".into()],
        bootstrap_kind: BootstrapKind::Own,
        build_path: "/builds".into(),
        sockets_path: "/sockets".into(),
        hooks_path: PathBuf::new(),
        additional_hooks_paths: Vec::new(),
        plugins_path: PathBuf::new(),
        context_dir: "/tmp".into(),
        bin_path: "/bin".into(),
        config_path: PathBuf::new(),
        shell: "/bin/bash -e -c".into(),
        hooks_shell: OsString::new(),
        checkout,
        permissions,
        cancel: CancelSettings { signal: Signal::TERM, grace: 10, signal_grace: 9 },
        log,
        signing: SigningSettings::default(),
        tracing: TracingSettings::default(),
        redacted_vars: Vec::new(),
        disable_warnings_for: Vec::new(),
        strict_single_hooks: false,
        no_multipart_artifact_upload: false,
        artifact_upload_concurrency: 0,
        containers: None,
        pty: true,
        debug: false,
    };
    Settings {
        api: ApiSettings {
            endpoint: Endpoint::from(Endpoint::DEFAULT),
            token: Token::from("t"),
            headers: RequestHeaders::default(),
            http2: Http2::Offered,
            log: HttpLog::default(),
        },
        identity: Identity {
            name: "%spawn-%hostname".into(),
            priority: Priority::Fixed(String::new()),
            tags: Vec::new(),
            spawn: NonZeroU32::MIN,
            features: FeatureReport::Sent,
            propagation_is_explicit: false,
        },
        lifetime: Lifetime::default(),
        ping_mode: PingMode::Auto,
        job,
        experiments: Vec::new(),
        environment: Vec::new(),
        colour: Colour::Off,
        health_check_addr: None,
        datadog: None,
    }
}
