//! The plane from inside its own process: what `redkite run` and the admin endpoint call.

use std::collections::BTreeMap;

use redkite_scheduler::facts::Person;
use redkite_scheduler::{BuildId, JobId};
use tokio::sync::broadcast;

use super::log::{self, Gaps, LogPart};
use super::{AnnotationView, ArtifactView, BuildSummary, BuildView, Event, NewBuild, PlaneError};
use crate::agent_api::Api;
use crate::engine::{
    CancelBuild, CancelJob, Change, CreateBuild, Failure, IssueToken, ListTokens, ReadBuild, RetryJob,
    RevokeToken, Unblock, Wrong, head, summary,
};
use crate::failure_text::describe;
use crate::secret::Secret;
use crate::store::{AgentToken, AnnotationsTable, ArtifactsTable, BuildsTable, StoreError};

/// A cheap, cloneable way to a running plane. Every change is committed when its call returns.
#[derive(Clone)]
pub struct Handle {
    api: Api,
    events: broadcast::Sender<Event>,
}

/// A new agent token: shown once.
#[derive(Debug, Clone)]
pub struct IssuedToken {
    /// What the store keeps.
    pub token: AgentToken,
    /// The token itself.
    pub secret: Secret,
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").field("endpoint", &self.endpoint()).finish_non_exhaustive()
    }
}

impl Handle {
    pub(super) fn new(api: Api, events: broadcast::Sender<Event>) -> Self {
        Self { api, events }
    }

    /// The address for agents: `http://…/v3`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("{}/v3", self.api.settings.origin)
    }

    /// Watches what happens from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Makes a build and starts it.
    pub async fn create_build(&self, new: NewBuild) -> Result<BuildView, PlaneError> {
        let build = self.perform(CreateBuild(new)).await?;
        self.build(build).await
    }

    /// A build as it is now.
    pub async fn build(&self, build: BuildId) -> Result<BuildView, PlaneError> {
        self.perform(ReadBuild(build)).await
    }

    /// The build of a pipeline with this number.
    pub async fn find_build(&self, slug: &str, number: u64) -> Result<BuildId, PlaneError> {
        let found = i64::try_from(number).unwrap_or(0);
        let found = BuildsTable::by_number(self.api.database.readers(), slug, found).await?;
        let none = || PlaneError::NotFound { what: format!("No build {slug}/{number} found") };
        found.and_then(|id| id.parse().ok()).ok_or_else(none)
    }

    /// The newest builds first.
    pub async fn builds(&self, limit: u32) -> Result<Vec<BuildSummary>, PlaneError> {
        let bodies = BuildsTable::newest(self.api.database.readers(), limit).await?;
        bodies.iter().map(|body| Ok(summary(&head(body)?))).collect()
    }

    /// Submits a block or input step, with its answers by key; several choices one a line.
    pub async fn unblock(
        &self,
        job: JobId,
        fields: BTreeMap<String, String>,
        by: Option<Person>,
    ) -> Result<(), PlaneError> {
        self.perform(Unblock { job, fields, by }).await
    }

    /// Asks a build to stop.
    pub async fn cancel_build(&self, build: BuildId, reason: Option<String>) -> Result<(), PlaneError> {
        self.perform(CancelBuild { build, reason }).await
    }

    /// Asks a job to stop.
    pub async fn cancel_job(&self, job: JobId) -> Result<(), PlaneError> {
        self.perform(CancelJob(job)).await
    }

    /// Runs a job that ended badly once more; answers the new job.
    pub async fn retry_job(&self, job: JobId) -> Result<JobId, PlaneError> {
        self.perform(RetryJob(job)).await
    }

    /// About a megabyte of a job's log from a byte on, as far as it has no gaps. To read a log, go on from
    /// `next` until nothing comes; to follow one, go on at every [`Event::Log`] of the job.
    pub async fn log(&self, job: JobId, from: u64) -> Result<LogPart, PlaneError> {
        log::read(&self.api.database, &self.api.logs, (job, from), Gaps::Wait).await
    }

    /// The same for a job that has ended: a line stands for bytes that never came.
    pub async fn ended_log(&self, job: JobId, from: u64) -> Result<LogPart, PlaneError> {
        log::read(&self.api.database, &self.api.logs, (job, from), Gaps::Mark).await
    }

    /// The file that holds a job's log: gzip, its chunks in the order of their arrival.
    #[must_use]
    pub fn log_file(&self, build: BuildId, job: JobId) -> std::path::PathBuf {
        self.api.logs.path(&build.to_string(), &job.to_string())
    }

    /// A build's artifacts.
    pub async fn artifacts(&self, build: BuildId) -> Result<Vec<ArtifactView>, PlaneError> {
        let rows = ArtifactsTable::of_build(self.api.database.readers(), &build.to_string()).await?;
        let view = |row: crate::store::ArtifactRow| ArtifactView {
            file: row.stored.then(|| self.api.artifacts.path(&row.build, &row.id)),
            size: u64::try_from(row.file_size).unwrap_or(0),
            id: row.id,
            job: row.job,
            path: row.path,
            state: row.state,
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// A build's annotations, in the order in which they are shown.
    pub async fn annotations(&self, build: BuildId) -> Result<Vec<AnnotationView>, PlaneError> {
        let rows = AnnotationsTable::of_build(self.api.database.readers(), &build.to_string()).await?;
        let view = |row: crate::store::AnnotationRow| AnnotationView {
            context: row.context,
            scope: row.scope,
            job: row.job,
            style: row.style,
            body: row.body,
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// Makes an agent token.
    pub async fn issue_token(&self, description: &str) -> Result<IssuedToken, PlaneError> {
        let secret = Secret::random("bkct_");
        let change = IssueToken { hash: secret.hash(), description: description.to_owned() };
        Ok(IssuedToken { token: self.perform(change).await?, secret })
    }

    /// All agent tokens, the oldest first.
    pub async fn tokens(&self) -> Result<Vec<AgentToken>, PlaneError> {
        self.perform(ListTokens).await
    }

    /// Ends an agent token; connected agents stay.
    pub async fn revoke_token(&self, id: &str) -> Result<(), PlaneError> {
        self.perform(RevokeToken(id.to_owned())).await
    }

    async fn perform<C: Change>(&self, change: C) -> Result<C::Reply, PlaneError> {
        self.api.engine.perform(change).await.map_err(PlaneError::from)
    }
}

impl From<StoreError> for PlaneError {
    fn from(error: StoreError) -> Self {
        Self::Fault(describe(&error))
    }
}

impl From<Failure> for PlaneError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Stopped => Self::Stopped,
            Failure::Refused(refusal) => match refusal.kind {
                Wrong::NotFound => Self::NotFound { what: refusal.message },
                Wrong::Malformed => Self::Invalid(refusal.message),
                _ => Self::Refused(refusal.message),
            },
            other => Self::Fault(describe(&other)),
        }
    }
}
