//! A bootstrap from its start to its end: signals, shell, job API, the job.

use std::error::Error;
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use redkite_git::credentials::Reach;
use redkite_hooks::HookSettings;
use redkite_process::{Cancel, Context, Interrupts, InterruptsError, Signal};
use redkite_shell::{Log, Setup, Shell, Verbosity, WarningId};
use redkite_telemetry::{Span, SpanStart, Trace};

use crate::job::{Contexts, Job, Parent};
use crate::outcome::{Failures, Outcome, outcome};
use crate::redaction::Redaction;
use crate::settings::Settings;
use crate::surroundings::{JobApi, JobSide, PendingDirectory, Surroundings};

/// The process that a job runs in.
pub struct Host {
    /// Where the job's own lines go.
    pub lines: Box<dyn Write + Send>,
    /// Where its children's output goes.
    pub output: Box<dyn Write + Send>,
    /// Warnings that are plain lines.
    pub disabled_warnings: Vec<String>,
    /// The process's environment.
    pub environment: Vec<(OsString, OsString)>,
    /// The process's directory.
    pub directory: PathBuf,
    /// What children are sent when the job is cancelled.
    pub cancel_signal: Signal,
    /// How long they may take to answer (spec/job.md §14.1).
    pub signal_grace: Duration,
    /// What the job is recorded in.
    pub trace: Trace,
    /// The span of the whole job.
    pub span: SpanStart,
    /// What is said before the job begins.
    pub notices: Vec<Notice>,
}

/// A line of the job log about how the job was set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A remark.
    Comment(String),
    /// Something to look at.
    Warning(String),
}

/// Status of a job whose job API could not be started.
const NO_JOB_API: i32 = 1;

/// Does the work of one job.
///
/// # Errors
/// When this process's signals cannot be handled; nothing has happened then.
pub fn run(
    settings: Settings,
    host: Host,
    surroundings: &mut dyn Surroundings,
) -> Result<Outcome, InterruptsError> {
    let cancel = Cancel::new();
    let grace = host.signal_grace;
    let span = host.trace.enter(host.span.clone());
    let notices = host.notices.clone();
    let parent = parent(&host.environment);
    let shell = shell(&settings, host, &cancel);
    let interrupts = watch_signals(&shell, &cancel)?;
    let mut job = job(settings, shell, Contexts { cancel, grace, parent }, span, surroundings);
    let status = match job.start_api() {
        Ok(()) => {
            job.say(&notices);
            job.do_it()
        }
        Err(error) => {
            job.shell.log().error(format_args!("Error setting up Job API: {error}"));
            NO_JOB_API
        }
    };
    job.shell.log().release();
    Ok(outcome(status, interrupts.finish()))
}

/// Only an agent sets its number, and nobody in the job can.
fn parent(environment: &[(OsString, OsString)]) -> Parent {
    let is_agents = |(name, value): &(OsString, OsString)| name == "BUILDKITE_AGENT_PID" && !value.is_empty();
    if environment.iter().any(is_agents) { Parent::Agent } else { Parent::Other }
}

fn shell(settings: &Settings, host: Host, cancel: &Cancel) -> Shell {
    Shell::new(Setup {
        base_env: host.environment,
        directory: host.directory,
        log: Log::new(host.lines, host.output, host.disabled_warnings),
        context: Context::until(cancel),
        signal: host.cancel_signal,
        grace: host.signal_grace,
        terminal: settings.terminal,
        verbosity: settings.verbosity,
        trace: host.trace,
    })
}

/// On the first signal the job is cancelled (spec/job.md §14.2).
fn watch_signals(shell: &Shell, cancel: &Cancel) -> Result<Interrupts, InterruptsError> {
    let (shell, cancel) = (shell.clone(), cancel.clone());
    Interrupts::install(move |_| {
        shell.set("BUILDKITE_JOB_CANCELLED", "true");
        let timeout_file = shell.get("BUILDKITE_AGENT_JOB_TIMEOUT_FILE").filter(|path| !path.is_empty());
        if timeout_file.is_some_and(|path| std::path::Path::new(&path).exists()) {
            shell.set("BUILDKITE_JOB_TIMED_OUT", "true");
        }
        shell.log().comment("Received cancellation signal, interrupting");
        cancel.cancel();
    })
}

fn job(
    settings: Settings,
    shell: Shell,
    contexts: Contexts,
    span: Span,
    surroundings: &mut dyn Surroundings,
) -> Job<'_> {
    let redaction = Redaction::new(&settings.redacted_vars);
    redaction.warn_of_bad_patterns(shell.log());
    if shell.verbosity() == Verbosity::Debug {
        let patterns = settings.redacted_vars.join(" ");
        shell.log().comment(format_args!(
            "Enabling output redaction for values from environment variables matching: [{patterns}]"
        ));
    }
    redaction.add(&shell.env(), shell.log());
    Job {
        hook_settings: HookSettings {
            hooks_shell: settings.hooks_shell.clone(),
            agent: settings.paths.agent.clone(),
            temporary: settings.paths.temporary.clone(),
        },
        live: settings.live.clone(),
        settings,
        shell,
        contexts,
        span,
        surroundings,
        redaction,
        pending_directory: PendingDirectory::default(),
        managed: None,
        reach: Reach::AsWritten,
        requested_plugins: Vec::new(),
        plugins: Vec::new(),
        checkout_root: None,
        leftovers: Vec::new(),
        failures: Failures::default(),
        unreported: None,
        command_status: None,
    }
}

impl Job<'_> {
    fn start_api(&mut self) -> Result<(), Box<dyn Error + Send + Sync>> {
        let side = JobSide {
            shell: self.shell.clone(),
            override_mode: self.settings.rules.override_mode,
            pending: self.pending_directory.clone(),
        };
        let log = self.shell.log();
        match self.surroundings.start_job_api(side)? {
            JobApi::Disabled => log.optional_warning(
                WarningId::JobApiDisabled,
                "The job API is switched off: hooks that aren't shell scripts can't change the job's environment",
            ),
            JobApi::Unavailable => log.optional_warning(
                WarningId::JobApiUnavailable,
                "The job API is not available on this system: the job goes on without it",
            ),
            JobApi::Started(access) => {
                if self.shell.verbosity() == Verbosity::Debug {
                    log.header("Job API");
                    log.plain(format_args!("Server listening on {}", access.socket.display()));
                }
                if self.redaction.covers("BUILDKITE_AGENT_JOB_API_TOKEN") {
                    log.redact([&access.token]);
                }
                self.shell.set("BUILDKITE_AGENT_JOB_API_SOCKET", access.socket);
                self.shell.set("BUILDKITE_AGENT_JOB_API_TOKEN", access.token);
            }
        }
        Ok(())
    }

    fn say(&self, notices: &[Notice]) {
        for notice in notices {
            match notice {
                Notice::Comment(text) => self.shell.log().comment(text),
                Notice::Warning(text) => self.shell.log().warning(text),
            }
        }
    }

    fn do_it(&mut self) -> i32 {
        self.run();
        let log = self.shell.log();
        match self.surroundings.stop_job_api() {
            Err(error) => log.error(format_args!("Error stopping the job API: {error}")),
            Ok(()) if self.shell.verbosity() == Verbosity::Debug => {
                if self.shell.get("BUILDKITE_AGENT_JOB_API_SOCKET").is_some() {
                    log.comment("The job API has stopped");
                }
            }
            Ok(()) => {}
        }
        self.failures.status(self.command_status.as_deref())
    }
}
