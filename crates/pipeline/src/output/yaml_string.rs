//! How a string is written in YAML (spec/pipeline.md §12.2): the first rule that applies.

use crate::value::Value;
use crate::yaml::resolve;

/// The four ways to write a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// Words that older readers take for booleans.
const OLD_BOOLEANS: [&str; 16] =
    ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF"];

pub(super) fn style(text: &str) -> Style {
    let printable =
        text.chars().all(|character| character == '\t' || character == '\n' || is_printable(character));
    if text.contains('\n') {
        let blank_before_break = text.ends_with(' ') || text.contains(" \n");
        return if blank_before_break || !printable { Style::Double } else { Style::Literal };
    }
    if means_something_else(text) {
        Style::Double
    } else if !printable || text.contains('\t') {
        // What needs escapes can't be written in any other way.
        Style::Double
    } else if needs_quotes(text) {
        Style::Single
    } else {
        Style::Plain
    }
}

/// Whether a reader would not take the plain text for a string.
fn means_something_else(text: &str) -> bool {
    !matches!(resolve::resolve(text), Value::String(_)) || OLD_BOOLEANS.contains(&text) || is_base_60(text)
}

/// `12:30` and `1:2:3.5`, which older readers take for numbers.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = match unsigned.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') => {
            whole
        }
        Some(_) => return false,
        None => unsigned,
    };
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    let first_fits = first.starts_with(|byte: char| byte.is_ascii_digit())
        && first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let sixtieth = |part: &str| match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [ten, digit] => (b'0'..=b'5').contains(ten) && digit.is_ascii_digit(),
        _ => false,
    };
    first_fits && whole.contains(':') && parts.all(sixtieth)
}

/// Whether the plain text would be read as something other than one scalar.
fn needs_quotes(text: &str) -> bool {
    let indicator = match text.as_bytes() {
        [b'-' | b'?' | b':'] | [b'-' | b'?' | b':', b' ', ..] => true,
        [first, ..] => b"#,[]{}&*!|>'\"%@`".contains(first),
        [] => false,
    };
    indicator
        || text.starts_with(' ')
        || text.ends_with([' ', ':'])
        || text.starts_with("---")
        || text.starts_with("...")
        || text.contains(": ")
        || text.contains(" #")
}

/// What is written as it is: nothing beyond U+FFFF, no control characters, no line breaks.
fn is_printable(character: char) -> bool {
    matches!(character, ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

pub(super) fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

pub(super) fn double_quoted(text: &str) -> String {
    let mut out = String::from('"');
    for character in text.chars() {
        match (short_escape(character), u32::from(character)) {
            (Some(short), _) => out.extend(['\\', short]),
            (None, _) if is_printable(character) => out.push(character),
            (None, code @ ..=0xff) => out.push_str(&format!("\\x{code:02X}")),
            (None, code @ ..=0xffff) => out.push_str(&format!("\\u{code:04X}")),
            (None, code) => out.push_str(&format!("\\U{code:08X}")),
        }
    }
    out.push('"');
    out
}

fn short_escape(character: char) -> Option<char> {
    Some(match character {
        '\0' => '0',
        '\x07' => 'a',
        '\x08' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\x0b' => 'v',
        '\x0c' => 'f',
        '\r' => 'r',
        '\x1b' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => return None,
    })
}
