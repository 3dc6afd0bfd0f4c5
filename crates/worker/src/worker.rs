//! The thin shell around [`Dispatch`]: waits for events, performs effects (spec/agent.md §9).

use crate::dispatch::{Dispatch, Effect, Event, JobEnd, Leaving, Note, Once, Verb};
use crate::heartbeat::{self, HeartbeatLost};
use crate::idle::IdleMonitor;
use crate::interrupts::Interrupts;
use crate::job::{self, JobContext, JobResult, LastJob};
use crate::ping::{self, PingLost};
use crate::random;
use crate::schedule::Schedule;
use crate::session::Session;
use crate::settings::{PingMode, Settings};
use crate::statsd::Statsd;
use crate::status::{Board, JobLabels, Link, Shown, WorkerStatus};
use crate::stop::{Stopper, Urgency};
use crate::stream;
use crate::survive::{Panic, Place, point, survive};
use redkite_api::stream::StreamEnd;
use redkite_api::wire::Job;
use redkite_api::{ApiError, JobId, calls};
use redkite_text::Spoken;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Span;

/// One registered worker of a pool.
pub(crate) struct Worker {
    pub(crate) settings: Arc<Settings>,
    pub(crate) session: Session,
    /// Asked by the pool, and by the worker itself when it can't go on.
    pub(crate) stopper: Stopper,
    pub(crate) idle: Arc<IdleMonitor>,
    /// Within which its log is written, also by its threads.
    pub(crate) span: Span,
    /// Its place in the pool, from 0.
    pub(crate) place: usize,
    pub(crate) board: Arc<Board>,
    pub(crate) status: Arc<WorkerStatus>,
    pub(crate) statsd: Option<Statsd>,
    /// Why the last source of work has dried up, once it has.
    pub(crate) lost: Mutex<Option<WorkerError>>,
}

/// Why a worker ended other than in its own time.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkerError {
    #[error("{0}")]
    Connect(#[source] ApiError),
    #[error("{0}")]
    Heartbeat(#[source] HeartbeatLost),
    #[error("{0}")]
    Ping(#[source] PingLost),
    #[error("{0}")]
    Stream(#[source] StreamEnd),
    #[error("failed to acquire job \"{job}\": failed to acquire job: job acquisition rejected: {source}")]
    AcquisitionRejected { job: JobId, source: ApiError },
    #[error("worker ended unexpectedly: {0}")]
    Panicked(#[source] Panic),
    #[error("failed to run job: {}", described(.0))]
    JobFailed(JobResult),
}

/// How the process that ran an acquired job ended, for people.
fn described(result: &JobResult) -> String {
    let verdict = &result.0;
    let signal = verdict.signal.iter().map(|signal| format!(", signal={signal}"));
    let reason = verdict.reason.and_then(|reason| serde_json::to_value(reason).ok());
    let reason = reason.iter().filter_map(|reason| Some(format!(", reason={}", reason.as_str()?)));
    let more: String = signal.chain(reason).collect();
    format!("process exited with status={}{more}", verdict.exit_status)
}

/// A job as the status page names it.
fn shown(job: &Job) -> Shown {
    let variable = |name| job.env.get(name).map(String::as_str).unwrap_or_default();
    let words = [variable("BUILDKITE_PIPELINE_SLUG"), variable("BUILDKITE_LABEL")];
    let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let url = variable("BUILDKITE_BUILD_URL");
    let url = if url.is_empty() { String::new() } else { format!("{url}#{}", job.id) };
    Shown { id: job.id.clone(), label: words.join(" · "), url, since: std::time::Instant::now() }
}

type Activity<'a> = Pin<Box<dyn Future<Output = Event> + Send + 'a>>;
type Listening<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

impl Worker {
    /// Lives from connect to disconnect; every failure on the way is in the answer.
    pub(crate) async fn run(&self) -> Vec<WorkerError> {
        self.board.metrics.workers_started.add(1);
        let errors = survive(Box::pin(self.live())).await.unwrap_or_else(|panic| vec![self.broken(panic)]);
        self.status.link(Link::Gone);
        self.board.metrics.workers_ended.add(1);
        self.idle.ended(self.place);
        errors
    }

    async fn live(&self) -> Vec<WorkerError> {
        tracing::info!("Connecting to Buildkite...");
        if let Err(error) = self.session.registered().call(&calls::agent::connect()).await {
            self.status.trouble(&format!("failed to connect: {error}"));
            return vec![WorkerError::Connect(error)];
        }
        let ended = CancellationToken::new();
        let heartbeat = async {
            match survive(heartbeat::beat(&self.session, &self.status, &ended)).await {
                Ok(result) => result.map_err(WorkerError::Heartbeat).inspect_err(|_| {
                    self.stopper.ask(Urgency::Forced);
                }),
                Err(panic) => Err(self.broken(panic)),
            }
        };
        let work = async {
            let result = survive(self.work()).await.unwrap_or_else(|panic| Err(self.broken(panic)));
            ended.cancel();
            result
        };
        let (heartbeat, work) = tokio::join!(heartbeat, work);
        self.status.link(Link::Gone);
        self.disconnect().await;
        heartbeat.err().into_iter().chain(work.err()).collect()
    }

    /// Something of ours broke: this worker takes no more work, and the others don't care.
    fn broken(&self, panic: Panic) -> WorkerError {
        tracing::error!("This agent ends, since something in it broke ({panic}). The others go on");
        self.status.trouble(&panic.to_string());
        self.stopper.ask(Urgency::Graceful);
        WorkerError::Panicked(panic)
    }

    async fn disconnect(&self) {
        tracing::info!("Disconnecting...");
        match self.session.registered().call(&calls::agent::disconnect()).await {
            Ok(()) => tracing::info!("Disconnected"),
            Err(error) => tracing::warn!(
                "There was an error sending the disconnect API call to Buildkite. If this agent still appears \
                 online, you may have to manually stop it ({error})"
            ),
        }
    }

    async fn work(&self) -> Result<(), WorkerError> {
        let acquired = match &self.settings.lifetime.acquire {
            Some(job) => Box::pin(self.acquire(job)).await?,
            None => None,
        };
        self.dispatch().await?;
        match acquired {
            Some(result) if self.settings.lifetime.reflect_exit_status => Err(WorkerError::JobFailed(result)),
            _ => Ok(()),
        }
    }

    /// Runs the job that this worker is there for; answers how it failed, if it did.
    async fn acquire(&self, id: &JobId) -> Result<Option<JobResult>, WorkerError> {
        tracing::info!("Attempting to acquire job {id}...");
        let mut stop = self.stopper.listener();
        let (client, call) = (self.session.registered(), calls::job::acquire(id));
        let answer = tokio::select! {
            answer = client.call(&call) => answer,
            () = stop.graceful() => return Ok(None),
        };
        match answer {
            Ok(job) => self.run_acquired(&job).await,
            Err(source) if source.has_status(422) => {
                tracing::error!("Buildkite rejected the call to acquire the job ({source})");
                Err(WorkerError::AcquisitionRejected { job: id.clone(), source })
            }
            Err(error) => {
                tracing::error!("Failed to acquire and run job: failed to acquire job: {error}");
                Ok(None)
            }
        }
    }

    async fn run_acquired(&self, job: &Job) -> Result<Option<JobResult>, WorkerError> {
        match self.run_job(job, LastJob::No).await {
            Ok(result) if result.0.exit_status == 0 => Ok(None),
            Ok(result) => {
                tracing::error!("Failed to acquire and run job: failed to run job: {}", described(&result));
                Ok(Some(result))
            }
            Err(error) => {
                tracing::error!("Failed to acquire and run job: {error}");
                error.panic().map_or(Ok(error.told()), |panic| Err(self.broken(panic.clone())))
            }
        }
    }

    /// Takes work until it is time to leave. A job that runs when something breaks still runs to its end.
    async fn dispatch(&self) -> Result<(), WorkerError> {
        let mut job = None;
        match survive(Box::pin(self.follow(&mut job))).await {
            Ok(result) => result,
            Err(panic) => {
                let error = self.broken(panic);
                if let Some(job) = job {
                    job.await;
                }
                Err(error)
            }
        }
    }

    /// Follows the state machine until it says to leave.
    async fn follow<'a>(&'a self, job: &mut Option<Activity<'a>>) -> Result<(), WorkerError> {
        tracing::info!("Waiting for instructions...");
        let mode = self.settings.ping_mode;
        let mut dispatch = Dispatch::new(self.once(), mode);
        let mut schedule = Schedule::new(self.session.ping_interval, Instant::now());
        let mut interrupts = Interrupts::new(self);
        let (sender, mut streamed) = tokio::sync::mpsc::channel(stream::WAITING_MESSAGES);
        let mut stream: Listening<'_> = match mode {
            PingMode::PollOnly => Box::pin(std::future::pending()),
            PingMode::Auto | PingMode::StreamOnly => Box::pin(self.stream(mode, &sender)),
        };
        let mut pings: Activity<'_> = Box::pin(std::future::ready(Event::Started));
        loop {
            let event = tokio::select! {
                event = done(&mut pings) => event,
                event = over(job) => event,
                Some(event) = streamed.recv() => event,
                () = &mut stream => unreachable!("it waits when it has nothing to do"),
                event = interrupts.next() => event,
            };
            self.count(&event);
            point(if job.is_some() { Place::Dispatch } else { Place::Connect }, &self.session.name);
            for effect in dispatch.on(event) {
                match effect {
                    Effect::Schedule(rhythm) => {
                        let jitter = random::part_of(self.session.ping_interval);
                        pings = Box::pin(self.ping_due(schedule.next(rhythm, Instant::now(), jitter)));
                    }
                    Effect::Ping => pings = Box::pin(self.ping()),
                    Effect::Run(id) => *job = Some(Box::pin(self.take(id))),
                    Effect::MarkIdle => self.idle.idle(self.place),
                    Effect::MarkBusy => self.idle.busy(self.place),
                    Effect::Say(note) => self.say(&note),
                    Effect::CloseStream => stream = Box::pin(std::future::pending()),
                    Effect::Leave(leaving) => return self.leave(leaving),
                }
            }
        }
    }

    /// Keeps the stream open; when there is none to be had, waits for the worker's end.
    async fn stream(&self, mode: PingMode, events: &tokio::sync::mpsc::Sender<Event>) {
        if let Some(end) = stream::keep_open(&self.session, &self.status, mode, events).await {
            *self.lost() = Some(WorkerError::Stream(end));
            let _ = events.send(Event::StreamLost).await;
        }
        std::future::pending().await
    }

    fn once(&self) -> Once {
        let lifetime = &self.settings.lifetime;
        match (&lifetime.acquire, lifetime.after_job) {
            (Some(_), _) => Once::Acquired,
            (None, true) => Once::AfterJob,
            (None, false) => Once::Never,
        }
    }

    fn leave(&self, leaving: Leaving) -> Result<(), WorkerError> {
        // From here on nothing of this worker may begin anything.
        self.stopper.ask(Urgency::Graceful);
        match (leaving, self.lost().take()) {
            // Pings that could not go on are told of even when the stream took over.
            (Leaving::NoSource | Leaving::Broken, Some(lost)) | (_, Some(lost @ WorkerError::Ping(_))) => {
                Err(lost)
            }
            _ => Ok(()),
        }
    }

    fn lost(&self) -> MutexGuard<'_, Option<WorkerError>> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ping_due(&self, due: Instant) -> Event {
        let started = Instant::now();
        tokio::time::sleep_until(due).await;
        self.board.metrics.ping_wait.time(started.elapsed());
        Event::PingDue
    }

    async fn ping(&self) -> Event {
        match ping::ping(&self.session, &self.board.metrics, &self.status).await {
            Ok(action) => Event::Pinged(action),
            Err(lost) => {
                *self.lost() = Some(WorkerError::Ping(lost));
                Event::PingLost
            }
        }
    }

    /// Accepts and runs a job that was offered.
    async fn take(&self, id: JobId) -> Event {
        tracing::info!("Assigned job {id}. Accepting...");
        let job = match self.session.client().call(&calls::job::accept(&id)).await {
            Ok(job) => job,
            Err(error) => {
                tracing::warn!("Buildkite rejected the call to accept the job ({error})");
                tracing::error!("failed to accept job: {error}");
                self.status.trouble(&format!("failed to accept job: {error}"));
                return Event::JobEnded(JobEnd::Failed);
            }
        };
        let last = if self.settings.lifetime.after_job { LastJob::Yes } else { LastJob::No };
        match self.run_job(&job, last).await {
            Ok(_) => Event::JobEnded(JobEnd::Ran),
            Err(error) => {
                tracing::error!("{error}");
                let Some(panic) = error.panic() else { return Event::JobEnded(JobEnd::Failed) };
                *self.lost() = Some(self.broken(panic.clone()));
                Event::JobEnded(JobEnd::Broken)
            }
        }
    }

    async fn run_job(&self, job: &Job, last_job: LastJob) -> Result<JobResult, job::JobError> {
        let metrics = &self.board.metrics;
        let labels = JobLabels::of(job);
        metrics.job_started(&labels);
        self.status.has_job(Some(shown(job)));
        let context = JobContext {
            metrics,
            statsd: self.statsd.as_ref(),
            span: &self.span,
            settings: &self.settings,
            client: &self.session.client(),
            job_status_interval: self.session.job_status_interval,
            stop: self.stopper.listener(),
            last_job,
        };
        let result = job::run(job, &context).await;
        self.status.has_job(None);
        metrics.job_ended(&labels);
        result.inspect_err(|error| self.status.trouble(&error.to_string()))
    }

    /// Counts an instruction by its name; a plain one has none. What it says of the connection is shown.
    fn count(&self, event: &Event) {
        if matches!(event, Event::Streamed(_)) {
            self.status.link(Link::Streaming);
        }
        let (Event::Pinged(action) | Event::Streamed(action)) = event else { return };
        self.status.paused(action.verb == Verb::Pause);
        self.board.metrics.action(match action.verb {
            Verb::CarryOn => "",
            Verb::Pause => "pause",
            Verb::Disconnect => "disconnect",
        });
    }

    fn say(&self, note: &Note) {
        let lifetime = &self.settings.lifetime;
        let uptime = Spoken(lifetime.after_uptime.unwrap_or_default());
        match note {
            Note::StreamEstablished => tracing::info!("Ping stream connection established"),
            Note::Resumed => tracing::info!("Agent has resumed after being paused"),
            Note::Unwanted(job) if lifetime.acquire.is_some() => tracing::error!(
                "Agent ping dispatched a job (id \"{job}\") but agent is in acquire-job mode! Ignoring the new job"
            ),
            Note::Unwanted(job) => tracing::error!(
                "Agent ping dispatched a job (id \"{job}\") but agent is in disconnect-after-job mode (and already \
                 ran a job)! Ignoring the new job"
            ),
            Note::JobDone => tracing::info!("Job ran, and disconnect-after-job is enabled. Disconnecting..."),
            Note::UptimeOver => {
                tracing::info!("Agent has exceeded max uptime of {uptime}. Disconnecting...");
            }
            Note::UptimeOverWhilePaused => {
                tracing::info!(
                    "Agent has exceeded max uptime of {uptime}. Awaiting resume before disconnecting..."
                );
            }
            Note::PoolIdle => tracing::info!(
                "All agents have been idle for at least {}. Disconnecting...",
                Spoken(lifetime.after_idle.unwrap_or_default())
            ),
            Note::StoppingAfterJob => tracing::info!(
                "Gracefully stopping agent. Waiting for current job to finish before disconnecting..."
            ),
            Note::Stopping => tracing::info!(
                "Gracefully stopping agent. Since there is no job running, the agent will disconnect immediately"
            ),
            Note::ForcedWithJob => tracing::info!(
                "Forcefully stopping agent. The current job will be canceled before disconnecting..."
            ),
            Note::Forced => tracing::info!(
                "Forcefully stopping agent. Since there is no job running, the agent will disconnect immediately"
            ),
        }
    }
}

/// An activity that is not going on.
fn never() -> Activity<'static> {
    Box::pin(std::future::pending())
}

/// The event of an activity, which is over then.
async fn done(activity: &mut Activity<'_>) -> Event {
    let event = activity.as_mut().await;
    *activity = never();
    event
}

/// The event of the job, if there is one; there is none any more then.
async fn over(job: &mut Option<Activity<'_>>) -> Event {
    match job {
        Some(activity) => {
            let event = activity.as_mut().await;
            *job = None;
            event
        }
        None => std::future::pending().await,
    }
}
