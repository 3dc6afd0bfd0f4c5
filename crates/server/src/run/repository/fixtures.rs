//! Real repositories for tests, with nothing of this machine's git configuration.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use redkite_process::Cancel;

use super::{Git, Repository, Snapshot, SnapshotError, Wanted};
use crate::run::environment::Environment;
use crate::run::event::Source;

/// A home folder, a repository in it, and a data folder.
pub(super) struct Place {
    folder: tempfile::TempDir,
    pub(super) git: Git,
}

impl Place {
    /// With an empty repository in a folder whose name needs care.
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let top = folder.path().join("my \"repo\" é");
        fs::create_dir(&top).expect("a folder");
        let path = std::env::vars_os().find(|(name, _)| name == "PATH").expect("PATH is set");
        let mut env: Vec<(OsString, OsString)> = vec![path];
        for (name, value) in [
            ("HOME", folder.path().as_os_str()),
            ("GIT_CONFIG_NOSYSTEM", "1".as_ref()),
            ("GIT_AUTHOR_NAME", "Ann".as_ref()),
            ("GIT_AUTHOR_EMAIL", "ann@example.com".as_ref()),
            ("GIT_COMMITTER_NAME", "Cid".as_ref()),
            ("GIT_COMMITTER_EMAIL", "cid@example.com".as_ref()),
        ] {
            env.push((name.into(), value.to_owned()));
        }
        let git = Git::new(Environment::new(env), &top, Cancel::new()).expect("git is installed");
        let place = Self { folder, git };
        place.git(&["init", "-q", "-b", "main"]);
        place
    }

    /// With one commit: `tracked` and `removed`, and `*.ignored` ignored.
    pub(super) fn with_commit() -> Self {
        let place = Self::new();
        place.write("tracked", "old");
        place.write("removed", "x");
        place.write(".gitignore", "*.ignored\n");
        place.git(&["add", "."]);
        place.git(&["commit", "-q", "-m", "First\n\nwith a body"]);
        place
    }

    pub(super) fn git(&self, args: &[&str]) -> String {
        self.git.text(args).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(super) fn top(&self) -> PathBuf {
        self.git.folder().to_path_buf()
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.top().join(path);
        fs::create_dir_all(path.parent().expect("inside the repository")).expect("a folder");
        fs::write(path, text).expect("writing");
    }

    pub(super) fn repository(&self) -> Repository {
        Repository::around(&self.git).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(super) fn take(&self, source: Source, branch: Option<&str>) -> Result<Snapshot, SnapshotError> {
        let wanted = Wanted { source, branch: branch.map(str::to_owned), without: self.data() };
        Snapshot::take(&self.repository(), &wanted, &self.data())
    }

    /// What a job that checks out the snapshot's branch has: `path=contents` of each file.
    pub(super) fn checked_out(&self, snapshot: &Snapshot) -> String {
        let target = self.folder.path().join("checkout");
        let _ = fs::remove_dir_all(&target);
        let clone = self.git.at(self.folder.path());
        let args = ["clone", "-q", "-b", &snapshot.branch, "--"].map(OsString::from);
        clone
            .bytes(args.into_iter().chain([snapshot.path.clone().into(), target.clone().into()]))
            .expect("a clone");
        let clone = self.git.at(&target);
        assert_eq!(clone.text(["rev-parse", "HEAD"]).expect("a commit"), snapshot.commit);
        let files = clone.text(["ls-files"]).expect("files");
        files
            .lines()
            .map(|file| format!("{file}={} ", read(&target.join(file))))
            .collect::<String>()
            .trim()
            .to_owned()
    }

    /// Everything of the user's repository that a run may not change.
    pub(super) fn fingerprint(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        collect(&self.top(), &mut files);
        files.sort();
        files
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a file")
}

fn collect(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            let bytes = fs::read(&path).expect("a file");
            files.push((path, bytes));
        }
    }
}
