//! Uploading: batch after batch, each created, sent and reported (docs/spec/artifacts.md §5).

mod report;
mod workers;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use redkite_api::blocking::Client;
use redkite_api::calls::artifact::{BATCH, create};
use redkite_api::wire::{Artifact, ArtifactBatch, ArtifactBatchCreated};
use redkite_api::{ApiError, ArtifactId, JobId};
use uuid::Uuid;

use crate::collect::{CollectError, Found, Selection, collect, processors};
use crate::sizes::iec;
use crate::store::{self, Store, StoreError, Unit, Variables};
use crate::transfer::Transfer;

/// What to upload, for whom, where to, and how.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The job that owns the artifacts.
    pub job: JobId,
    /// What.
    pub selection: Selection,
    /// Where to; empty for the server's own storage.
    pub destination: String,
    /// The most transfers at once; 0 for as many as there are processors.
    pub concurrency: usize,
    /// Whether the server's own storage may take files in parts.
    pub parts: Parts,
}

/// Whether files may be uploaded in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parts {
    /// If the server wants it.
    Allowed,
    /// Never.
    Forbidden,
}

/// Why not everything was uploaded.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The files could not be collected.
    #[error("collecting artifacts: {0}")]
    Collect(#[from] CollectError),
    /// There is no such store, or it can't be used.
    #[error("creating uploader: {0}")]
    Store(StoreError),
    /// The artifacts could not be created.
    #[error(transparent)]
    Create(#[from] ApiError),
    /// The server named another number of artifacts than it was asked to create.
    #[error("creating artifacts: {asked} were asked for, {named} were named")]
    Mismatch {
        /// How many were asked for.
        asked: usize,
        /// How many the server named.
        named: usize,
    },
    /// An artifact can't be sent at all.
    #[error("couldn't create upload workers for artifact {path:?}: {source}")]
    Work {
        /// The artifact.
        path: String,
        /// Why.
        source: StoreError,
    },
    /// It was told to stop.
    #[error("uploading artifacts: stopped")]
    Halted,
    /// Contents or reports did not arrive.
    #[error("uploading artifacts: errors uploading artifacts: {}", .0.join("\n"))]
    Transfers(Vec<String>),
}

/// An artifact that was created and waits for its content.
pub(crate) struct Pending<'a> {
    pub(crate) id: ArtifactId,
    pub(crate) found: &'a Found,
    pub(crate) units: Vec<Unit>,
}

/// How long the parts of an upload took, and how much there was of them.
#[derive(Debug, Default)]
pub struct Figures {
    /// Finding and hashing files.
    pub collect: Duration,
    /// Making them known to the server.
    pub create: Duration,
    /// Sending contents.
    pub upload: Duration,
    /// Telling the server what arrived.
    pub state_update: Duration,
    /// Files.
    pub artifacts: usize,
    /// Their size.
    pub bytes: u64,
    /// Files and parts of files.
    pub work_units: usize,
    /// How many were sent at once at most.
    pub max_workers: usize,
    /// Reports to the server.
    pub state_updates: usize,
    /// Requests that made files known.
    pub batches: usize,
}

/// What all batches need.
struct Uploader<'a> {
    client: &'a Client,
    upload: &'a Upload,
    store: Box<dyn Store>,
    transfer: Transfer,
}

/// Uploads everything that the selection names, until the client is to stop, and says how that went. Nothing
/// selected is no error.
///
/// # Errors
/// See [`UploadError`]. What was uploaded before stays, and is reported as finished.
pub fn upload(
    client: &Client,
    upload: &Upload,
    variables: Variables<'_>,
) -> Result<Option<Figures>, UploadError> {
    let mut figures = Figures::default();
    let started = Instant::now();
    let found = collect(&upload.selection, client.halt())?;
    figures.collect = started.elapsed();
    let list = upload.selection.list.as_os_str();
    if found.is_empty() {
        tracing::info!("No files matched paths: {}", list.display());
        return Ok(None);
    }
    figures.artifacts = found.len();
    figures.bytes = found.iter().map(|found| found.size).sum();
    tracing::info!("Found {} files that match {:?}", found.len(), redkite_text::shown(list));
    let store = store::open(&upload.destination, variables).map_err(UploadError::Store)?;
    let transfer = Transfer::new(client.settings().user_agent.clone()).until(client.halt().clone());
    let uploader = Uploader { client, upload, store, transfer };
    for (index, batch) in found.chunks(BATCH).enumerate() {
        let from = index * BATCH;
        tracing::info!("Creating ({from}-{})/{} artifacts", from + batch.len(), found.len());
        uploader.batch(batch, &mut figures)?;
    }
    figures.log();
    Ok(Some(figures))
}

impl Uploader<'_> {
    fn batch(&self, batch: &[Found], figures: &mut Figures) -> Result<(), UploadError> {
        let started = Instant::now();
        let created = self.client.call(&create(&self.upload.job, &self.request(batch)))?;
        figures.create += started.elapsed();
        figures.batches += 1;
        let pending = self.pending(batch, created)?;
        let started = Instant::now();
        let errors = workers::send(self, &pending, figures);
        figures.upload += started.elapsed();
        if self.client.halt().is_given() {
            return Err(UploadError::Halted);
        }
        if !errors.is_empty() {
            return Err(UploadError::Transfers(errors));
        }
        tracing::info!("Artifact uploads completed successfully");
        Ok(())
    }

    fn request(&self, batch: &[Found]) -> ArtifactBatch {
        let artifact = |found: &Found| Artifact {
            path: found.path.clone(),
            absolute_path: redkite_text::shown(found.absolute.as_os_str()).into_owned(),
            file_size: i64::try_from(found.size).unwrap_or(i64::MAX),
            sha1sum: found.sha1.clone(),
            sha256sum: found.sha256.clone(),
            url: self.store.url(found).unwrap_or_default(),
            content_type: found.content_type.clone(),
            ..Artifact::default()
        };
        ArtifactBatch {
            id: Uuid::new_v4(),
            artifacts: batch.iter().map(artifact).collect(),
            upload_destination: self.upload.destination.clone(),
            multipart_supported: self.upload.parts == Parts::Allowed,
        }
    }

    fn pending<'f>(
        &self,
        batch: &'f [Found],
        mut created: ArtifactBatchCreated,
    ) -> Result<Vec<Pending<'f>>, UploadError> {
        let ids = std::mem::take(&mut created.artifact_ids);
        if ids.len() != batch.len() {
            return Err(UploadError::Mismatch { asked: batch.len(), named: ids.len() });
        }
        let pending = ids.into_iter().zip(batch).map(|(id, found)| {
            let own = created.per_artifact_instructions.get(&id);
            let instructions = own.or(created.upload_instructions.as_ref());
            let units = self.store.units(found, instructions);
            let units = units.map_err(|source| UploadError::Work { path: found.path.clone(), source })?;
            Ok(Pending { id, found, units })
        });
        pending.collect()
    }

    fn concurrency(&self) -> usize {
        if self.upload.concurrency == 0 { processors() } else { self.upload.concurrency }
    }
}

impl Figures {
    fn log(&self) {
        let bytes = iec(self.bytes);
        let Self { collect, create, upload, state_update, artifacts: count, .. } = self;
        let Self { batches, work_units, max_workers, state_updates, .. } = self;
        tracing::info!(
            "Artifact upload timings: collect={collect:?} create={create:?} upload={upload:?} \
             state_update={state_update:?} artifacts={count} bytes={bytes} batches={batches} \
             work_units={work_units} max_workers={max_workers} state_updates={state_updates}"
        );
    }
}

/// Parts' tags by artifact.
pub(crate) type Etags = BTreeMap<i64, String>;
