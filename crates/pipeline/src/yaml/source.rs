//! The text of a stream, and where the library's grammar is not the reference's (spec/pipeline.md §4.1, §4.2).
//!
//! The reference's scanner is that of another libyaml: it ends plain scalars of flow collections at `?`, takes a
//! colon before a bracket or comma for text, knows the escape `\'` and does not know `\/`. What the library alone
//! refuses is hidden behind characters that occur nowhere else in the text, and put back into the scalars.

use std::borrow::Cow;
use std::sync::Arc;

use libyaml_safer::ScalarStyle;

/// How many colons are hidden before one is an error: for each, the stream is read anew.
const MAX_COLONS: usize = 64;

/// What the library reads from.
pub(super) type Reader = std::io::Cursor<Arc<[u8]>>;

/// The text that is parsed.
pub(super) struct Source {
    text: Arc<str>,
    stand_ins: Option<StandIns>,
    colons: usize,
}

/// Characters that are not in the text otherwise.
#[derive(Clone, Copy)]
struct StandIns {
    /// For a colon of a plain scalar.
    colon: char,
    /// For a backslash before a single quote.
    backslash: char,
}

impl Source {
    /// Decodes UTF-8 with or without a byte order mark, and UTF-16 with one. The error is the line, from zero.
    pub(super) fn decode(input: &[u8]) -> Result<Self, usize> {
        let text = match input {
            [0xff, 0xfe, rest @ ..] => Cow::Owned(from_utf16(rest, u16::from_le_bytes)?),
            [0xfe, 0xff, rest @ ..] => Cow::Owned(from_utf16(rest, u16::from_be_bytes)?),
            _ => {
                let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
                let text = std::str::from_utf8(input);
                Cow::Borrowed(text.map_err(|error| lines_before(&input[..error.valid_up_to()]))?)
            }
        };
        Ok(Self { text: text.into(), stand_ins: None, colons: 0 })
    }

    /// The text between two of the library's positions.
    pub(super) fn between(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// A reader of the text as it is now.
    pub(super) fn reader(&self) -> Reader {
        std::io::Cursor::new(Arc::clone(&self.text).into())
    }

    /// Hides what the library refuses at `position`; `None` if the reference refuses it too.
    pub(super) fn hide(&mut self, position: usize) -> Option<()> {
        let stand_ins = match self.stand_ins {
            Some(stand_ins) => stand_ins,
            None => StandIns::not_in(&self.text)?,
        };
        let (before, refused) = self.text.split_at_checked(position)?;
        self.text = if let Some(after) = refused.strip_prefix(':').filter(|_| self.colons < MAX_COLONS) {
            self.colons += 1;
            format!("{before}{}{after}", stand_ins.colon).into()
        } else if refused.starts_with("\\'") {
            format!("{before}{}", hide_escaped_quotes(refused, stand_ins.backslash)).into()
        } else {
            return None;
        };
        self.stand_ins = Some(stand_ins);
        Some(())
    }

    /// A scalar's text with what was hidden in it.
    pub(super) fn restored(&self, text: String, style: ScalarStyle) -> String {
        let Some(StandIns { colon, backslash }) = self.stand_ins else { return text };
        if !text.contains([colon, backslash]) {
            return text;
        }
        let was_escape = style == ScalarStyle::DoubleQuoted;
        text.replace(colon, ":").replace(backslash, if was_escape { "" } else { "\\" })
    }
}

impl StandIns {
    fn not_in(text: &str) -> Option<Self> {
        let lower = text.to_lowercase();
        // An escape in a quoted scalar could name the character.
        let is_free = |candidate: &char| {
            !text.contains(*candidate) && !lower.contains(&format!("{:04x}", u32::from(*candidate)))
        };
        let mut free = ('\u{e000}'..='\u{f8ff}').filter(is_free);
        Some(Self { colon: free.next()?, backslash: free.next()? })
    }
}

/// `text` with `stand_in` for each backslash that escapes a single quote, or would in a quoted scalar.
fn hide_escaped_quotes(text: &str, stand_in: char) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut chars = text.chars().peekable();
    while let Some(character) = chars.next() {
        match (character, chars.peek()) {
            ('\\', Some('\'')) => out.push(stand_in),
            ('\\', Some('\\')) => {
                chars.next();
                out.push_str("\\\\");
            }
            _ => out.push(character),
        }
    }
    out
}

fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, usize> {
    let (pairs, odd) = bytes.as_chunks();
    let text = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<String, _>>();
    text.ok().filter(|_| odd.is_empty()).ok_or(0)
}

fn lines_before(valid: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', valid).count()
}

/// Whether a double-quoted scalar, as written, contains the escape `\/`.
pub(super) fn escapes_slash(written: &str) -> bool {
    let mut bytes = written.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'\\' && bytes.next() == Some(b'/') {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_decoded() {
        let check = |input: &[u8], expected: Result<&str, usize>| {
            assert_eq!(
                Source::decode(input).as_ref().map(|source| &*source.text).map_err(|line| *line),
                expected
            );
        };
        check("a: é".as_bytes(), Ok("a: é"));
        check(b"\xef\xbb\xbfa", Ok("a"));
        check(b"\xff\xfea\0\xe9\0", Ok("aé"));
        check(b"\xfe\xff\0a\0\xe9", Ok("aé"));
        check(b"\xff\xfea\0b", Err(0));
        check(b"a\nb\n\xff", Err(2));
    }

    #[test]
    fn escaped_slashes_are_seen() {
        assert!(escapes_slash(r#""a\/b""#));
        assert!(!escapes_slash(r#""a\\/b/""#));
    }

    #[test]
    fn stand_ins_occur_nowhere() {
        let stand_ins = StandIns::not_in("\u{e000} \\uE001 e003").map(|found| (found.colon, found.backslash));
        assert_eq!(stand_ins, Some(('\u{e002}', '\u{e004}')));
    }
}
