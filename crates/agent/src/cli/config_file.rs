//! The configuration file: where it is looked for and how a line of it reads (docs/spec/cli.md §5).

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::{os, paths};
use crate::environment::Environment;

/// Lines longer than this end the reading.
const LONGEST_LINE: usize = 64 * 1024;

/// The keys and values of a file, and the file.
#[derive(Debug, Default)]
pub(crate) struct ConfigFile {
    /// As it was looked for; `None` if there is none.
    pub(crate) path: Option<PathBuf>,
    keys: BTreeMap<String, OsString>,
}

/// Why the file can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigFileError {
    #[error("a configuration file could not be found at: \"{}\"", .0.display())]
    Missing(PathBuf),
    #[error("loading config file: opening file {}: {source}", path.display())]
    Open { path: PathBuf, source: io::Error },
    #[error(
        "loading config file: parsing config line {number}: can't separate key from value in string {line:?}, no valid separators (= or :) found"
    )]
    Line { number: usize, line: String },
}

impl ConfigFile {
    /// Reads the file that was asked for, which must exist.
    pub(crate) fn at(path: &Path) -> Result<Self, ConfigFileError> {
        if path.as_os_str().is_empty() || !path.exists() {
            return Err(ConfigFileError::Missing(path.to_owned()));
        }
        Self::load(path.to_owned(), path)
    }

    /// Reads the first file of the places where one is looked for, if there is any.
    pub(crate) fn find(environment: &Environment) -> Result<Self, ConfigFileError> {
        for (shown, path) in places(environment) {
            if path.exists() {
                return Self::load(shown, &path);
            }
        }
        Ok(Self::default())
    }

    /// A file of this text.
    #[cfg(test)]
    pub(super) fn of(text: &str) -> Self {
        Self { path: None, keys: read(text.as_bytes()).expect("a readable file") }
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&OsStr> {
        self.keys.get(key).map(OsString::as_os_str)
    }

    fn load(shown: PathBuf, path: &Path) -> Result<Self, ConfigFileError> {
        if path.is_dir() {
            return Ok(Self { path: Some(shown), keys: BTreeMap::new() });
        }
        let file = std::fs::File::open(path);
        let file = file.map_err(|source| ConfigFileError::Open { path: path.to_owned(), source })?;
        Ok(Self { path: Some(shown), keys: read(BufReader::new(file))? })
    }
}

/// Beside the program, then the platform's places: as they are shown, and where they are.
fn places(environment: &Environment) -> impl Iterator<Item = (PathBuf, PathBuf)> {
    let program = std::env::current_exe().and_then(std::fs::canonicalize).ok();
    let beside = program.and_then(|program| Some(program.parent()?.join("buildkite-agent.cfg")));
    let value = |name: &str| environment.value(name).unwrap_or_default();
    let places = os::CONFIG_PLACES
        .iter()
        .map(move |place| (place.into(), paths::expand_variables(place.as_ref(), value).into()));
    beside.map(|path| (path.clone(), path)).into_iter().chain(places)
}

fn read(mut file: impl BufRead) -> Result<BTreeMap<String, OsString>, ConfigFileError> {
    let mut keys = BTreeMap::new();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let length = file.read_until(b'\n', &mut line).unwrap_or(0);
        if length == 0 || length > LONGEST_LINE {
            break;
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if let Some((key, value)) = parse(text, number)? {
            keys.insert(key, value);
        }
    }
    Ok(keys)
}

/// Key and value of a line, unless it is blank or a comment.
fn parse(line: &[u8], number: usize) -> Result<Option<(String, OsString)>, ConfigFileError> {
    let first = line.iter().find(|byte| !matches!(byte, b' ' | b'\t'));
    if first.is_none_or(|first| *first == b'#') {
        return Ok(None);
    }
    let line = redkite_text::from_bytes(without_comment(line));
    let pair = redkite_text::split_once(&line, b'=').or_else(|| redkite_text::split_once(&line, b':'));
    let Some((key, value)) = pair else {
        return Err(ConfigFileError::Line { number, line: redkite_text::into_shown(line) });
    };
    let key = redkite_text::into_shown(key);
    let key = key.strip_prefix("export").unwrap_or(&key).trim();
    Ok(Some((key.to_owned(), unquoted(redkite_text::trimmed(&value)))))
}

/// Cuts a trailing comment off. A `#` between quotes is kept: a piece with one lone quote opens or closes them.
fn without_comment(line: &[u8]) -> Vec<u8> {
    let mut open = false;
    let mut kept = Vec::new();
    for (index, piece) in line.split(|byte| *byte == b'#').enumerate() {
        let was_open = open;
        if count(piece, b'"') == 1 || count(piece, b'\'') == 1 {
            open = !open;
        }
        if index == 0 || open || was_open {
            kept.push(piece);
        }
    }
    kept.join(&b'#')
}

fn count(text: &[u8], wanted: u8) -> usize {
    text.iter().filter(|byte| **byte == wanted).count()
}

/// A value with exactly one pair of quotes loses them and has its escapes replaced; any other stays literal.
fn unquoted(value: OsString) -> OsString {
    let bytes = value.as_encoded_bytes();
    if count(bytes, b'"') != 2 && count(bytes, b'\'') != 2 {
        return value;
    }
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'');
    let start = bytes.iter().position(|byte| !is_quote(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !is_quote(byte)).map_or(start, |last| last + 1);
    let mut plain = Vec::with_capacity(end - start);
    let mut rest = bytes[start..end].iter().copied().peekable();
    while let Some(byte) = rest.next() {
        let escaped = match (byte, rest.peek()) {
            (b'\\', Some(b'"')) => Some(b'"'),
            (b'\\', Some(b'n')) => Some(b'\n'),
            _ => None,
        };
        if escaped.is_some() {
            rest.next();
        }
        plain.push(escaped.unwrap_or(byte));
    }
    redkite_text::from_bytes(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_key_and_a_value() {
        let cases = [
            ("name=a", Some(("name", "a"))),
            ("  name = \"a b\" ", Some(("name", "a b"))),
            ("name: a", Some(("name", "a"))),
            ("name: a=b", Some(("name: a", "b"))),
            ("exportname=a", Some(("name", "a"))),
            ("export name=a", Some(("name", "a"))),
            (" export name=a", Some(("export name", "a"))),
            ("# a=b", None),
            (" \t", None),
            ("a=x # note", Some(("a", "x"))),
            ("a=\"x#y\"", Some(("a", "x#y"))),
            ("a='b' # it's", Some(("a", "'b' # it's"))),
            ("a=\"a\\\"b\"", Some(("a", "\"a\\\"b\""))),
            ("a='x\\ny'", Some(("a", "x\ny"))),
            ("a=", Some(("a", ""))),
            ("; a=b", Some(("; a", "b"))),
        ];
        for (line, expected) in cases {
            let expected = expected.map(|(key, value)| (key.to_owned(), OsString::from(value)));
            assert_eq!(parse(line.as_bytes(), 1).expect("a readable line"), expected, "{line}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn bytes_that_are_no_text_stay() {
        let value = |line: &[u8]| parse(line, 1).expect("a readable line").expect("no comment").1;
        assert_eq!(value(b"a = \xff\xfe # x"), redkite_text::from_bytes(&b"\xff\xfe"[..]));
        assert_eq!(value(b"a = '\xff\\n\xfe'"), redkite_text::from_bytes(&b"\xff\n\xfe"[..]));
    }

    #[test]
    fn a_line_without_separator_is_named_with_its_number() {
        let error = read("a=1\r\n\nnothing\n".as_bytes()).expect_err("no separator");
        assert!(
            error
                .to_string()
                .contains("parsing config line 3: can't separate key from value in string \"nothing\"")
        );
    }

    #[test]
    fn reading_ends_at_a_line_that_is_too_long() {
        let long = format!("a=1\nb={}\nc=3\n", "x".repeat(LONGEST_LINE));
        assert_eq!(read(long.as_bytes()).expect("readable").len(), 1);
    }
}
