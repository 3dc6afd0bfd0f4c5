//! Paths in options: variables, the home directory, absolute form (docs/spec/cli.md §6).

use std::convert::Infallible;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use super::os;
use crate::environment::Environment;

/// An option that names a file or folder: expanded and absolute, or empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct FilePath(String);

/// An option that may be a path or a command line: absolute only if the whole of it exists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CommandPath(String);

macro_rules! path_option {
    ($name:ident) => {
        impl $name {
            /// The text; empty when the option is.
            pub(crate) fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Infallible;

            /// Takes text that was expanded before: see [`file_path`] and [`command_path`].
            fn from_str(text: &str) -> Result<Self, Infallible> {
                Ok(Self(text.to_owned()))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    };
}
path_option!(FilePath);
path_option!(CommandPath);

impl FilePath {
    /// The path, unless the option is empty.
    pub(crate) fn path(&self) -> Option<&Path> {
        (!self.0.is_empty()).then(|| Path::new(&self.0))
    }
}

/// `~name` names somebody else's home, which is not looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot expand user-specific home dir")]
pub(crate) struct OthersHome;

/// The form a `filepath` option is used in. Empty stays empty.
pub(crate) fn file_path(text: &str, environment: &Environment) -> Result<String, OthersHome> {
    if text.is_empty() {
        return Ok(String::new());
    }
    Ok(absolute(&expanded(text, environment)?))
}

/// The form a `commandpath` option is used in.
pub(crate) fn command_path(text: &str, environment: &Environment) -> Result<String, OthersHome> {
    let expanded = expanded(text, environment)?;
    let exists = !expanded.is_empty() && Path::new(&expanded).exists();
    Ok(if exists { absolute(&expanded) } else { expanded })
}

/// The home directory of the user database, or else `$HOME`.
pub(crate) fn home_directory(environment: &Environment) -> String {
    os::home_of_current_user().or_else(|| environment.get("HOME")).unwrap_or_default()
}

fn expanded(text: &str, environment: &Environment) -> Result<String, OthersHome> {
    let text = expand_variables(text, |name| environment.get(name).unwrap_or_default());
    let Some(rest) = text.strip_prefix('~') else { return Ok(text) };
    if !(rest.is_empty() || rest.starts_with(['/', '\\'])) {
        return Err(OthersHome);
    }
    let home = home_directory(environment);
    Ok(format!("{home}{rest}"))
}

/// Replaces `$NAME`, `${NAME}` and the shell's one-character names; what can't be a name stays.
fn expand_variables(text: &str, value: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let (name, length) = variable_name(rest);
        match name {
            Some(name) => out.push_str(&value(name)),
            None if length == 0 => out.push('$'),
            None => {}
        }
        rest = &rest[length..];
    }
    out + rest
}

/// The name at the start of `text`, after the dollar, and how many bytes it takes; braces without a name take
/// bytes, but name nothing.
fn variable_name(text: &str) -> (Option<&str>, usize) {
    if let Some(inner) = text.strip_prefix('{') {
        return match inner.find('}') {
            Some(0) => (None, 2),
            Some(end) => (Some(&inner[..end]), end + 2),
            None => (None, 1),
        };
    }
    let is_special = |c: char| c.is_ascii_digit() || "*#$@!?-".contains(c);
    if text.starts_with(is_special) {
        return (Some(&text[..1]), 1);
    }
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    ((end > 0).then(|| &text[..end]), end)
}

/// Absolute against the working directory and without `.`, `..` and double separators, on the text alone.
pub(crate) fn absolute(text: &str) -> String {
    let path =
        std::path::absolute(if text.is_empty() { "." } else { text }).unwrap_or_else(|_| PathBuf::from(text));
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(clean.pop()),
            Component::CurDir => {}
            other => clean.push(other),
        }
    }
    clean.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_expanded() {
        let value = |name: &str| match name {
            "A" => "x".to_owned(),
            "1" => "one".to_owned(),
            _ => String::new(),
        };
        let cases = [
            ("/$A/${A}b", "/x/xb"),
            ("$UNSET/b", "/b"),
            ("${}a", "a"),
            ("${A", "A"),
            ("$1$A", "onex"),
            ("a$/b$", "a$/b$"),
            ("$$x", "x"),
        ];
        for (text, expected) in cases {
            assert_eq!(expand_variables(text, value), expected, "{text}");
        }
    }

    #[test]
    fn file_paths_are_absolute_and_clean() {
        let environment = Environment::from([("D", "/data")]);
        assert_eq!(file_path("", &environment).as_deref(), Ok(""));
        assert_eq!(file_path("$D//a/../b/.", &environment).as_deref(), Ok("/data/b"));
        assert_eq!(file_path("~nobody/x", &environment), Err(OthersHome));
        assert_eq!(command_path("cat /etc/hostname", &environment).as_deref(), Ok("cat /etc/hostname"));
    }
}
