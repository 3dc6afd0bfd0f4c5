//! The working tree as a commit: tracked files as they are, and those that are new and not ignored.
//!
//! Git works on a copy of the user's index and writes objects to the snapshot only.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::{Git, Repository, SnapshotError};
use crate::run::event::Source;

/// Settings that would have git write elsewhere, or refuse a file that a commit would take.
const SETTINGS: [&str; 10] = [
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.untrackedCache=false",
    "-c",
    "core.splitIndex=false",
    "-c",
    "core.safecrlf=false",
    "-c",
    "advice.addEmbeddedRepo=false",
];

/// Commits the working tree into `snapshot`; without changes, that is the commit at HEAD.
pub(super) fn commit(
    repository: &Repository,
    snapshot: &Path,
    without: &Path,
) -> Result<(String, Source), SnapshotError> {
    let index = tempfile::Builder::new()
        .prefix("index-")
        .tempdir_in(snapshot)
        .map_err(|source| SnapshotError::Write { path: snapshot.to_path_buf(), source })?;
    let file = index.path().join("index");
    if repository.index.exists() {
        fs::copy(&repository.index, &file)
            .map_err(|source| SnapshotError::Write { path: file.clone(), source })?;
    }
    let git = repository
        .git
        .with("GIT_INDEX_FILE", &file)
        .with("GIT_OBJECT_DIRECTORY", snapshot.join("objects"))
        .with("GIT_LITERAL_PATHSPECS", "1");
    add(repository, &git, without)?;
    let tree = git.text(with_settings(["write-tree"]))?;
    match &repository.head {
        Some(head) if head.tree == tree => Ok((head.commit.clone(), Source::Commit)),
        _ => Ok((commit_tree(repository, &git, &tree)?, Source::WorkingTree)),
    }
}

fn add(repository: &Repository, git: &Git, without: &Path) -> Result<(), SnapshotError> {
    git.bytes(with_settings(["add", "--update"]))?;
    let new = git.bytes(with_settings(["ls-files", "-z", "--others", "--exclude-standard"]))?;
    let own = without.strip_prefix(&repository.top).ok();
    let mut list = Vec::new();
    for path in new.split(|byte| *byte == 0).filter(|path| is_wanted(path, own)) {
        list.extend_from_slice(path);
        list.push(0);
    }
    if !list.is_empty() {
        git.feed(with_settings(["add", "--force", "--pathspec-from-file=-", "--pathspec-file-nul"]), list)?;
    }
    Ok(())
}

/// A repository inside the working tree, which git lists as a folder, is no part of it; nor is our own folder.
fn is_wanted(path: &[u8], own: Option<&Path>) -> bool {
    let path = Path::new(std::ffi::OsStr::from_bytes(path));
    let bytes = path.as_os_str().as_bytes();
    !bytes.is_empty() && !bytes.ends_with(b"/") && !own.is_some_and(|own| path.starts_with(own))
}

/// The same tree on the same commit is the same commit again: its dates are those of HEAD.
fn commit_tree(repository: &Repository, git: &Git, tree: &str) -> Result<String, SnapshotError> {
    let mut args = vec!["commit-tree".to_owned(), tree.to_owned(), "-m".to_owned()];
    let message = repository.head.as_ref().map_or("Working tree", |head| head.message.as_str());
    args.push(format!("{message}\n\nWith the changes of the working tree."));
    let (name, email, date) = match &repository.head {
        Some(head) => {
            args.extend(["-p".to_owned(), head.commit.clone()]);
            (head.author.as_str(), head.email.as_str(), head.date.as_str())
        }
        None => ("redkite", "redkite@localhost", "0 +0000"),
    };
    let git = git
        .with("GIT_AUTHOR_NAME", if name.is_empty() { "redkite" } else { name })
        .with("GIT_AUTHOR_EMAIL", email)
        .with("GIT_AUTHOR_DATE", format!("@{date}"))
        .with("GIT_COMMITTER_NAME", "redkite")
        .with("GIT_COMMITTER_EMAIL", "redkite@localhost")
        .with("GIT_COMMITTER_DATE", format!("@{date}"));
    Ok(git.text(args)?)
}

fn with_settings<const N: usize>(args: [&str; N]) -> Vec<OsString> {
    SETTINGS.iter().copied().chain(args).map(OsString::from).collect()
}
