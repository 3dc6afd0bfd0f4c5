//! The repository that jobs clone: bare, in the data folder, borrowing the user's objects.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::refs::{packed, snapshot_refs};
use super::{Git, GitError, Head, Repository, working_tree};
use crate::run::event::Source;

/// The branch of a build at a detached HEAD.
const DETACHED: &str = "detached";

/// What is to be built.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// The commit or the working tree.
    pub(crate) source: Source,
    /// The branch's name; by default the one checked out.
    pub(crate) branch: Option<String>,
    /// A folder whose files are never part of a working tree: redkite's own.
    pub(crate) without: PathBuf,
}

/// A copy for jobs to check out.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    /// The bare repository.
    pub(crate) path: PathBuf,
    /// The branch that holds the commit.
    pub(crate) branch: String,
    /// The commit to build.
    pub(crate) commit: String,
    /// The message of the last commit.
    pub(crate) message: String,
    /// Its author's name and address.
    pub(crate) author: (String, String),
    /// What it holds: a working tree without changes is its commit.
    pub(crate) source: Source,
}

/// Why there is nothing for jobs to check out.
#[derive(Debug, Error)]
pub(crate) enum SnapshotError {
    /// The repository is empty.
    #[error(
        "the repository {top} has no commit yet: commit something, or use --dirty to build the files as they are"
    )]
    NoCommit {
        /// Its folder.
        top: PathBuf,
    },
    /// The name can't be a branch.
    #[error("{branch:?} is not a valid branch name")]
    Branch {
        /// It.
        branch: String,
    },
    /// Git refused.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file of the copy could not be written.
    #[error("writing {path}")]
    Write {
        /// It.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

impl Snapshot {
    /// Makes the copy of `repository` below `folder`, or brings an earlier one up to date.
    pub(crate) fn take(
        repository: &Repository,
        wanted: &Wanted,
        folder: &Path,
    ) -> Result<Self, SnapshotError> {
        let branch = branch(repository, wanted)?;
        let path = folder.join(folder_name(repository));
        prepare(repository, &path)?;
        let head = repository.head.as_ref();
        let (commit, source) = match (wanted.source, head) {
            (Source::Commit, None) => return Err(SnapshotError::NoCommit { top: repository.top.clone() }),
            (Source::Commit, Some(head)) => (head.commit.clone(), Source::Commit),
            (Source::WorkingTree, _) => working_tree::commit(repository, &path, &wanted.without)?,
        };
        write_refs(repository, &path, &branch, &commit)?;
        let message = head.map_or_else(|| "Working tree".to_owned(), |head| head.message.clone());
        let author =
            head.map(|Head { author, email, .. }| (author.clone(), email.clone())).unwrap_or_default();
        Ok(Self { path, branch, commit, message, author, source })
    }
}

impl Snapshot {
    /// The files that differ from where the branch left `base` of `origin`, or its default branch; `None` when
    /// that can't be found out (spec/pipeline.md §13).
    pub(crate) fn changed_files(&self, repository: &Repository, base: Option<&str>) -> Option<Vec<String>> {
        let user = &repository.git;
        let default =
            || user.answer(["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"]).ok().flatten();
        let base = base.map(|branch| format!("origin/{branch}")).or_else(default);
        let base = base.unwrap_or_else(|| "origin/main".to_owned());
        let base = user.text(["rev-parse", "--verify", "--quiet", &format!("{base}^{{commit}}")]).ok()?;
        let git = user.at(&self.path);
        let from = if base == self.commit {
            format!("{}^", self.commit)
        } else {
            git.text(["--git-dir=.", "merge-base", &base, &self.commit]).ok()?
        };
        let files =
            git.bytes(["--git-dir=.", "diff", "--name-only", "-z", &from, &self.commit, "--"]).ok()?;
        let names = files.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        Some(names.map(|name| String::from_utf8_lossy(name).into_owned()).collect())
    }
}

fn branch(repository: &Repository, wanted: &Wanted) -> Result<String, SnapshotError> {
    let name =
        wanted.branch.clone().or_else(|| repository.branch.clone()).unwrap_or_else(|| DETACHED.to_owned());
    let full = format!("refs/heads/{name}");
    match repository.git.answer(["check-ref-format", full.as_str()]) {
        Ok(Some(_)) if !name.starts_with('-') => Ok(name),
        Ok(_) => Err(SnapshotError::Branch { branch: name }),
        Err(error) => Err(error.into()),
    }
}

/// One for each repository, so that the next run's jobs find a checkout they can update.
fn folder_name(repository: &Repository) -> String {
    let digest = Sha256::digest(repository.top.as_os_str().as_bytes());
    let name: String =
        repository.name().chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '-' }).collect();
    format!("{name}-{}.git", hex::encode(&digest[..6]))
}

fn prepare(repository: &Repository, path: &Path) -> Result<(), SnapshotError> {
    if !is_whole(&repository.git.at(&repository.top), path, &repository.object_format) {
        remove(path)?;
        create(repository, path)?;
    }
    let borrowed = [repository.objects.as_os_str().as_bytes(), b"\n"].concat();
    write(&path.join("objects/info/alternates"), &borrowed)?;
    let shallow = path.join("shallow");
    match fs::read(&repository.shallow) {
        Ok(commits) => write(&shallow, &commits),
        Err(_) if shallow.exists() => remove(&shallow),
        Err(_) => Ok(()),
    }
}

/// Whether an earlier run left a repository of the right kind. One that was killed on the way left another.
fn is_whole(git: &Git, path: &Path, format: &str) -> bool {
    path.is_dir()
        && git
            .at(path)
            .text(["--git-dir=.", "rev-parse", "--show-object-format"])
            .is_ok_and(|found| found == format)
}

fn create(repository: &Repository, path: &Path) -> Result<(), SnapshotError> {
    let format = format!("--object-format={}", repository.object_format);
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent)
        .map_err(|source| SnapshotError::Write { path: parent.to_path_buf(), source })?;
    // References are written below as files.
    let git = repository.git.at(parent).with("GIT_DEFAULT_REF_FORMAT", "files");
    git.bytes(
        ["init", "--quiet", "--bare", "--template=", &format, "--"]
            .map(std::ffi::OsString::from)
            .into_iter()
            .chain([path.into()]),
    )?;
    fs::create_dir_all(path.join("objects/info"))
        .map_err(|source| SnapshotError::Write { path: path.join("objects/info"), source })?;
    git.at(path).bytes(["--git-dir=.", "config", "uploadpack.allowAnySHA1InWant", "true"])?;
    Ok(())
}

fn write_refs(repository: &Repository, path: &Path, branch: &str, commit: &str) -> Result<(), SnapshotError> {
    let listing = repository.git.text([
        "for-each-ref",
        "--format=%(objectname) %(refname)",
        "refs/heads",
        "refs/remotes/origin",
        "refs/tags",
    ])?;
    let refs = snapshot_refs(&listing, branch, commit);
    write(&path.join("packed-refs"), packed(&refs).as_bytes())?;
    write(&path.join("HEAD"), format!("ref: refs/heads/{branch}\n").as_bytes())
}

/// Replaces a file in one step, so that a killed run leaves the old one or the new one.
fn write(path: &Path, bytes: &[u8]) -> Result<(), SnapshotError> {
    let failed = |source| SnapshotError::Write { path: path.to_path_buf(), source };
    let folder = path.parent().unwrap_or(path);
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    io::Write::write_all(&mut file, bytes).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

fn remove(path: &Path) -> Result<(), SnapshotError> {
    let gone = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match gone {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(SnapshotError::Write { path: path.to_path_buf(), source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "snapshot_tests.rs"]
mod tests;
