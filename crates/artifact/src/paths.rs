//! Paths as text: the list a user gives, and clean and absolute forms that don't look at the disk.

use std::path::{Component, Path, PathBuf};

/// The pieces of a list of paths, trimmed, without empty ones. An empty delimiter doesn't split.
pub fn split_list<'a>(list: &'a str, delimiter: &'a str) -> impl Iterator<Item = &'a str> {
    let whole = delimiter.is_empty().then_some(list);
    let pieces = (!delimiter.is_empty()).then(|| list.split(delimiter));
    whole.into_iter().chain(pieces.into_iter().flatten()).map(str::trim).filter(|piece| !piece.is_empty())
}

/// The shortest path that means the same, links aside: no `.`, no double slashes, `..` only at the start.
pub(crate) fn clean(path: &str) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in Path::new(path).components() {
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
    clean(&directory.join(path).to_string_lossy())
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
        let split = |list, delimiter| split_list(list, delimiter).collect::<Vec<_>>();
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
            assert_eq!(clean(path), Path::new(expected), "{path}");
        }
    }
}
