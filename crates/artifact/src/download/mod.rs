//! Downloading what a search finds (docs/spec/artifacts.md §11).

mod fetch;
mod target;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use redkite_api::ApiError;
use redkite_api::blocking::Client;
use redkite_api::wire::Artifact;

use crate::collect::processors;
use crate::paths::absolute;
use crate::search::{Query, search};
use crate::store::{Artifactory, Destination, Source, StoreError, Variables};
use crate::transfer::Transfer;

pub use target::Traversal;

/// Downloads at once, per processor: they wait more than they work.
const PER_PROCESSOR: usize = 10;

/// What to download, and where to.
#[derive(Debug, Clone)]
pub struct Download {
    /// What.
    pub query: Query,
    /// A folder that exists.
    pub destination: OsString,
    /// The directory to which it is relative.
    pub directory: PathBuf,
    /// Whether artifacts may leave it.
    pub traversal: Traversal,
}

/// Why not everything was downloaded.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The destination isn't there.
    #[error("could not find information about destination: {path} {}", crate::reason(source))]
    Destination {
        /// The destination.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The destination is something else.
    #[error("{0} is not a directory")]
    NoDirectory(String),
    /// The search failed.
    #[error(transparent)]
    Search(#[from] ApiError),
    /// The search found nothing.
    #[error("no artifacts found for downloading")]
    NothingFound,
    /// Some could not be downloaded; which ones, and why, is in the log.
    #[error("there were errors downloading some of the artifacts")]
    Incomplete,
}

/// Downloads all artifacts that match.
///
/// # Errors
/// See [`DownloadError`]. One failed download doesn't keep the others from being done.
pub fn download(client: &Client, download: &Download, variables: Variables<'_>) -> Result<(), DownloadError> {
    let destination = destination(download)?;
    let found = search(client, &download.query)?;
    if found.is_empty() {
        return Err(DownloadError::NothingFound);
    }
    tracing::info!("Found {} artifacts. Starting to download to: {}", found.len(), destination.display());
    let transfer = Transfer::new(client.settings().user_agent.clone());
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let worker = || {
        while let Some(artifact) = found.get(next.fetch_add(1, Ordering::Relaxed)) {
            let target = target::target(&destination, &artifact.path, download.traversal);
            let done = source(artifact, variables).map_err(fetch::FetchError::Store);
            let done = done.and_then(|source| fetch::fetch(&transfer, &source, artifact, &target));
            if let Err(error) = done {
                tracing::error!("Failed to download artifact: {error}");
                failed.store(true, Ordering::Relaxed);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..found.len().min(processors() * PER_PROCESSOR) {
            scope.spawn(worker);
        }
    });
    if failed.into_inner() { Err(DownloadError::Incomplete) } else { Ok(()) }
}

/// The absolute destination, which must be a directory before anything is asked.
fn destination(download: &Download) -> Result<PathBuf, DownloadError> {
    let path = absolute(&download.directory, Path::new(&download.destination));
    let shown = path.display().to_string();
    match path.metadata() {
        Err(source) => Err(DownloadError::Destination { path: shown, source }),
        Ok(metadata) if !metadata.is_dir() => Err(DownloadError::NoDirectory(shown)),
        Ok(_) => Ok(path),
    }
}

/// Where an artifact's content is: in the store it was uploaded to, or at its URL.
fn source(artifact: &Artifact, variables: Variables<'_>) -> Result<Source, StoreError> {
    let destination = &artifact.upload_destination;
    let unavailable = |kind| Err(StoreError::Unavailable { kind, destination: destination.clone() });
    let path = if cfg!(windows) { artifact.path.clone() } else { artifact.path.replace('\\', "/") };
    match Destination::parse(destination) {
        Some(Destination::Artifactory(place)) => {
            let store = Artifactory::new(place.trim_end_matches('/'), variables)?;
            Ok(store.source(&path))
        }
        Some(Destination::S3) => unavailable("Amazon S3"),
        Some(Destination::Gcs) => unavailable("Google Cloud Storage"),
        Some(Destination::Azure) => unavailable("Azure Blob storage"),
        Some(Destination::Managed) | None => Ok(Source { url: artifact.url.clone(), headers: Vec::new() }),
    }
}
