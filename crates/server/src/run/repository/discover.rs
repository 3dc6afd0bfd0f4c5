//! Which repository a run is about, and what its HEAD is.

use std::path::{Path, PathBuf};

use super::{Git, GitError};

/// The repository whose working tree holds a folder.
#[derive(Debug, Clone)]
pub(crate) struct Repository {
    /// Git, in the top folder of the working tree.
    pub(crate) git: Git,
    /// The top folder of the working tree.
    pub(crate) top: PathBuf,
    /// Its index file.
    pub(crate) index: PathBuf,
    /// Its object store.
    pub(crate) objects: PathBuf,
    /// Its list of commits without parents, if the clone is shallow.
    pub(crate) shallow: PathBuf,
    /// `sha1` or `sha256`.
    pub(crate) object_format: String,
    /// The branch that is checked out, if one is.
    pub(crate) branch: Option<String>,
    /// Its last commit, if it has one.
    pub(crate) head: Option<Head>,
}

/// The commit at HEAD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    /// Its id.
    pub(crate) commit: String,
    /// The id of its tree.
    pub(crate) tree: String,
    /// Its author's name.
    pub(crate) author: String,
    /// Its author's address.
    pub(crate) email: String,
    /// When it was committed, as git writes it: seconds and zone.
    pub(crate) date: String,
    /// Its message.
    pub(crate) message: String,
}

impl Repository {
    /// The repository around the folder of `git`.
    pub(crate) fn around(git: &Git) -> Result<Self, GitError> {
        const QUESTIONS: [&str; 10] = [
            "rev-parse",
            "--path-format=absolute",
            "--show-toplevel",
            "--git-path",
            "index",
            "--git-path",
            "objects",
            "--git-path",
            "shallow",
            "--show-object-format",
        ];
        let answers = git.bytes(QUESTIONS)?;
        let mut lines = answers.split(|byte| *byte == b'\n').map(path);
        let mut next = || lines.next().unwrap_or_default();
        let top = next();
        let git = git.at(&top);
        Ok(Self {
            index: next(),
            objects: next(),
            shallow: next(),
            object_format: next().to_string_lossy().into_owned(),
            branch: git.answer(["symbolic-ref", "--quiet", "--short", "HEAD"])?,
            head: head(&git)?,
            git,
            top,
        })
    }

    /// What a person calls it: the name of its top folder.
    pub(crate) fn name(&self) -> String {
        self.top
            .file_name()
            .map_or_else(|| "repository".to_owned(), |name| name.to_string_lossy().into_owned())
    }
}

fn path(line: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    Path::new(std::ffi::OsStr::from_bytes(line)).to_path_buf()
}

fn head(git: &Git) -> Result<Option<Head>, GitError> {
    if git.answer(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])?.is_none() {
        return Ok(None);
    }
    let format = "--format=%H%n%T%n%an%n%ae%n%cd%n%B";
    let text = git.text(["log", "-1", "--no-show-signature", "--no-color", "--date=raw", format, "HEAD"])?;
    let mut parts = text.splitn(6, '\n').map(str::to_owned);
    let mut next = || parts.next().unwrap_or_default();
    Ok(Some(Head {
        commit: next(),
        tree: next(),
        author: next(),
        email: next(),
        date: next(),
        message: next().trim().to_owned(),
    }))
}
