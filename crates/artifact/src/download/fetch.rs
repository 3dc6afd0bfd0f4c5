//! One content from a URL into a file, which appears whole or not at all (docs/spec/artifacts.md §11.2).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use redkite_api::Halt;
use redkite_api::policy::CONTENT_DOWNLOAD;
use redkite_api::wire::Artifact;
use sha2::{Digest, Sha256};

use crate::sizes::iec;
use crate::store::{Source, StoreError};
use crate::transfer::{Transfer, TransferError, content, is_content, status_line};

/// Why a content did not arrive.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error(transparent)]
    Store(StoreError),
    #[error(transparent)]
    Transfer(#[from] TransferError),
    #[error("{0}")]
    Status(String),
    #[error("{doing} {path}: {}", crate::reason(source))]
    File { doing: &'static str, path: String, source: io::Error },
}

/// Downloads into `target`, trying again when that fails.
pub(super) fn fetch(
    transfer: &Transfer,
    source: &Source,
    artifact: &Artifact,
    target: &Path,
) -> Result<(), FetchError> {
    let attempts = CONTENT_DOWNLOAD.attempts;
    for attempt in 1.. {
        let error = match attempt_once(transfer, source, target) {
            Ok((size, sum)) => {
                let size = iec(size);
                tracing::info!("Successfully downloaded {:?} {size} with SHA256 {sum}", artifact.path);
                return Ok(());
            }
            Err(error) => error,
        };
        let url = &source.url;
        if attempt == attempts {
            tracing::warn!("Error trying to download {url} ({error}) Attempt {attempt}/{attempts}");
            return Err(error);
        }
        let wait = CONTENT_DOWNLOAD.wait_after(attempt - 1, 0.0);
        tracing::warn!(
            "Error trying to download {url} ({error}) Attempt {attempt}/{attempts} Retrying in {wait:?}"
        );
        Halt::default().wait(wait);
    }
    Ok(())
}

fn attempt_once(transfer: &Transfer, source: &Source, target: &Path) -> Result<(u64, String), FetchError> {
    let answer = transfer.get(&source.url, &source.headers)?;
    if !is_content(&answer) {
        return Err(FetchError::Status(status_line(answer.status())));
    }
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent).map_err(|source| failed("creating", parent, source))?;
    }
    let (file, partial) =
        Partial::beside(target).map_err(|source| failed("creating a file beside", target, source))?;
    let written = copy(content(answer), file).map_err(|source| failed("writing", target, source))?;
    partial.rename(target).map_err(|source| failed("putting in place", target, source))?;
    Ok(written)
}

fn failed(doing: &'static str, path: &Path, source: io::Error) -> FetchError {
    FetchError::File { doing, path: path.display().to_string(), source }
}

/// Size and sum of what was copied.
fn copy(mut content: impl Read, mut file: File) -> io::Result<(u64, String)> {
    const BUFFER: usize = 64 * 1024;
    let (mut buffer, mut sum, mut size) = (vec![0; BUFFER], Sha256::new(), 0);
    loop {
        let read = content.read(&mut buffer)?;
        if read == 0 {
            file.flush()?;
            return Ok((size, hex::encode(sum.finalize())));
        }
        sum.update(&buffer[..read]);
        file.write_all(&buffer[..read])?;
        size += read as u64;
    }
}

/// A file that isn't whole yet; removed unless it is put in its place.
struct Partial(Option<PathBuf>);

impl Partial {
    fn beside(target: &Path) -> io::Result<(File, Self)> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = target.file_name().unwrap_or_default();
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let mut partial = name.to_owned();
            partial.push(format!("{}{number}", std::process::id()));
            let path = target.with_file_name(partial);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok((file, Self(Some(path)))),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn rename(mut self, target: &Path) -> io::Result<()> {
        let path = self.0.take().unwrap_or_default();
        fs::rename(&path, target).inspect_err(|_| drop(fs::remove_file(&path)))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            fs::remove_file(path).ok();
        }
    }
}
