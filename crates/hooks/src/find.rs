//! Finding a hook's file (spec/job.md §8.2).

use std::path::{Component, Path, PathBuf};

use crate::{HookName, os};

/// The file of a hook in `directory`, if there is one. An empty directory's name is no directory.
pub fn find(directory: &Path, name: HookName) -> Option<PathBuf> {
    if directory.as_os_str().is_empty() {
        return None;
    }
    candidates(directory, name).find(|path| path.metadata().is_ok_and(|metadata| !metadata.is_dir()))
}

/// The file of a hook in the directory `below` of `root`, if there is one that can be reached without leaving
/// `root`. Links are followed only when they are relative and stay inside.
pub fn find_confined(root: &Path, below: &Path, name: HookName) -> Option<PathBuf> {
    candidates(below, name).find_map(|path| {
        let real = confined(root, &path)?;
        real.metadata().is_ok_and(|metadata| !metadata.is_dir()).then(|| root.join(path))
    })
}

fn candidates(directory: &Path, name: HookName) -> impl Iterator<Item = PathBuf> {
    os::EXTENSIONS.iter().map(move |extension| directory.join(format!("{name}{extension}")))
}

/// How many links a path may go through.
const MOST_LINKS: usize = 40;

/// Where `path` below `root` really is, if nothing on the way leads out of `root`.
pub fn confined(root: &Path, path: &Path) -> Option<PathBuf> {
    let mut inside: Vec<std::ffi::OsString> = Vec::new();
    let mut left: Vec<PathBuf> = parts(path)?;
    let mut links = 0;
    while let Some(part) = left.pop() {
        match part.components().next() {
            Some(Component::ParentDir) => drop(inside.pop()?),
            Some(Component::Normal(name)) => {
                let here = inside.iter().fold(root.to_path_buf(), |path, part| path.join(part)).join(name);
                match here.read_link() {
                    Ok(target) => {
                        links += 1;
                        left.extend(parts(&target).filter(|_| links <= MOST_LINKS)?);
                    }
                    Err(_) => inside.push(name.to_owned()),
                }
            }
            Some(Component::CurDir) | None => {}
            Some(Component::RootDir | Component::Prefix(_)) => return None,
        }
    }
    let real = inside.iter().fold(root.to_path_buf(), |path, part| path.join(part));
    real.exists().then_some(real)
}

/// The components of a relative path, the first one last.
fn parts(path: &Path) -> Option<Vec<PathBuf>> {
    if path.is_absolute() {
        return None;
    }
    Some(path.components().rev().map(|component| PathBuf::from(component.as_os_str())).collect())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a directory");
        let at = |path: &str| root.path().join(path);
        for directory in ["hooks/command", "hooks/real", "outside"] {
            std::fs::create_dir_all(at(directory)).expect("made");
        }
        for file in ["hooks/pre-command", "hooks/pre-exit.ps1", "hooks/environment.sh", "outside/file"] {
            std::fs::write(at(file), "").expect("written");
        }
        for (target, link) in [
            ("pre-command", "hooks/post-command"),
            ("real/../pre-command", "hooks/post-artifact"),
            ("../outside/file", "hooks/checkout"),
            ("/bin/sh", "hooks/post-checkout"),
            ("pre-artifact", "hooks/pre-artifact"),
        ] {
            symlink(target, at(link)).expect("linked");
        }
        root
    }

    #[test]
    fn plain_lookup() {
        let root = tree();
        let hooks = root.path().join("hooks");
        let check = |name, file: Option<&str>| assert_eq!(find(&hooks, name), file.map(|f| hooks.join(f)));
        check(HookName::PreCommand, Some("pre-command"));
        check(HookName::PreExit, Some("pre-exit.ps1"));
        check(HookName::PostCheckout, Some("post-checkout"));
        check(HookName::Command, None);
        check(HookName::Environment, None);
        assert_eq!(find(Path::new(""), HookName::PreCommand), None);
    }

    #[test]
    fn links_must_stay_inside() {
        let root = tree();
        let hooks = root.path().join("hooks");
        let check = |name, file: Option<&str>| {
            assert_eq!(find_confined(&hooks, Path::new("."), name), file.map(|f| hooks.join(".").join(f)));
        };
        check(HookName::PreCommand, Some("pre-command"));
        check(HookName::PostCommand, Some("post-command"));
        check(HookName::PostArtifact, Some("post-artifact"));
        check(HookName::Checkout, None);
        check(HookName::PostCheckout, None);
        check(HookName::PreArtifact, None);
        assert!(find_confined(root.path(), Path::new("hooks"), HookName::Checkout).is_some());
        assert!(confined(root.path(), Path::new("../x")).is_none());
    }
}
