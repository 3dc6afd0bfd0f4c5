//! What a bootstrap leaves behind that was killed: it could not tidy up itself.

use redkite_shell::is_temporary_of;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where a bootstrap puts what it removes at its end.
#[derive(Clone, Debug)]
pub(super) struct Leftovers {
    pub(super) job: String,
    /// Wrappers of hooks, and checkouts of jobs without a repository.
    pub(super) temporary: PathBuf,
    /// Plugins that are being got.
    pub(super) plugins: PathBuf,
    /// Keys for ssh are beside the checkouts, two folders below.
    pub(super) builds: PathBuf,
    pub(super) sockets: PathBuf,
}

impl Leftovers {
    /// Removes what is by its name the job's, whose process of this number is gone. What can't be removed stays.
    pub(super) fn remove(&self, process: u32) {
        let beside_checkouts = below(&self.builds).flat_map(|agent| below(&agent));
        for folder in [self.temporary.clone(), self.plugins.clone()].into_iter().chain(beside_checkouts) {
            for (name, path) in entries(&folder) {
                if is_temporary_of(&self.job, &name) {
                    tell(&path, fs::remove_dir_all(&path));
                }
            }
        }
        let socket = format!("{process}-");
        for (name, path) in entries(&self.sockets.join("job-api")) {
            if name.starts_with(&socket) && name.ends_with(".sock") {
                tell(&path, fs::remove_file(&path));
            }
        }
    }
}

fn tell(path: &Path, removed: io::Result<()>) {
    let path = path.display();
    match removed {
        Ok(()) => tracing::debug!("Removed {path}, which the killed job had left"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!("Couldn't remove {path}, which the killed job has left: {error}"),
    }
}

/// The folder's entries; a folder that isn't there has none.
fn entries(folder: &Path) -> impl Iterator<Item = (String, PathBuf)> + use<> {
    let entries = if folder.as_os_str().is_empty() { None } else { fs::read_dir(folder).ok() };
    let named = |entry: fs::DirEntry| Some((entry.file_name().into_string().ok()?, entry.path()));
    entries.into_iter().flatten().flatten().filter_map(named)
}

fn below(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    entries(folder).map(|(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_jobs_goes_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        let goes = [
            "tmp/buildkite-agent-hook-wrapper-j1-Abcdef/x",
            "tmp/buildkite-job-j1Abcdef/x",
            "plugins/.plugin-clone-j1-Abcdef/x",
            "builds/agent/org/.buildkite-ssh-key-p-j1-Abcdef/id",
            "s/job-api/12-345.sock",
        ];
        let stays = [
            "tmp/buildkite-agent-hook-wrapper-j2-Abcdef/x",
            "builds/agent/org/pipe/.buildkite-ssh-key-p-j1-Abcdef/id",
            "plugins/agent/x",
            "s/job-api/123-345.sock",
        ];
        for path in goes.iter().chain(&stays) {
            fs::create_dir_all(at(path).parent().unwrap()).unwrap();
            fs::write(at(path), "").unwrap();
        }
        let leftovers = Leftovers {
            job: "j1".into(),
            temporary: at("tmp"),
            plugins: at("plugins"),
            builds: at("builds"),
            sockets: at("s"),
        };
        leftovers.remove(12);
        leftovers.remove(12);
        assert_eq!(goes.map(|path| at(path).exists()), [false; 5]);
        assert_eq!(stays.map(|path| at(path).exists()), [true; 4]);
        Leftovers { plugins: PathBuf::new(), ..leftovers }.remove(12);
    }
}
