//! Artifacts are declared, arrive, and are reported (control-plane.md §15.2).

use redkite_api::wire::{Artifact, ArtifactBatch, ArtifactState, ArtifactUpdate};
use redkite_scheduler::{BuildId, JobId};
use uuid::Uuid;

use super::{Change, Context, Failure, Wrong};
use crate::plane::Event;
use crate::store::{ArtifactRow, ArtifactsTable};

/// Artifacts in one call, at most.
const MAX_BATCH: usize = 30;

/// `POST jobs/{job}/artifacts`.
pub(crate) struct DeclareArtifacts {
    /// The build.
    pub build: BuildId,
    /// The job.
    pub job: JobId,
    /// What the agent is about to upload.
    pub batch: ArtifactBatch,
}

/// A declared batch: the same for a repeated call.
#[derive(Debug, Clone)]
pub(crate) struct BatchCreated {
    /// The batch.
    pub id: String,
    /// Its artifacts, in the order of the request.
    pub artifacts: Vec<String>,
}

impl Change for DeclareArtifacts {
    type Reply = BatchCreated;

    async fn apply(&self, cx: &mut Context<'_>) -> Result<BatchCreated, Failure> {
        if self.batch.artifacts.len() > MAX_BATCH {
            return Err(Wrong::Unprocessable
                .because(format_args!("More than {MAX_BATCH} artifacts in one call"))
                .into());
        }
        let (batch, job, now) = (self.batch.id.to_string(), self.job.to_string(), cx.now.as_millis());
        if ArtifactsTable::insert_batch(cx.db().await?, &batch, &job, now).await? {
            for (position, artifact) in (0..).zip(&self.batch.artifacts) {
                ArtifactsTable::insert(cx.db().await?, &self.row(artifact, position, now)).await?;
            }
        }
        let rows = ArtifactsTable::of_batch(cx.db().await?, &batch).await?;
        Ok(BatchCreated { id: batch, artifacts: rows.into_iter().map(|row| row.id).collect() })
    }
}

impl DeclareArtifacts {
    fn row(&self, artifact: &Artifact, position: i64, now: i64) -> ArtifactRow {
        ArtifactRow {
            id: Uuid::now_v7().to_string(),
            batch: self.batch.id.to_string(),
            position,
            build: self.build.to_string(),
            job: self.job.to_string(),
            state: "new".to_owned(),
            stored: false,
            path: artifact.path.clone(),
            absolute_path: artifact.absolute_path.clone(),
            glob_path: artifact.glob_path.clone(),
            file_size: artifact.file_size,
            sha1sum: artifact.sha1sum.clone(),
            sha256sum: artifact.sha256sum.clone(),
            content_type: artifact.content_type.clone(),
            upload_destination: self.batch.upload_destination.clone(),
            url: artifact.url.clone(),
            created_at: now,
        }
    }
}

/// The bytes of an artifact are in their place and on the disk.
pub(crate) struct ArtifactArrived(pub String);

impl Change for ArtifactArrived {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        Ok(ArtifactsTable::mark_stored(cx.db().await?, &self.0).await?)
    }
}

/// `PUT jobs/{job}/artifacts`.
pub(crate) struct ReportArtifacts {
    /// The build.
    pub build: BuildId,
    /// The job.
    pub job: JobId,
    /// How each upload ended.
    pub artifacts: Vec<ArtifactUpdate>,
}

impl Change for ReportArtifacts {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        let mut ends = Vec::new();
        for update in &self.artifacts {
            ends.push(self.end(update, cx).await?);
        }
        for (id, state) in ends {
            ArtifactsTable::set_state(cx.db().await?, &id, state).await?;
        }
        cx.announce(Event::Artifact { build: self.build, job: self.job });
        Ok(())
    }
}

impl ReportArtifacts {
    /// An artifact whose bytes never came here is an error, whatever the agent says.
    async fn end(
        &self,
        update: &ArtifactUpdate,
        cx: &mut Context<'_>,
    ) -> Result<(String, &'static str), Failure> {
        let id = update.id.as_str();
        let row =
            ArtifactsTable::find(cx.db().await?, id).await?.filter(|row| row.job == self.job.to_string());
        let row =
            row.ok_or_else(|| Wrong::NotFound.because(format_args!("This job has no artifact {id}")))?;
        let is_there = row.stored || !row.upload_destination.is_empty();
        let state = if update.state == ArtifactState::Finished && is_there { "finished" } else { "error" };
        Ok((row.id, state))
    }
}
