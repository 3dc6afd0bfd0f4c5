//! The bootstrap's process (spec/agent.md §16).

use super::finish::Outcome;
use super::leftovers::Leftovers;
use super::work::Stages;
use crate::log::JobLog;
use crate::settings::{BootstrapKind, CancelSettings, JobSettings};
use redkite_process::{Cancel, Context, Launch, OutputEnd, Policy, Signal, SpawnError, Streams, Terminal};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::Span;

/// A bootstrap that is ready to be started.
pub(crate) struct Bootstrap {
    pub(crate) launch: Launch,
    pub(crate) policy: Policy,
    pub(crate) cancel: Cancel,
    leftovers: Leftovers,
}

impl Bootstrap {
    /// The configured command over `inherited` variables and those of the job.
    pub(crate) fn new(
        settings: &JobSettings,
        inherited: &[(OsString, OsString)],
        variables: &super::environment::JobVariables,
        raw_terminal: RawTerminal,
    ) -> Self {
        let terminal = match (settings.pty, raw_terminal) {
            (false, _) => Terminal::None,
            (true, RawTerminal::No) => Terminal::Pty,
            (true, RawTerminal::Yes) => Terminal::RawPty,
        };
        let mut env = process_environment(inherited, variables);
        if terminal != Terminal::None {
            env.push(("TERM".into(), "xterm-256color".into()));
        }
        let (program, args) = settings.bootstrap.split_first().map_or_else(
            || (PathBuf::new(), Vec::new()),
            |(program, args)| (crate::lookup::program(program, inherited), args.to_vec()),
        );
        let launch = Launch {
            args,
            env,
            terminal,
            streams: match settings.bootstrap_kind {
                BootstrapKind::Own => Streams::Beside,
                BootstrapKind::Script => Streams::Merged,
            },
            ..Launch::new(program, &settings.build_path)
        };
        let leftovers = Leftovers {
            job: variables.get("BUILDKITE_JOB_ID").cloned().map(redkite_text::into_shown).unwrap_or_default(),
            temporary: temporary_folder(&launch.env),
            plugins: settings.plugins_path.clone(),
            builds: settings.build_path.clone(),
            sockets: settings.sockets_path.clone(),
        };
        let grace = settings.cancel.signal_grace().saturating_add(AFTER_ITS_COMMAND);
        let policy = Policy::new(signal(settings.cancel), grace, terminal);
        Self { launch, policy, cancel: Cancel::new(), leftovers }
    }

    /// Starts it and sees it to its end. Its output goes to `log`, what there is to say about it to the agent's log
    /// within `span`.
    pub(crate) async fn run(self, log: Arc<JobLog>, stages: Stages, span: Span) -> Outcome {
        let thread = {
            let log = log.clone();
            tokio::task::spawn_blocking(move || {
                let _gone = stages.gone.drop_guard();
                span.in_scope(|| self.run_here(&log, &stages.running))
            })
        };
        match thread.await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => {
                log.line(&format!("Error running job: {}", with_causes(&error)));
                Outcome::NotStarted
            }
            // A bug of ours must not leave the job without an end.
            Err(panic) => {
                log.line(&format!("Error running job: {panic}"));
                Outcome::NotStarted
            }
        }
    }

    fn run_here(self, log: &JobLog, running: &CancellationToken) -> Result<Outcome, SpawnError> {
        if self.cancel.is_cancelled() {
            return Ok(Outcome::NotStarted);
        }
        let child = self.launch.spawn()?;
        let pid = child.pid();
        tracing::info!("[Process] Process is running with PID: {pid}");
        running.cancel();
        let context = Context::until(&self.cancel);
        let finished = child.supervise(&context, &self.policy, |_, bytes| log.output(bytes));
        let ending = finished.ending;
        if ending.signal().is_some() {
            self.leftovers.remove(pid);
        }
        let signal = ending.signal().map_or_else(|| "nil".to_owned(), Signal::name);
        tracing::info!(
            "Process with PID: {pid} finished with Exit Status: {}, Signal: {signal}",
            ending.code()
        );
        if finished.output == OutputEnd::Abandoned {
            tracing::warn!(
                "A process that the job left behind keeps its output open; the rest of it is not read"
            );
        }
        Ok(Outcome::Ended(ending))
    }
}

/// Where a process with these variables puts temporary files.
fn temporary_folder(environment: &[(OsString, OsString)]) -> PathBuf {
    let named = environment.iter().rev().find(|(name, _)| name == "TMPDIR").map(|(_, path)| path);
    named.filter(|path| !path.is_empty()).map_or_else(std::env::temp_dir, PathBuf::from)
}

/// The variables of a job over `inherited` ones.
pub(crate) fn process_environment(
    inherited: &[(OsString, OsString)],
    variables: &super::environment::JobVariables,
) -> Vec<(OsString, OsString)> {
    let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
    inherited.iter().cloned().chain(variables).collect()
}

/// Whether the job's terminal passes line feeds through (experiment `pty-raw`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RawTerminal {
    /// It translates them.
    No,
    /// It does.
    Yes,
}

/// The bootstrap kills a command that does not listen at the end of the grace period, and then keeps still for longer than
/// this: nobody outlives the job, and its end is always the bootstrap's own death.
const AFTER_ITS_COMMAND: Duration = Duration::from_millis(250);

/// The bootstrap itself is never killed at once: it has to hand SIGKILL on to the job's command.
fn signal(cancel: CancelSettings) -> Signal {
    if cancel.signal == Signal::KILL { Signal::TERM } else { cancel.signal }
}

fn with_causes(error: &SpawnError) -> String {
    error.io().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}
