//! Where checkouts, mirrors and their companions lie (spec/checkout.md §3).
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

pub use redkite_shell::cleaned;
use sha2::{Digest, Sha256};

/// `text` as part of a file name: each character that is no ASCII letter or digit becomes a dash.
#[must_use]
pub fn sanitised(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

/// The checkout of a pipeline: `<build path>/<agent>/<organization>/<pipeline>`, lexically cleaned.
#[must_use]
pub fn checkout(build_path: &Path, agent: &str, organization: &str, pipeline: &str) -> PathBuf {
    let joined = format!("{}/{organization}/{pipeline}", sanitised(agent));
    cleaned(&build_path.join(joined))
}

/// The files and directories of one repository's mirror on this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorPaths {
    /// The bare repository.
    pub repository: PathBuf,
    /// Held while the mirror is made.
    pub clone_lock: PathBuf,
    /// Held while it is updated.
    pub update_lock: PathBuf,
    /// Where a clone of a remote mirror is made before it takes the mirror's place.
    pub staging: PathBuf,
}

impl MirrorPaths {
    /// Those of `repository` under `mirrors`.
    #[must_use]
    pub fn of(mirrors: &Path, repository: &OsStr) -> Self {
        let directory = mirrors.join(sanitised(&redkite_text::shown(repository)));
        // Appended to the name: `with_extension` would cut at a dot, and there is none to rely on.
        let beside = |suffix: &str| {
            let mut name = directory.clone().into_os_string();
            name.push(suffix);
            PathBuf::from(name)
        };
        let digest = Sha256::digest(directory.as_os_str().as_encoded_bytes());
        Self {
            clone_lock: beside(".clonelock"),
            update_lock: beside(".updatelock"),
            staging: mirrors.join(format!(".remote-mirror-{}", &hex::encode(digest)[..16])),
            repository: directory,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_lose_what_is_not_plain() {
        assert_eq!(sanitised("My agent.1"), "My-agent-1");
        assert_eq!(sanitised("git@github.com:o/r.git"), "git-github-com-o-r-git");
        assert_eq!(sanitised("feat/é x"), "feat---x");
        assert_eq!(sanitised(":docker: My Agent"), "-docker--My-Agent");
    }

    #[test]
    fn slugs_are_taken_as_they_are() {
        let path = |organization, pipeline| checkout(Path::new("/b"), "a.1", organization, pipeline);
        assert_eq!(path("org.x", "pipe_line"), Path::new("/b/a-1/org.x/pipe_line"));
        assert_eq!(path("..", "./p"), Path::new("/b/p"));
        assert_eq!(path("../../..", "p"), Path::new("/p"));
    }

    #[test]
    fn a_mirror_has_its_locks_beside_it() {
        let paths = MirrorPaths::of(Path::new("/m"), "/r/p.git".as_ref());
        assert_eq!(paths.repository, Path::new("/m/-r-p-git"));
        assert_eq!(paths.clone_lock, Path::new("/m/-r-p-git.clonelock"));
        let staging = paths.staging.to_string_lossy().into_owned();
        assert!(
            staging.starts_with("/m/.remote-mirror-") && staging.len() == "/m/.remote-mirror-".len() + 16
        );
    }

    proptest! {
        #[test]
        fn sanitising_twice_is_sanitising_once(text in "\\PC*") {
            let once = sanitised(&text);
            prop_assert_eq!(once.chars().count(), text.chars().count());
            prop_assert_eq!(sanitised(&once), once);
        }
    }
}
