//! Where a downloaded artifact ends up (docs/spec/artifacts.md §11.1).

use std::path::{Component, Path, PathBuf};

use crate::paths::clean;

/// Whether an artifact's path may lead out of the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traversal {
    /// It stays below.
    Confined,
    /// It may: experiment `allow-artifact-path-traversal`.
    Allowed,
}

/// The file for an artifact in an absolute destination.
///
/// A folder at the end of the destination that is also the first of the path is not repeated.
pub(super) fn target(destination: &Path, path: &str, traversal: Traversal) -> PathBuf {
    let path = if cfg!(windows) { path.to_owned() } else { path.replace('\\', "/") };
    let path = clean(path.as_ref());
    let mut directory = destination.to_owned();
    let first = path.components().next();
    if let (Some(Component::Normal(first)), Some(last)) = (first, destination.file_name())
        && first == last
    {
        directory.pop();
    }
    let leads_out = |component: &Component<'_>| !matches!(component, Component::Normal(_));
    let below: PathBuf = match traversal {
        Traversal::Confined => path.components().skip_while(leads_out).collect(),
        Traversal::Allowed => {
            path.components().filter(|c| !matches!(c, Component::RootDir | Component::Prefix(_))).collect()
        }
    };
    clean(&directory.join(below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_stay_below_the_destination() {
        use Traversal::{Allowed, Confined};
        for (path, destination, traversal, expected) in [
            ("pkg/a.txt", "/w/dest/pkg", Confined, "/w/dest/pkg/a.txt"),
            ("pkg/a.txt", "/w/dest", Confined, "/w/dest/pkg/a.txt"),
            ("../../esc", "/w/dest", Confined, "/w/dest/esc"),
            ("/abs/x", "/w/dest", Confined, "/w/dest/abs/x"),
            ("sub/../../../up", "/w/pkg/sub", Confined, "/w/pkg/sub/up"),
            ("../../esc", "/w/a/dest", Allowed, "/w/esc"),
            ("win\\four.txt", "/w", Confined, "/w/win/four.txt"),
        ] {
            assert_eq!(target(Path::new(destination), path, traversal), Path::new(expected), "{path}");
        }
    }
}
