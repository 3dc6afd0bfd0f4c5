//! Paths as text: the list a user gives, and clean and absolute forms that don't look at the disk.

use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

/// The pieces of a list of paths, trimmed, without empty ones. An empty delimiter doesn't split.
pub(crate) fn split_list(list: &OsStr, delimiter: &str) -> impl Iterator<Item = OsString> {
    let mut rest = Some(list.as_encoded_bytes());
    let pieces = std::iter::from_fn(move || {
        let text = rest?;
        let width = delimiter.len();
        let at = text.windows(width.max(1)).position(|piece| piece == delimiter.as_bytes());
        rest = at.map(|at| &text[at + width..]);
        Some(redkite_text::from_bytes(&text[..at.unwrap_or(text.len())]))
    });
    pieces.map(|piece| redkite_text::trimmed(&piece)).filter(|piece| !piece.is_empty())
}

/// The shortest path that means the same, links aside: no `.`, no double slashes, `..` only at the start.
pub(crate) fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => match clean.components().next_back() {
                Some(Component::Normal(_)) => drop(clean.pop()),
                Some(Component::RootDir | Component::Prefix(_)) => {}
                Some(Component::ParentDir | Component::CurDir) | None => clean.push(".."),
            },
            other => clean.push(other),
        }
    }
    if clean.as_os_str().is_empty() { PathBuf::from(".") } else { clean }
}

/// `path` below `directory`, clean.
pub(crate) fn absolute(directory: &Path, path: &Path) -> PathBuf {
    clean(&directory.join(path))
}

/// The way from one clean absolute directory to another path, on the text alone.
pub(crate) fn way(from: &Path, to: &Path) -> PathBuf {
    let shared = from.components().zip(to.components()).take_while(|(one, other)| one == other).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(to.components().skip(shared)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_split_and_trimmed() {
        let split = |list: &str, delimiter| split_list(list.as_ref(), delimiter).collect::<Vec<_>>();
        assert_eq!(split("a.txt;\n b.txt\n; ;", ";"), ["a.txt", "b.txt"]);
        assert_eq!(split("a.txt\nb;c", "\n"), ["a.txt", "b;c"]);
        assert_eq!(split("a::b;c", "::"), ["a", "b;c"]);
        assert_eq!(split(" a;b ", ""), ["a;b"]);
        assert!(split(" ; ", ";").is_empty());
    }

    #[test]
    fn a_way_leads_up_and_down() {
        for (from, to, expected) in
            [("/a/b", "/a/b/c/d", "c/d"), ("/a/b", "/a/x", "../x"), ("/a/b", "/x/y", "../../x/y")]
        {
            assert_eq!(way(Path::new(from), Path::new(to)), Path::new(expected), "{from} to {to}");
        }
    }

    #[test]
    fn paths_are_cleaned_as_text() {
        for (path, expected) in [
            ("", "."),
            ("a//b/./c/", "a/b/c"),
            ("sub/../a.txt", "a.txt"),
            ("../../x", "../../x"),
            ("a/../../x", "../x"),
            ("/../x", "/x"),
            ("a/..", "."),
        ] {
            assert_eq!(clean(path.as_ref()), Path::new(expected), "{path}");
        }
    }
}
