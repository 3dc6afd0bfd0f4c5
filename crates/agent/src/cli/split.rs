//! Tells the flags of a command line from its arguments (docs/spec/cli.md §2).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use super::GoDuration;
use super::definition::{Definition, Flag, Kind};
use super::values::{Malformed, boolean, integer};

/// What was typed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Typed {
    /// The values of each flag that occurs, in order.
    pub(crate) flags: BTreeMap<String, Vec<OsString>>,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) help: bool,
}

/// Why a command line can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SplitError {
    #[error("bad flag syntax: {0}")]
    Syntax(String),
    #[error("flag provided but not defined: -{0}")]
    Unknown(String),
    #[error("flag needs an argument: -{0}")]
    NoValue(String),
    #[error("invalid boolean value {value:?} for -{flag}: {why}")]
    Boolean { flag: String, value: String, why: Malformed },
    #[error("invalid value {value:?} for flag -{flag}: {why}")]
    Value { flag: String, value: String, why: Malformed },
}

/// A word as it may be meant.
enum Word<'a> {
    /// `--name` or `-name`, perhaps with `=value`.
    Flag {
        name: Cow<'a, str>,
        value: Option<OsString>,
    },
    /// Two dashes: no flags follow.
    End,
    /// Dashes in front of nothing that could be a name.
    Malformed,
    Argument,
}

/// Reads the words from left to right: flags are known anywhere before `--`, unknown ones only after an argument,
/// where they are arguments themselves.
pub(crate) fn split(words: Vec<OsString>, definition: &Definition) -> Result<Typed, SplitError> {
    let mut typed = Typed::default();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match read(&word) {
            Word::End => {
                typed.arguments.extend(words);
                break;
            }
            Word::Flag { name, value } if name == "help" || name == "h" => {
                typed.help = value.is_none_or(|v| boolean(&redkite_text::shown(&v)) == Ok(true))
            }
            Word::Flag { name, value } => match definition.flag(&name) {
                Some(flag) => {
                    let value = value_of(flag, value, &mut words)?;
                    typed.flags.entry(flag.name.clone()).or_default().push(value);
                }
                None if typed.arguments.is_empty() => return Err(SplitError::Unknown(name.into_owned())),
                None => {
                    drop(name);
                    typed.arguments.push(word);
                }
            },
            Word::Malformed if typed.arguments.is_empty() => {
                return Err(SplitError::Syntax(redkite_text::into_shown(word)));
            }
            Word::Malformed | Word::Argument => typed.arguments.push(word),
        }
    }
    Ok(typed)
}

fn read(word: &OsStr) -> Word<'_> {
    let Some(rest) = word.as_encoded_bytes().strip_prefix(b"-") else { return Word::Argument };
    let rest = match rest.strip_prefix(b"-") {
        Some([]) => return Word::End,
        Some(rest) => rest,
        None if rest.is_empty() => return Word::Argument,
        None => rest,
    };
    if rest.starts_with(b"-") || rest.starts_with(b"=") {
        return Word::Malformed;
    }
    let (name, value) = match rest.iter().position(|byte| *byte == b'=') {
        Some(equals) => (&rest[..equals], Some(redkite_text::from_bytes(&rest[equals + 1..]))),
        None => (rest, None),
    };
    Word::Flag { name: redkite_text::shown_bytes(name), value }
}

/// A flag's value, which is attached, implied (booleans) or the next word, whatever that looks like.
fn value_of(
    flag: &Flag,
    attached: Option<OsString>,
    words: &mut impl Iterator<Item = OsString>,
) -> Result<OsString, SplitError> {
    let value = match attached {
        Some(value) => value,
        None if flag.kind == Kind::Bool => "true".into(),
        None => words.next().ok_or_else(|| SplitError::NoValue(flag.name.clone()))?,
    };
    let text = redkite_text::shown(&value);
    let (name, shown) = (|| flag.name.clone(), || text.clone().into_owned());
    let refused = |why| SplitError::Value { flag: name(), value: shown(), why };
    match flag.kind {
        Kind::Bool => {
            let unreadable = |why| SplitError::Boolean { flag: name(), value: shown(), why };
            boolean(&text).map(drop).map_err(unreadable)?;
        }
        Kind::Int => drop(integer(&text).map_err(refused)?),
        Kind::Duration => drop(text.parse::<GoDuration>().map_err(refused)?),
        Kind::Text | Kind::FilePath | Kind::CommandPath | Kind::List | Kind::SplitList => {}
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::definition::sample;

    fn check(words: &[&str], expected: &str) {
        let words = words.iter().map(OsString::from).collect::<Vec<_>>();
        let shown = match split(words.clone(), &sample::definition()) {
            Err(error) => error.to_string(),
            Ok(Typed { flags, arguments, help }) => {
                let joined = |values: &[OsString], separator: &str| {
                    redkite_text::into_shown(redkite_text::join(values, separator))
                };
                let flags: Vec<_> =
                    flags.iter().map(|(name, values)| format!("{name}={}", joined(values, "+"))).collect();
                let arguments = joined(&arguments, " ");
                format!("{} | {arguments}{}", flags.join(" "), if help { " | help" } else { "" })
            }
        };
        assert_eq!(shown, expected, "{words:?}");
    }

    #[test]
    fn flags_are_told_from_arguments() {
        check(&["a", "b", "--text", "t"], "text=t | a b");
        check(&["-text=t", "a", "--", "--text", "x"], "text=t | a --text x");
        check(&["--text", "--flag", "a"], "text=--flag | a");
        check(&["--text", "one", "--text="], "text=one+ | ");
        check(&["--flag", "false"], "flag=true | false");
        check(&["a", "--flag", "b"], "flag=true | a b");
        check(&["--flag=F"], "flag=F | ");
        check(&["--list", "a,b", "-list", "c"], "list=a,b+c | ");
        check(&["a", "--unknown", "-5", "---x", "-"], " | a --unknown -5 ---x -");
        check(&["a", "-h"], " | a | help");
        check(&["--text", "--help"], "text=--help | ");
        check(&["--number", "-0x10"], "number=-0x10 | ");
    }

    #[test]
    #[cfg(unix)]
    fn bytes_that_are_no_text_pass() {
        let word = |bytes: &[u8]| redkite_text::from_bytes(bytes);
        let words =
            vec![word(b"--text=a=\xff"), word(b"--list"), word(b"\xfe"), word(b"\xfd"), word(b"--\xff")];
        let typed = split(words, &sample::definition()).expect("a readable line");
        assert_eq!(typed.flags["text"], [word(b"a=\xff")]);
        assert_eq!(typed.flags["list"], [word(b"\xfe")]);
        assert_eq!(typed.arguments, [word(b"\xfd"), word(b"--\xff")]);
        let unknown = split(vec![word(b"--\xff\xfe=x")], &sample::definition()).expect_err("no such flag");
        assert_eq!(unknown.to_string(), "flag provided but not defined: -\u{fffd}\u{fffd}");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        check(&["--unknown", "a"], "flag provided but not defined: -unknown");
        check(&["-5"], "flag provided but not defined: -5");
        check(&["---text"], "bad flag syntax: ---text");
        check(&["--=x"], "bad flag syntax: --=x");
        check(&["a", "--text"], "flag needs an argument: -text");
        check(&["--flag=yes"], "invalid boolean value \"yes\" for -flag: parse error");
        check(&["--number", "1.5"], "invalid value \"1.5\" for flag -number: parse error");
        check(
            &["--number", "99999999999999999999"],
            "invalid value \"99999999999999999999\" for flag -number: value out of range",
        );
    }
}
