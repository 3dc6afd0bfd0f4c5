//! All workers of a process: registered together, stopped by the same signals (spec/agent.md §2, §10.6, §11).

use crate::idle::IdleMonitor;
use crate::lifecycle::LifecycleHooks;
use crate::os;
use crate::registration::register_all;
use crate::session::Session;
use crate::settings::Settings;
use crate::signals::{Reaction, SignalCount};
use crate::statsd::Statsd;
use crate::status::{self, Board};
use crate::stop::{Stopper, Urgency};
use crate::tracing_policy::{self, Applied};
use crate::worker::{Worker, WorkerError};
use redkite_api::client::Transport;
use redkite_api::wire::RegisterAnswer;
use redkite_text::Spoken;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinSet;
use tracing::{Instrument, info_span};

/// How a pool ended.
#[derive(Debug)]
pub enum Exit {
    /// All workers ended in their own time.
    Normal,
    /// The job to acquire was not to be had; the message goes to standard error as it is.
    AcquisitionRejected(String),
    /// The acquired job failed, and its status is to be the process's.
    JobFailed {
        /// The status.
        status: i32,
        /// What to say.
        message: String,
    },
    /// Something else went wrong.
    Failed(String),
    /// A third signal, or a stop that took too long: all was said already.
    Immediate,
}

/// How many threads may wait for files, names and processes at once: three per worker, and some.
const THREADS_PER_WORKER: usize = 3;
const MORE_THREADS: usize = 16;
/// How long a thread without work is kept.
const THREAD_KEEP_ALIVE: Duration = Duration::from_secs(5);

/// Runs all workers to their end.
#[must_use]
pub fn start(settings: Settings) -> Exit {
    let threads = settings.identity.spawn.get() as usize * THREADS_PER_WORKER + MORE_THREADS;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(threads)
        .thread_keep_alive(THREAD_KEEP_ALIVE)
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return Exit::Failed(format!("starting the runtime: {error}")),
    };
    let transport = Transport::new(settings.api.http2);
    let exit = runtime.block_on(run(Arc::new(settings), transport));
    // After an immediate exit threads may still wait for processes; nobody waits for them.
    runtime.shutdown_background();
    exit
}

async fn run(settings: Arc<Settings>, transport: Arc<Transport>) -> Exit {
    let sessions = match register_all(&settings, transport).await {
        Ok(sessions) => sessions,
        Err(error) => return Exit::Failed(error.to_string()),
    };
    let hooks = LifecycleHooks::new(&settings, &sessions);
    if let Err(error) = hooks.run("agent-startup").await {
        let _ = hooks.run("agent-shutdown").await;
        return Exit::Failed(format!("failed to run startup hook: {error}"));
    }
    let exit = match os::Signals::install() {
        Ok(signals) => Pool::new(&settings, sessions).run(signals).await,
        Err(error) => Exit::Failed(format!("installing signal handlers: {error}")),
    };
    if !matches!(exit, Exit::Immediate) {
        // A failure was logged, and changes nothing about how the agent ends.
        let _ = hooks.run("agent-shutdown").await;
    }
    exit
}

/// The workers while they live.
struct Pool<'a> {
    settings: &'a Settings,
    board: Arc<Board>,
    stoppers: Vec<Stopper>,
    workers: JoinSet<Vec<WorkerError>>,
    errors: Vec<WorkerError>,
}

impl<'a> Pool<'a> {
    fn new(settings: &'a Arc<Settings>, sessions: Vec<(Session, RegisterAnswer)>) -> Self {
        tracing::info!("Starting {} Agent(s)", sessions.len());
        tracing::info!("You can press Ctrl-C to stop the agents");
        let idle = Arc::new(IdleMonitor::new(sessions.len(), settings.lifetime.after_idle));
        let board = Arc::new(Board::default());
        let mut pool = Self {
            settings,
            board: board.clone(),
            stoppers: Vec::new(),
            workers: JoinSet::new(),
            errors: Vec::new(),
        };
        for (place, (session, answer)) in sessions.into_iter().enumerate() {
            let stopper = Stopper::new();
            pool.stoppers.push(stopper.clone());
            let span = info_span!("worker", agent = session.name.as_str());
            let settings = span.in_scope(|| with_tracing(settings, &answer));
            let status = board.add(session.id.clone(), session.name.clone(), session.ping_interval);
            let (idle, board, own_span) = (idle.clone(), board.clone(), span.clone());
            let datadog = settings.datadog.as_ref();
            let statsd = datadog.and_then(|datadog| span.in_scope(|| Statsd::new(datadog, &session.name)));
            let worker = Worker {
                statsd,
                settings,
                session,
                stopper,
                idle,
                span: own_span,
                place,
                board,
                status,
                lost: Mutex::default(),
            };
            pool.workers.spawn(async move { worker.run().await }.instrument(span));
        }
        pool
    }

    async fn run(mut self, mut signals: os::Signals) -> Exit {
        let mut count = match self.settings.job.containers {
            Some(_) => SignalCount::in_a_pod(),
            None => SignalCount::default(),
        };
        let mut exit_at = None;
        let board = self.board.clone();
        let status: Pin<Box<dyn Future<Output = ()>>> = match &self.settings.health_check_addr {
            Some(address) => Box::pin(status::serve(address, board)),
            None => Box::pin(std::future::pending()),
        };
        tokio::pin!(status);
        loop {
            let deadline = exit_at.unwrap_or_else(tokio::time::Instant::now);
            tokio::select! {
                ended = self.workers.join_next() => match ended {
                    None => return exit(self.errors),
                    Some(Ok(errors)) => self.errors.extend(errors),
                    Some(Err(panic)) => unreachable!("workers survive their panics: {panic}"),
                },
                asked = signals.next() => match count.on(asked) {
                    Reaction::Ignore => tracing::debug!("Ignoring a signal"),
                    Reaction::Exit => {
                        tracing::info!("Exiting immediately with status 1");
                        return Exit::Immediate;
                    }
                    Reaction::Stop(urgency) => {
                        self.stop(urgency);
                        if urgency == Urgency::Forced && exit_at.is_none() {
                            let grace = self.settings.job.cancel.grace() + Duration::from_secs(1);
                            exit_at = Some(tokio::time::Instant::now() + grace);
                        }
                    }
                },
                () = &mut status => unreachable!("it answers for as long as it is polled"),
                () = tokio::time::sleep_until(deadline), if exit_at.is_some() => {
                    tracing::error!("Timed out waiting for agents to exit; exiting immediately with status 1");
                    return Exit::Immediate;
                }
            }
        }
    }

    fn stop(&self, urgency: Urgency) {
        if urgency == Urgency::Forced {
            let grace = Spoken(self.settings.job.cancel.grace());
            tracing::info!("Forcefully stopping running jobs and stopping the agent(s) in {grace}");
            if self.settings.job.containers.is_none() {
                tracing::info!("Press Ctrl-C one more time to exit immediately without disconnecting");
            }
        } else {
            tracing::info!("Received CTRL-C, send again to forcefully kill the agent(s)");
        }
        self.stoppers.iter().for_each(|stopper| stopper.ask(urgency));
    }
}

/// The settings of a worker whose server decides about tracing; most servers don't, and all workers share one.
fn with_tracing(settings: &Arc<Settings>, answer: &RegisterAnswer) -> Arc<Settings> {
    let Some(policy) = &answer.tracing else { return settings.clone() };
    let (tracing, applied) = tracing_policy::apply(policy, settings);
    match applied {
        Applied::LocalWins => {
            tracing::info!("Ignoring the control-plane tracing configuration: another backend is set here");
        }
        Applied::UnknownBackend(backend) => {
            tracing::warn!("Ignoring the control-plane tracing configuration: unknown backend {backend:?}");
        }
        Applied::Yes(text) => tracing::info!("{text}"),
    }
    let mut own = Settings::clone(settings);
    own.job.tracing = tracing;
    Arc::new(own)
}

/// What the ends of all workers mean for the process.
fn exit(errors: Vec<WorkerError>) -> Exit {
    for error in &errors {
        match error {
            WorkerError::AcquisitionRejected { .. } => return Exit::AcquisitionRejected(error.to_string()),
            WorkerError::JobFailed(result) => {
                return Exit::JobFailed { status: result.0.exit_status, message: error.to_string() };
            }
            _ => {}
        }
    }
    match errors.is_empty() {
        true => Exit::Normal,
        false => Exit::Failed(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

#[cfg(test)]
mod job_tests;
#[cfg(test)]
mod outage_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod timing_tests;
#[cfg(test)]
mod virtual_plane;
