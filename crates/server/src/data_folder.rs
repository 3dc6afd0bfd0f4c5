//! The folder a control plane keeps everything in: one process at a time, readable by its owner only.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::private_files;

/// Why a data folder could not be used.
#[derive(Debug, Error)]
pub enum DataFolderError {
    /// The folder or one inside it could not be made.
    #[error("creating the data folder {path}")]
    Create {
        /// What could not be made.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The folder exists and this user may not write there.
    #[error("the data folder {path} can't be written")]
    Write {
        /// The file that could not be written.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Another process works in this folder.
    #[error("the data folder {path} is in use by another redkite process")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
}

/// A data folder that this process owns until it drops the value.
#[derive(Debug)]
pub(crate) struct DataFolder {
    paths: DataPaths,
    _lock: File,
}

impl DataFolder {
    /// Makes the folder if need be and takes it for this process.
    pub(crate) fn open(root: &Path) -> Result<Self, DataFolderError> {
        let paths = DataPaths::new(root);
        for folder in [root.to_path_buf(), paths.logs(), paths.artifacts(), paths.incoming()] {
            create_private(&folder)?;
        }
        let lock = lock(&paths)?;
        Ok(Self { paths, _lock: lock })
    }

    /// Where things lie inside.
    #[must_use]
    pub(crate) fn paths(&self) -> &DataPaths {
        &self.paths
    }
}

/// Where things lie inside a data folder.
#[derive(Debug, Clone)]
pub(crate) struct DataPaths {
    root: PathBuf,
}

impl DataPaths {
    /// The layout below `root`; touches nothing.
    #[must_use]
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_path_buf() }
    }

    /// The database.
    #[must_use]
    pub(crate) fn database(&self) -> PathBuf {
        self.root.join("redkite.db")
    }

    /// Job logs, one file a job.
    #[must_use]
    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// Uploaded artifacts, one file each.
    #[must_use]
    pub(crate) fn artifacts(&self) -> PathBuf {
        self.root.join("artifacts")
    }

    /// Uploads under way; emptied when the plane starts.
    #[must_use]
    pub(crate) fn incoming(&self) -> PathBuf {
        self.root.join("incoming")
    }

    /// How the commands reach the running server (mode 0600).
    #[must_use]
    pub(crate) fn admin(&self) -> PathBuf {
        self.root.join("admin.json")
    }

    fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }
}

fn create_private(folder: &Path) -> Result<(), DataFolderError> {
    if folder.is_dir() {
        return Ok(());
    }
    let failed = |source| DataFolderError::Create { path: folder.to_path_buf(), source };
    let made_in = parents_of_missing(folder);
    fs::create_dir_all(folder).map_err(failed)?;
    private_files::restrict_folder(folder).map_err(failed)?;
    made_in.into_iter().try_for_each(|parent| private_files::sync_folder(parent).map_err(failed))
}

/// The folders in which something is made when `folder` is made.
fn parents_of_missing(folder: &Path) -> Vec<&Path> {
    let missing = folder.ancestors().take_while(|part| !here(part).is_dir());
    missing.filter_map(Path::parent).map(here).collect()
}

/// The parent of a relative path of one word has no name.
fn here(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

fn lock(paths: &DataPaths) -> Result<File, DataFolderError> {
    let path = paths.lock();
    let write = |source| DataFolderError::Write { path: path.clone(), source };
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(write)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DataFolderError::InUse { path: paths.root.clone() }),
        Err(TryLockError::Error(source)) => Err(write(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_owner_is_told_which_folder_is_in_use() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let first = DataFolder::open(root.path()).expect("the first owner");
        let error = DataFolder::open(root.path()).expect_err("the folder is taken");
        assert!(error.to_string().contains(&root.path().display().to_string()), "{error}");
        drop(first);
        DataFolder::open(root.path()).expect("free again");
    }

    #[test]
    fn a_file_in_its_place_is_named() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let file = root.path().join("taken");
        fs::write(&file, "").expect("writing a file");
        let error = DataFolder::open(&file).expect_err("a file is no folder");
        assert!(error.to_string().contains("taken"), "{error}");
    }
    #[test]
    fn every_folder_in_which_one_is_made_is_flushed() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let root = root.path();
        let deep = root.join("a/b/c");
        assert_eq!(parents_of_missing(&deep), [root.join("a/b"), root.join("a"), root.to_path_buf()]);
        create_private(&deep).expect("it is made");
        assert_eq!(parents_of_missing(&deep), [""; 0].map(Path::new));
        let relative = Path::new("no folder of this package/data");
        assert_eq!(parents_of_missing(relative), ["no folder of this package", "."].map(Path::new));
    }
}
