//! Artifacts: written beside their place, flushed, then moved into it.

use std::io;
use std::path::{Path, PathBuf};

use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use super::BlobError;
use crate::private_files;

/// The artifacts of a data folder.
#[derive(Debug, Clone)]
pub(crate) struct ArtifactFiles {
    root: PathBuf,
    incoming: PathBuf,
}

/// An upload under way. Dropped without `keep`, it leaves nothing.
#[derive(Debug)]
pub(crate) struct Incoming {
    file: File,
    path: tempfile::TempPath,
    size: u64,
}

impl ArtifactFiles {
    /// Artifacts below `root`, with uploads under way in `incoming`.
    pub(crate) fn new(root: PathBuf, incoming: PathBuf) -> Self {
        Self { root, incoming }
    }

    /// The file of an artifact.
    pub(crate) fn path(&self, build: &str, artifact: &str) -> PathBuf {
        self.root.join(build).join(artifact)
    }

    /// Removes uploads that a killed server left behind.
    pub(crate) fn sweep(&self) -> Result<(), BlobError> {
        let failed = BlobError::at("removing old uploads from", &self.incoming);
        for entry in std::fs::read_dir(&self.incoming).map_err(&failed)? {
            let path = entry.map_err(&failed)?.path();
            std::fs::remove_file(&path).map_err(&failed)?;
        }
        Ok(())
    }

    /// Begins an upload.
    pub(crate) async fn begin(&self) -> Result<Incoming, BlobError> {
        let incoming = self.incoming.clone();
        let (file, path) = blocking(move || Ok(tempfile::NamedTempFile::new_in(incoming)?.into_parts()))
            .await
            .map_err(BlobError::at("creating an upload in", &self.incoming))?;
        Ok(Incoming { file: File::from_std(file), path, size: 0 })
    }

    /// Ends an upload: the artifact is in its place and on the disk.
    pub(crate) async fn keep(
        &self,
        mut incoming: Incoming,
        build: &str,
        artifact: &str,
    ) -> Result<(), BlobError> {
        let place = self.path(build, artifact);
        let failed = BlobError::at("storing the artifact", &place);
        incoming.file.flush().await.map_err(&failed)?;
        incoming.file.sync_all().await.map_err(&failed)?;
        let (root, target) = (self.root.clone(), place.clone());
        blocking(move || move_into(incoming.path, &target, &root)).await.map_err(&failed)
    }

    /// Opens an artifact for reading.
    pub(crate) async fn open(&self, build: &str, artifact: &str) -> Result<File, BlobError> {
        let path = self.path(build, artifact);
        File::open(&path).await.map_err(BlobError::at("opening the artifact", &path))
    }
}

impl Incoming {
    /// Adds bytes.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        self.file.write_all(bytes).await.map_err(BlobError::at("writing an upload to", &self.path))?;
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// How many bytes there are so far.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }
}

fn move_into(from: tempfile::TempPath, place: &Path, root: &Path) -> io::Result<()> {
    let folder = place.parent().unwrap_or(root);
    std::fs::create_dir_all(folder)?;
    from.persist(place).map_err(|error| error.error)?;
    private_files::sync_folder(folder)?;
    private_files::sync_folder(root)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_was_kept_is_there() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let incoming = folder.path().join("incoming");
        std::fs::create_dir(&incoming).expect("a folder");
        let files = ArtifactFiles::new(folder.path().to_path_buf(), incoming.clone());
        let mut kept = files.begin().await.expect("an upload");
        kept.write(b"hello").await.expect("writing");
        assert_eq!(kept.size(), 5);
        drop(files.begin().await.expect("another upload"));
        files.keep(kept, "build", "artifact").await.expect("keeping");
        assert_eq!(std::fs::read(files.path("build", "artifact")).expect("the file"), b"hello");
        assert_eq!(std::fs::read_dir(&incoming).expect("the folder").count(), 0);
    }
}
