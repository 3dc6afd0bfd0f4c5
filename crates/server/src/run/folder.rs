//! What a local run keeps in the data folder, beside what the control plane keeps there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::environment::Environment;

/// A path below which sockets can be made: their own names need the rest of the 104 bytes macOS allows.
const LONGEST_SOCKET_FOLDER: usize = 60;

/// Neither a home folder nor anything else says where state belongs.
#[derive(Debug, Error)]
#[error("there is no home folder (HOME is not set): name a data folder with --data")]
pub(crate) struct NoStateFolder;

/// Something in the data folder could not be made.
#[derive(Debug, Error)]
#[error("creating {path}")]
pub(crate) struct FolderError {
    path: PathBuf,
    source: io::Error,
}

/// The platform's place for the state of programs (XDG base directories; on macOS, Application Support).
pub(crate) fn default_data(env: &Environment) -> Result<PathBuf, NoStateFolder> {
    let absolute = |name: &str| env.value(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if let Some(state) = absolute("XDG_STATE_HOME") {
        return Ok(state.join("redkite"));
    }
    let home = absolute("HOME").ok_or(NoStateFolder)?;
    let state = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".local/state" };
    Ok(home.join(state).join("redkite"))
}

/// The folder of one data folder that local runs use.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    root: PathBuf,
}

/// Where one run's results lie.
#[derive(Debug, Clone)]
pub(crate) struct RunFolder {
    /// Everything of the run.
    pub(crate) root: PathBuf,
    /// A text file for each job.
    pub(crate) logs: PathBuf,
    /// A folder for each job that uploaded something.
    pub(crate) artifacts: PathBuf,
}

impl Folder {
    /// Below a data folder that this process has taken.
    pub(crate) fn new(data: &Path) -> Self {
        Self { root: data.to_path_buf() }
    }

    /// The repositories that jobs clone.
    pub(crate) fn repositories(&self) -> PathBuf {
        self.root.join("repositories")
    }

    /// What the agents need: their configuration, hooks and plugins.
    pub(crate) fn agents(&self) -> PathBuf {
        self.root.join("agents")
    }

    /// The jobs' checkouts; they stay for the next run.
    pub(crate) fn builds(&self) -> PathBuf {
        self.root.join("builds")
    }

    /// Has git ignore the folder, for one that lies in a working tree.
    pub(crate) fn hide_from_git(&self) -> Result<(), FolderError> {
        let path = self.root.join(".gitignore");
        fs::write(&path, "*\n").map_err(|source| FolderError { path, source })
    }

    /// Results of one run. A number that was used before, in a data folder whose database was removed, starts
    /// afresh.
    pub(crate) fn run(&self, pipeline: &str, number: u64) -> Result<RunFolder, FolderError> {
        let root = self.root.join("runs").join(format!("{pipeline}-{number}"));
        if root.exists() {
            fs::remove_dir_all(&root).map_err(|source| FolderError { path: root.clone(), source })?;
        }
        let logs = root.join("logs");
        create(&logs)?;
        Ok(RunFolder { artifacts: root.join("artifacts"), logs, root })
    }
}

/// Makes a folder and those above it.
pub(crate) fn create(path: &Path) -> Result<(), FolderError> {
    fs::create_dir_all(path).map_err(|source| FolderError { path: path.to_path_buf(), source })
}

/// Whether sockets can be made in `folder`: the system limits how long their paths are.
pub(crate) fn suits_sockets(folder: &Path) -> bool {
    folder.as_os_str().len() <= LONGEST_SOCKET_FOLDER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_folder_of_the_platform() {
        let data = |pairs: &[(&str, &str)]| {
            let env = Environment::new(pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())));
            default_data(&env).ok()
        };
        assert_eq!(data(&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")]), Some("/s/redkite".into()));
        assert_eq!(data(&[("XDG_STATE_HOME", "relative")]), None);
        assert_eq!(data(&[("HOME", "")]), None);
        if cfg!(target_os = "linux") {
            assert_eq!(data(&[("HOME", "/h")]), Some("/h/.local/state/redkite".into()));
        }
    }
}
