//! Where a plugin comes from, in full (spec/pipeline.md §8.2).

use std::borrow::Cow;

/// `docker#v5` as `github.com/buildkite-plugins/docker-buildkite-plugin#v5`; paths and URLs as they are.
pub fn full_source(source: &str) -> Cow<'_, str> {
    let relative = Relative::parse(source).and_then(|reference| reference.expanded());
    relative.map_or(Cow::Borrowed(source), Cow::Owned)
}

/// A source that is neither a path nor a URL with a scheme.
struct Relative {
    path: String,
    fragment: String,
}

impl Relative {
    fn parse(source: &str) -> Option<Self> {
        if source.is_empty()
            || source.starts_with(['/', '.', '\\'])
            || source.bytes().any(|byte| byte.is_ascii_control())
        {
            return None;
        }
        let (reference, fragment) = source.split_once('#').unwrap_or((source, ""));
        let path = reference.split('?').next().unwrap_or(reference);
        // A colon in the first segment ends a scheme, or makes the reference malformed.
        if path.split('/').next().is_some_and(|segment| segment.contains(':')) {
            return None;
        }
        Some(Self { path: decoded(path)?, fragment: decoded(fragment)? })
    }

    fn expanded(&self) -> Option<String> {
        let path = self.path.strip_prefix('/').unwrap_or(&self.path);
        let segments: Vec<&str> = path.split('/').collect();
        let (organisation, name) = match segments.as_slice() {
            [name] => ("buildkite-plugins", *name),
            [organisation, name] => (*organisation, *name),
            _ => return None,
        };
        let mark = if self.fragment.is_empty() { "" } else { "#" };
        Some(cleaned(&format!("github.com/{organisation}/{name}-buildkite-plugin{mark}{}", self.fragment)))
    }
}

/// Percent escapes decoded; `None` if one is not whole.
fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let hex = part.get(..2).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(hex, 16).ok()?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// A slash path without empty, `.` and `..` segments.
fn cleaned(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => match segments.last() {
                Some(&last) if last != ".." => {
                    segments.pop();
                }
                _ => segments.push(segment),
            },
            other => segments.push(other),
        }
    }
    if segments.is_empty() { ".".to_owned() } else { segments.join("/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_expanded() {
        let check = |source: &str, expected: &str| assert_eq!(full_source(source), expected, "{source}");
        check("docker", "github.com/buildkite-plugins/docker-buildkite-plugin");
        check("docker#v5", "github.com/buildkite-plugins/docker-buildkite-plugin#v5");
        check("docker#", "github.com/buildkite-plugins/docker-buildkite-plugin");
        check("docker#a#b", "github.com/buildkite-plugins/docker-buildkite-plugin#a#b");
        check("acme/x", "github.com/acme/x-buildkite-plugin");
        check("o/x-buildkite-plugin", "github.com/o/x-buildkite-plugin-buildkite-plugin");
        check("foo/", "github.com/foo/-buildkite-plugin");
        check("foo%2Fbar", "github.com/foo/bar-buildkite-plugin");
        check("o/r#refs/heads/x", "github.com/o/r-buildkite-plugin#refs/heads/x");
        check("d#x/", "github.com/buildkite-plugins/d-buildkite-plugin#x");
        check("d#a//b", "github.com/buildkite-plugins/d-buildkite-plugin#a/b");
        check("d#a/../b", "github.com/buildkite-plugins/b");
        check("d?q#v", "github.com/buildkite-plugins/d-buildkite-plugin#v");
        for same in [
            "",
            "a/b/c",
            "./p",
            "/p",
            "\\p",
            "https://h/x.git#v1",
            "git@host:o/r.git",
            "foo:bar",
            "1x:y",
            "foo%zz",
            "d#%z",
        ] {
            check(same, same);
        }
    }
}
