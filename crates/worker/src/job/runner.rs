//! The way of one job from its acceptance to its finish.

use super::allowed;
use super::bootstrap::{Bootstrap, RawTerminal};
use super::containers::{self, BadCount, Containers};
use super::environment::{self, Access, Sources, Variables};
use super::files::{ConfigNames, FileError, FilesOfJob};
use super::finish::{Stop, Verdict, ZeroOnCancel, verdict};
use super::gate::Gate;
use super::running::{Ended, Running};
use super::step::{BadStep, StepParts};
use super::unprepared;
use super::work::Work;
use crate::log::{Copies, CopyError, JobFields, JobLog, LogLimits, Uploaded};
use crate::settings::{ContainerSettings, Settings};
use crate::statsd::Statsd;
use crate::status::Metrics;
use crate::stop::StopListener;
use crate::survive::{Panic, Place, point, survive};
use jiff::Timestamp;
use redkite_api::client::Client;
use redkite_api::wire::{Job, SignalReason, Start};
use redkite_api::{ApiError, calls};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tracing::Span;

/// What a worker lends to the jobs it runs.
pub(crate) struct JobContext<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) metrics: &'a Metrics,
    pub(crate) statsd: Option<&'a Statsd>,
    /// Within which the agent's log is written.
    pub(crate) span: &'a Span,
    /// As the worker.
    pub(crate) client: &'a Client,
    pub(crate) job_status_interval: Duration,
    pub(crate) stop: StopListener,
    /// Whether the server may give this worker another job.
    pub(crate) last_job: LastJob,
}

/// Whether a worker wants more jobs after this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LastJob {
    /// It does.
    No,
    /// It doesn't, and says so when it finishes the job.
    Yes,
}

/// Why a job was not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JobError {
    #[error("failed to initialize job: {0}")]
    Step(#[from] BadStep),
    #[error("failed to initialize job: {0}")]
    Files(#[from] FileError),
    #[error("failed to initialize job: {0}")]
    Copy(#[from] CopyError),
    #[error("failed to initialize job: {0}")]
    Containers(#[from] BadCount),
    #[error("failed to run job: {0}")]
    Start(#[source] ApiError),
    #[error("failed to run job: maximum chunk size must be more than 0 or logs cannot be sent")]
    ChunkSize,
    /// Our fault; the server doesn't know yet.
    #[error("failed to run job: {0}")]
    Broken(#[source] Panic),
    /// Our fault; its process was ended and the server told.
    #[error("job ended with -1: {0}")]
    Ended(#[source] Panic),
}

/// How a job that was run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JobResult(pub(crate) Verdict);

/// A job whose files lie ready.
pub(super) struct Prepared<'a> {
    pub(super) context: &'a JobContext<'a>,
    pub(super) job: &'a Job,
    pub(super) client: Client,
    step: StepParts,
    received: Variables,
    pub(super) files: FilesOfJob,
    /// How many containers do the work, if containers do.
    containers: Option<(ContainerSettings, u32)>,
}

/// Runs an accepted job to its end. One that can't even begin, or whose runner breaks, is ended all the same: a
/// job that was accepted must not be waited for for ever.
pub(crate) async fn run(job: &Job, context: &JobContext<'_>) -> Result<JobResult, JobError> {
    // On the heap: a worker without a job must not hold the room of one.
    let result = match survive(Box::pin(start_and_run(job, context))).await {
        Ok(result) => result,
        Err(panic) => Err(JobError::Broken(panic)),
    };
    if let Err(error) = &result
        && error.leaves_job_open()
    {
        Box::pin(unprepared::end(job, context, error)).await;
    }
    result
}

async fn start_and_run(job: &Job, context: &JobContext<'_>) -> Result<JobResult, JobError> {
    let prepared = Prepared::new(job, context)?;
    // Made before the server is told of the start: what fails here is told by somebody else.
    let copies = prepared.copies()?;
    let url = job_url(job);
    tracing::info!("Starting job at {url}");
    let start = Start { started_at: Timestamp::now() };
    prepared.client.call(&calls::job::start(&job.id, &start)).await.map_err(|error| {
        tracing::warn!("Buildkite rejected the call to start the job ({error})");
        JobError::Start(error)
    })?;
    if let Some(statsd) = context.statsd {
        statsd.started(job, start.started_at);
    }
    let limits = LogLimits::of(job).ok_or(JobError::ChunkSize)?;
    let result = prepared.run_started(limits, copies, start.started_at).await?;
    tracing::info!("Finished job at {url}");
    Ok(result)
}

impl JobError {
    /// Whether the server still waits for the job: it doesn't know of the start it refused, and without a size for
    /// chunks the reference is as silent (spec/agent.md §14.2).
    fn leaves_job_open(&self) -> bool {
        match self {
            Self::Step(_) | Self::Files(_) | Self::Copy(_) | Self::Containers(_) | Self::Broken(_) => true,
            Self::Start(_) | Self::ChunkSize | Self::Ended(_) => false,
        }
    }

    /// How the job ended for the server, if it was told.
    pub(crate) fn told(&self) -> Option<JobResult> {
        self.leaves_job_open().then(|| JobResult(Verdict::none(SignalReason::ProcessRunError)))
    }

    /// What in this program broke, if that is why.
    pub(crate) fn panic(&self) -> Option<&Panic> {
        match self {
            Self::Broken(panic) | Self::Ended(panic) => Some(panic),
            _ => None,
        }
    }
}

fn job_url(job: &Job) -> String {
    format!("{}#{}", job.env.get("BUILDKITE_BUILD_URL").map_or("", String::as_str), job.id)
}

impl<'a> Prepared<'a> {
    fn new(job: &'a Job, context: &'a JobContext<'a>) -> Result<Self, JobError> {
        point(Place::Prepare, job.id.as_str());
        let settings = context.settings;
        let step = StepParts::read(job.step.as_ref())?;
        let containers = match settings.job.containers {
            Some(containers) => Some((containers, containers::count(&settings.environment)?)),
            None => None,
        };
        let permissions = &settings.job.permissions;
        let mut received = environment::received(job, |url| allowed::is_repository_allowed(url, permissions));
        if containers.is_some() {
            environment::without_kubernetes_plugin(&mut received);
        }
        let names = match settings.experiment("propagate-agent-config-vars") {
            true => ConfigNames::First,
            false => ConfigNames::Absent,
        };
        let files = FilesOfJob::lay(&settings.job.context_dir, &job.id, &received, names)?;
        let client = client_of(job, context.client);
        Ok(Self { context, job, client, step, received, files, containers })
    }

    async fn run_started(
        self,
        limits: LogLimits,
        copies: Copies,
        started_at: Timestamp,
    ) -> Result<JobResult, JobError> {
        let timestamps = self.context.settings.job.log.timestamps;
        let log = Arc::new(JobLog::new(timestamps, copies, limits.max_chunk, limits.max_log));
        let work = self.work(log.tmpfile().as_deref());
        let running = Running::new(&self, log, limits.interval, work.cancel(), started_at);
        match survive(Box::pin(running.see_to_its_end(work))).await {
            Ok((end, stop, uploaded)) => {
                drop(running);
                Ok(self.finish(&end, stop, uploaded).await)
            }
            Err(panic) => {
                let (end, uploaded) = running.rescue(&panic).await;
                drop(running);
                self.finish(&end, None, uploaded).await;
                Err(JobError::Ended(panic))
            }
        }
    }

    fn copies(&self) -> Result<Copies, CopyError> {
        let settings = &self.context.settings.job.log;
        let fields = JobFields::of(self.job);
        Copies::new(settings.stdout, fields, settings.tmpfile.as_deref())
    }

    fn work(&self, log_tmpfile: Option<&Path>) -> Work {
        let settings = self.context.settings;
        let variables = environment::job_variables(
            &self.received,
            &Sources {
                settings: &settings.job,
                experiments: &settings.experiments,
                job: self.job,
                step: &self.step,
                files: self.files.paths(),
                access: self.access(),
                log_tmpfile,
            },
        );
        let inherited = &settings.environment;
        if let Some((containers, count)) = self.containers {
            let stop = self.context.stop.clone();
            let environment = (inherited.as_slice(), &variables);
            let containers = Containers::new(&settings.job, containers, count, environment, stop);
            return Work::Containers(Box::new(containers));
        }
        let raw = if settings.experiment("pty-raw") { RawTerminal::Yes } else { RawTerminal::No };
        Work::Process(Box::new(Bootstrap::new(&settings.job, inherited, &variables, raw)))
    }

    pub(super) fn gate<'g>(&'g self, log: &'g JobLog) -> Gate<'g> {
        Gate {
            settings: self.context.settings,
            job: self.job,
            received: &self.received,
            files: self.files.paths(),
            access: self.access(),
            cache_paths: &self.step.cache_paths,
            log,
            span: self.context.span,
        }
    }

    fn access(&self) -> Access<'_> {
        let settings = self.client.settings();
        Access {
            endpoint: &settings.endpoint,
            token: &settings.token,
            headers: &settings.headers,
            http2: settings.http2,
            log: settings.log,
        }
    }

    /// Tells the server; once it knows, the next job may come, so nothing of this one may be left.
    async fn finish(self, end: &Ended, stop: Option<Stop>, uploaded: Uploaded) -> JobResult {
        let Self { context, job, client, files, .. } = self;
        drop(files);
        point(Place::Finish, job.id.as_str());
        if uploaded.failed > 0 {
            tracing::warn!("{} chunks failed to upload for this job", uploaded.failed);
        }
        let zero = match context.settings.experiment("override-zero-exit-on-cancel") {
            true => ZeroOnCancel::Overridden,
            false => ZeroOnCancel::Kept,
        };
        let verdict = verdict(end.outcome, stop, zero);
        if let Some(statsd) = context.statsd {
            statsd.ended(job, end.took, verdict.exit_status);
        }
        verdict.tell(&client, job, end.at, uploaded, context.last_job).await;
        JobResult(verdict)
    }
}

/// A client with the job's own token, if it has one.
pub(super) fn client_of(job: &Job, worker: &Client) -> Client {
    let mut settings = worker.settings().clone();
    if !job.token.is_empty() {
        settings.token = job.token.clone();
    }
    worker.with(settings)
}
