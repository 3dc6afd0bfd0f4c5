//! The repository around the current directory, and the copy of it that jobs check out.
//!
//! Jobs never see the user's repository: they clone a *snapshot*, a bare repository in the data folder that
//! borrows the user's objects. What a working tree adds is written there, so the user's index, stash, branches
//! and object store stay as they are.

mod discover;
mod git;
mod refs;
mod snapshot;
mod submodules;
mod working_tree;

pub(crate) use discover::{Head, Repository};
pub(crate) use git::{Git, GitError};
pub(crate) use snapshot::{Snapshot, SnapshotError, Wanted};
pub(crate) use submodules::submodule_settings;

#[cfg(test)]
mod fixtures;
