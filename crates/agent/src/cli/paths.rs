//! Paths in options: variables, the home directory, absolute form (docs/spec/cli.md §6).

use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

use clap::builder::{MapValueParser, OsStringValueParser, TypedValueParser, ValueParserFactory};

use super::os;
use crate::environment::Environment;

/// An option that names a file or folder: expanded and absolute, or empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct FilePath(PathBuf);

impl FilePath {
    /// The path, which may be empty.
    pub(crate) fn as_path(&self) -> &Path {
        &self.0
    }

    /// The path, unless the option is empty.
    pub(crate) fn path(&self) -> Option<&Path> {
        (!self.0.as_os_str().is_empty()).then_some(&self.0)
    }
}

/// An option that may be a path or a command line: absolute only if the whole of it exists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CommandPath(OsString);

impl CommandPath {
    /// The text; empty when the option is.
    pub(crate) fn as_os_str(&self) -> &OsStr {
        &self.0
    }
}

/// Values were expanded before: see [`file_path`] and [`command_path`].
macro_rules! path_option {
    ($name:ident) => {
        impl From<OsString> for $name {
            fn from(value: OsString) -> Self {
                Self(value.into())
            }
        }

        impl ValueParserFactory for $name {
            type Parser = MapValueParser<OsStringValueParser, fn(OsString) -> Self>;

            fn value_parser() -> Self::Parser {
                OsStringValueParser::new().map(Self::from)
            }
        }
    };
}
path_option!(FilePath);
path_option!(CommandPath);

/// `~name` names somebody else's home, which is not looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot expand user-specific home dir")]
pub(crate) struct OthersHome;

/// The form a `filepath` option is used in. Empty stays empty.
pub(crate) fn file_path(text: &OsStr, environment: &Environment) -> Result<PathBuf, OthersHome> {
    if text.is_empty() {
        return Ok(PathBuf::new());
    }
    Ok(absolute(&expanded(text, environment)?))
}

/// The form a `commandpath` option is used in.
pub(crate) fn command_path(text: &OsStr, environment: &Environment) -> Result<OsString, OthersHome> {
    let expanded = expanded(text, environment)?;
    let exists = !expanded.is_empty() && Path::new(&expanded).exists();
    Ok(if exists { absolute(&expanded).into() } else { expanded })
}

/// The home directory of the user database, or else `$HOME`.
pub(crate) fn home_directory(environment: &Environment) -> OsString {
    let named = || environment.value("HOME").map(OsStr::to_owned);
    os::home_of_current_user().or_else(named).unwrap_or_default()
}

fn expanded(text: &OsStr, environment: &Environment) -> Result<OsString, OthersHome> {
    let text = expand_variables(text, |name| environment.value(name).unwrap_or_default());
    let Some(rest) = text.as_encoded_bytes().strip_prefix(b"~") else { return Ok(text) };
    if !matches!(rest.first(), None | Some(b'/' | b'\\')) {
        return Err(OthersHome);
    }
    let mut path = home_directory(environment);
    path.push(redkite_text::from_bytes(rest));
    Ok(path)
}

/// Replaces `$NAME`, `${NAME}` and the shell's one-character names; what can't be a name stays.
pub(super) fn expand_variables<'a>(text: &OsStr, value: impl Fn(&str) -> &'a OsStr) -> OsString {
    let mut rest = text.as_encoded_bytes();
    let Some(mut at) = rest.iter().position(|byte| *byte == b'$') else { return text.to_owned() };
    let mut out = Vec::with_capacity(rest.len());
    loop {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        let (name, length) = variable_name(rest);
        match name {
            Some(name) => out.extend_from_slice(value(&redkite_text::shown_bytes(name)).as_encoded_bytes()),
            None if length == 0 => out.push(b'$'),
            None => {}
        }
        rest = &rest[length..];
        let Some(next) = rest.iter().position(|byte| *byte == b'$') else { break };
        at = next;
    }
    out.extend_from_slice(rest);
    redkite_text::from_bytes(out)
}

/// The name at the start of `text`, after the dollar, and how many bytes it takes; braces without a name take
/// bytes, but name nothing.
fn variable_name(text: &[u8]) -> (Option<&[u8]>, usize) {
    if let Some(inner) = text.strip_prefix(b"{") {
        return match inner.iter().position(|byte| *byte == b'}') {
            Some(0) => (None, 2),
            Some(end) => (Some(&inner[..end]), end + 2),
            None => (None, 1),
        };
    }
    let is_special = |byte: &u8| byte.is_ascii_digit() || b"*#$@!?-".contains(byte);
    if text.first().is_some_and(is_special) {
        return (Some(&text[..1]), 1);
    }
    let ends = |byte: &u8| !(byte.is_ascii_alphanumeric() || *byte == b'_');
    let end = text.iter().position(ends).unwrap_or(text.len());
    ((end > 0).then(|| &text[..end]), end)
}

/// Absolute against the working directory and without `.`, `..` and double separators, on the text alone.
pub(crate) fn absolute(text: &OsStr) -> PathBuf {
    let path = Path::new(if text.is_empty() { ".".as_ref() } else { text });
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(clean.pop()),
            Component::CurDir => {}
            other => clean.push(other),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_expanded() {
        let value = |name: &str| match name {
            "A" => OsStr::new("x"),
            "1" => OsStr::new("one"),
            _ => OsStr::new(""),
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
            assert_eq!(expand_variables(text.as_ref(), value), expected, "{text}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn bytes_that_are_no_text_stay() {
        let text = |bytes: &[u8]| redkite_text::from_bytes(bytes);
        let environment: Environment = [("D".into(), text(b"/\xff"))].into_iter().collect();
        let path = file_path(&text(b"$D/x/../\xfe"), &environment);
        assert_eq!(path, Ok(text(b"/\xff/\xfe").into()));
    }

    #[test]
    fn file_paths_are_absolute_and_clean() {
        let environment = Environment::from([("D", "/data")]);
        let file = |text: &str| file_path(text.as_ref(), &environment);
        assert_eq!(file("").as_deref(), Ok("".as_ref()));
        assert_eq!(file("$D//a/../b/.").as_deref(), Ok("/data/b".as_ref()));
        assert_eq!(file("~nobody/x"), Err(OthersHome));
        let command = command_path("cat /etc/hostname".as_ref(), &environment);
        assert_eq!(command.as_deref(), Ok("cat /etc/hostname".as_ref()));
    }
}
