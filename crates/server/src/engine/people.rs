//! What people ask of builds: unblock, cancel, retry (control-plane.md §3.5, §5.5, §3.16).

use std::collections::BTreeMap;

use indexmap::IndexMap;
use redkite_scheduler::build::{Answer, Event as BuildEvent};
use redkite_scheduler::definition::{Field, FieldKind, Kind};
use redkite_scheduler::facts::Person;
use redkite_scheduler::{Build, BuildId, JobId};

use super::{Change, Context, Failure};

/// Submits a block or input step.
pub(crate) struct Unblock {
    /// Its job.
    pub job: JobId,
    /// Answers by key; several choices one a line.
    pub fields: BTreeMap<String, String>,
    /// Who.
    pub by: Option<Person>,
}

impl Change for Unblock {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        let build = cx.require_build_of(self.job).await?;
        let choices =
            cx.world.build(build).map(|build| multiple_choices(build, self.job)).unwrap_or_default();
        let answer = |(key, value): (&String, &String)| {
            let is_list = choices.contains(key);
            (key.clone(), if is_list { lines(value) } else { Answer::One(value.clone()) })
        };
        let fields: IndexMap<_, _> = self.fields.iter().map(answer).collect();
        cx.apply(build, BuildEvent::Unblocked { job: self.job, by: self.by.clone(), fields }).await
    }
}

/// Keys of the fields of which several options can be chosen.
fn multiple_choices(build: &Build, job: JobId) -> Vec<String> {
    let step = build.job(job).and_then(|job| build.step(job.step));
    let Some(Kind::Manual(manual)) = step.map(|step| &step.definition.kind) else { return Vec::new() };
    let is_multiple = |field: &&Field| matches!(field.kind, FieldKind::Select { multiple: true, .. });
    manual.fields.iter().filter(is_multiple).map(|field| field.key.clone()).collect()
}

/// Several choices come one a line, as their meta-data is written.
fn lines(value: &str) -> Answer {
    Answer::Many(value.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// Cancels a build.
pub(crate) struct CancelBuild {
    /// The build.
    pub build: BuildId,
    /// Why.
    pub reason: Option<String>,
}

impl Change for CancelBuild {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        cx.apply(self.build, BuildEvent::CancelAsked { reason: self.reason.clone(), by: None }).await
    }
}

/// Cancels one job.
pub(crate) struct CancelJob(pub JobId);

impl Change for CancelJob {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        let build = cx.require_build_of(self.0).await?;
        cx.apply(build, BuildEvent::JobCancelAsked { job: self.0 }).await
    }
}

/// Runs a job once more.
pub(crate) struct RetryJob(pub JobId);

impl Change for RetryJob {
    type Reply = JobId;

    async fn apply(&self, cx: &mut Context<'_>) -> Result<JobId, Failure> {
        let build = cx.require_build_of(self.0).await?;
        cx.apply(build, BuildEvent::RetryAsked { job: self.0 }).await?;
        let job = cx.world.build(build).and_then(|build| build.job(self.0));
        let retry = job.and_then(|job| job.attempt.retried_in).map(|(job, _)| job);
        Ok(retry.expect("a retry that was not refused has made a job"))
    }
}

impl Context<'_> {
    /// Cancels the build of a job; a build that has ended meanwhile stays as it is.
    pub(super) async fn cancel_build_of(&mut self, job: JobId, reason: &str) -> Result<(), Failure> {
        let build = self.require_build_of(job).await?;
        let event = BuildEvent::CancelAsked { reason: Some(reason.to_owned()), by: None };
        self.apply_if_it_fits(build, event).await
    }
}
