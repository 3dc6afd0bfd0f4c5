//! The configuration file: where it is looked for and how a line of it reads (docs/spec/cli.md §5).

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::os;
use crate::environment::Environment;

/// Lines longer than this end the reading.
const LONGEST_LINE: usize = 64 * 1024;

/// The keys and values of a file, and the file.
#[derive(Debug, Default)]
pub(crate) struct ConfigFile {
    /// As it was looked for; `None` if there is none.
    pub(crate) path: Option<String>,
    keys: BTreeMap<String, String>,
}

/// Why the file can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigFileError {
    #[error("a configuration file could not be found at: \"{0}\"")]
    Missing(String),
    #[error("loading config file: opening file {path}: {source}")]
    Open { path: String, source: io::Error },
    #[error(
        "loading config file: parsing config line {number}: can't separate key from value in string {line:?}, no valid separators (= or :) found"
    )]
    Line { number: usize, line: String },
}

impl ConfigFile {
    /// Reads the file that was asked for, which must exist.
    pub(crate) fn at(path: &str) -> Result<Self, ConfigFileError> {
        if path.is_empty() || !Path::new(path).exists() {
            return Err(ConfigFileError::Missing(path.to_owned()));
        }
        Self::load(path.to_owned(), Path::new(path))
    }

    /// Reads the first file of the places where one is looked for, if there is any.
    pub(crate) fn find(environment: &Environment) -> Result<Self, ConfigFileError> {
        let home = environment.get("HOME").unwrap_or_default();
        let profile = environment.get("USERPROFILE").unwrap_or_default();
        for place in places() {
            let path = PathBuf::from(place.replace("$HOME", &home).replace("$USERPROFILE", &profile));
            if path.exists() {
                return Self::load(place, &path);
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
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.keys.get(key).map(String::as_str)
    }

    fn load(shown: String, path: &Path) -> Result<Self, ConfigFileError> {
        if path.is_dir() {
            return Ok(Self { path: Some(shown), keys: BTreeMap::new() });
        }
        let file = std::fs::File::open(path);
        let file =
            file.map_err(|source| ConfigFileError::Open { path: path.display().to_string(), source })?;
        Ok(Self { path: Some(shown), keys: read(BufReader::new(file))? })
    }
}

/// Beside the program, then the platform's places.
fn places() -> Vec<String> {
    let program = std::env::current_exe().and_then(std::fs::canonicalize).ok();
    let beside = program.and_then(|program| Some(program.parent()?.join("buildkite-agent.cfg")));
    let beside = beside.map(|path| path.to_string_lossy().into_owned());
    beside.into_iter().chain(os::CONFIG_PLACES.iter().map(|&place| place.to_owned())).collect()
}

fn read(mut file: impl BufRead) -> Result<BTreeMap<String, String>, ConfigFileError> {
    let mut keys = BTreeMap::new();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let length = file.read_until(b'\n', &mut line).unwrap_or(0);
        if length == 0 || length > LONGEST_LINE {
            break;
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if let Some((key, value)) = parse(text, number)? {
            keys.insert(key, value);
        }
    }
    Ok(keys)
}

/// Key and value of a line, unless it is blank or a comment.
fn parse(line: &str, number: usize) -> Result<Option<(String, String)>, ConfigFileError> {
    let first = line.trim_start_matches([' ', '\t']);
    if first.is_empty() || first.starts_with('#') {
        return Ok(None);
    }
    let line = without_comment(line);
    let Some((key, value)) = line.split_once('=').or_else(|| line.split_once(':')) else {
        return Err(ConfigFileError::Line { number, line });
    };
    let key = key.strip_prefix("export").unwrap_or(key).trim();
    Ok(Some((key.to_owned(), unquoted(value.trim()))))
}

/// Cuts a trailing comment off. A `#` between quotes is kept: a piece with one lone quote opens or closes them.
fn without_comment(line: &str) -> String {
    let mut open = false;
    let mut kept = Vec::new();
    for (index, piece) in line.split('#').enumerate() {
        let was_open = open;
        let lone = |quote| piece.matches(quote).count() == 1;
        if lone('"') || lone('\'') {
            open = !open;
        }
        if index == 0 || open || was_open {
            kept.push(piece);
        }
    }
    kept.join("#")
}

/// A value with exactly one pair of quotes loses them and has its escapes replaced; any other stays literal.
fn unquoted(value: &str) -> String {
    let pair = |quote| value.matches(quote).count() == 2;
    if !pair('"') && !pair('\'') {
        return value.to_owned();
    }
    value.trim_matches(['"', '\'']).replace("\\\"", "\"").replace("\\n", "\n")
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
            let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
            assert_eq!(parse(line, 1).expect("a readable line"), expected, "{line}");
        }
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
