//! `pipeline upload` (control-plane.md §4).

use redkite_scheduler::build::{Event as BuildEvent, UploadMode};
use redkite_scheduler::definition::Pipeline;
use redkite_scheduler::{BuildId, JobId};
use serde_json::Value;

use super::placement::placed;
use super::{Change, Context, Failure, Wrong};
use crate::plane::Event;
use crate::store::{UploadRow, UploadsTable};

/// Steps that a running job brings.
pub(crate) struct UploadPipeline {
    /// The job.
    pub job: JobId,
    /// Its build.
    pub build: BuildId,
    /// The upload's own id: a repeated call is answered as the first one was.
    pub uuid: String,
    /// The document, as the agent has interpolated it.
    pub document: Value,
    /// Whether steps that have not started go away.
    pub mode: UploadMode,
}

/// What became of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UploadOutcome {
    /// Its steps are in the build.
    Applied,
    /// They are not, for this reason.
    Rejected(String),
}

impl Change for UploadPipeline {
    type Reply = UploadOutcome;

    async fn apply(&self, cx: &mut Context<'_>) -> Result<UploadOutcome, Failure> {
        let job = self.job.to_string();
        if let Some(known) = UploadsTable::find(cx.db().await?, &job, &self.uuid).await? {
            return Ok(outcome(known));
        }
        let outcome = self.add_steps(cx).await?;
        let row = match &outcome {
            UploadOutcome::Applied => UploadRow { state: "applied".into(), message: String::new() },
            UploadOutcome::Rejected(reason) => {
                UploadRow { state: "rejected".into(), message: reason.clone() }
            }
        };
        let now = cx.now;
        UploadsTable::insert(cx.db().await?, (&job, &self.uuid), &row, now).await?;
        Ok(outcome)
    }
}

impl UploadPipeline {
    async fn add_steps(&self, cx: &mut Context<'_>) -> Result<UploadOutcome, Failure> {
        let document = placed(self.document.clone(), cx.settings.placement);
        let pipeline = match Pipeline::read(&document) {
            Ok(pipeline) => pipeline,
            Err(error) => return Ok(UploadOutcome::Rejected(error.to_string())),
        };
        match cx.apply(self.build, BuildEvent::Uploaded { job: self.job, pipeline, mode: self.mode }).await {
            Ok(()) => {
                cx.announce(Event::StepsAdded { build: self.build, job: self.job });
                Ok(UploadOutcome::Applied)
            }
            Err(Failure::Refused(refusal)) if refusal.kind == Wrong::Unprocessable => {
                Ok(UploadOutcome::Rejected(refusal.message))
            }
            Err(other) => Err(other),
        }
    }
}

/// What became of an upload that was made before.
pub(crate) struct ReadUpload {
    /// The job.
    pub job: JobId,
    /// The upload.
    pub uuid: String,
}

impl Change for ReadUpload {
    type Reply = UploadOutcome;

    async fn apply(&self, cx: &mut Context<'_>) -> Result<UploadOutcome, Failure> {
        let found = UploadsTable::find(cx.db().await?, &self.job.to_string(), &self.uuid).await?;
        found.map(outcome).ok_or_else(|| Wrong::NotFound.because("No pipeline upload found").into())
    }
}

fn outcome(row: UploadRow) -> UploadOutcome {
    if row.state == "applied" { UploadOutcome::Applied } else { UploadOutcome::Rejected(row.message) }
}
