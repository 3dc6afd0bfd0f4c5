//! The text of a stream, and where its grammar is older than the library's (spec/pipeline.md §4.1, §4.2).
//!
//! The reference's scanner is that of an older libyaml: it ends plain scalars of flow collections at `?`, takes
//! a colon before a bracket or comma for text, and does not know the escape `\/`.

use std::sync::Arc;

/// How often a colon is restored: each time the stream is read anew.
pub(super) const MAX_RESTORED: usize = 64;

/// What the library reads from.
pub(super) type Reader = std::io::Cursor<Arc<[u8]>>;

/// The text that is parsed.
pub(super) struct Source {
    text: Arc<str>,
    /// Stands for a colon that the library would refuse; it is not in the text otherwise.
    stand_in: Option<char>,
}

impl Source {
    /// Decodes UTF-8 with or without a byte order mark, and UTF-16 with one.
    pub(super) fn decode(input: &[u8]) -> Result<Self, usize> {
        let text = match input {
            [0xff, 0xfe, rest @ ..] => from_utf16(rest, u16::from_le_bytes)?,
            [0xfe, 0xff, rest @ ..] => from_utf16(rest, u16::from_be_bytes)?,
            _ => {
                let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
                let text = std::str::from_utf8(input);
                text.map_err(|error| lines_before(&input[..error.valid_up_to()]))?.to_owned()
            }
        };
        Ok(Self { text: text.into(), stand_in: None })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// A reader of the text as it is now.
    pub(super) fn reader(&self) -> Reader {
        std::io::Cursor::new(Arc::clone(&self.text).into())
    }

    /// Lets something stand in for the colon at a position (counted in characters).
    pub(super) fn hide_colon(&mut self, position: usize) -> Option<()> {
        let stand_in = match self.stand_in {
            Some(stand_in) => stand_in,
            None => ('\u{e000}'..'\u{f8ff}').find(|candidate| !self.text.contains(*candidate))?,
        };
        self.stand_in = Some(stand_in);
        let (at, _) = self.text.char_indices().nth(position).filter(|(_, character)| *character == ':')?;
        self.text = format!("{}{stand_in}{}", &self.text[..at], &self.text[at + 1..]).into();
        Some(())
    }

    /// A plain scalar with its colons.
    pub(super) fn restored(&self, plain: String) -> String {
        match self.stand_in {
            Some(stand_in) if plain.contains(stand_in) => plain.replace(stand_in, ":"),
            _ => plain,
        }
    }
}

fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, usize> {
    let (pairs, odd) = bytes.as_chunks();
    let text = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<String, _>>();
    text.ok().filter(|_| odd.is_empty()).ok_or(0)
}

fn lines_before(valid: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', valid).count()
}

/// Turns positions in characters, which only grow, into positions in bytes.
#[derive(Default)]
pub(super) struct Cursor {
    characters: usize,
    bytes: usize,
}

impl Cursor {
    /// The text between two positions; empty if they are out of order.
    pub(super) fn between<'a>(&mut self, text: &'a str, start: usize, end: usize) -> &'a str {
        let start = self.advance(text, start);
        let end = self.advance(text, end);
        text.get(start..end).unwrap_or_default()
    }

    fn advance(&mut self, text: &str, position: usize) -> usize {
        let ahead = position.saturating_sub(self.characters);
        let rest = &text[self.bytes..];
        self.bytes += rest.char_indices().nth(ahead).map_or(rest.len(), |(at, _)| at);
        self.characters += ahead;
        self.bytes
    }
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
            assert_eq!(Source::decode(input).as_ref().map(Source::text).map_err(|line| *line), expected);
        };
        check("a: é".as_bytes(), Ok("a: é"));
        check(b"\xef\xbb\xbfa", Ok("a"));
        check(b"\xff\xfea\0\xe9\0", Ok("aé"));
        check(b"\xfe\xff\0a\0\xe9", Ok("aé"));
        check(b"\xff\xfea\0b", Err(0));
        check(b"a\nb\n\xff", Err(2));
    }

    #[test]
    fn positions_are_found() {
        let mut cursor = Cursor::default();
        let text = "aé🚀b";
        assert_eq!(cursor.between(text, 1, 3), "é🚀");
        assert_eq!(cursor.between(text, 3, 9), "b");
        assert_eq!(cursor.between(text, 1, 2), "");
    }

    #[test]
    fn escaped_slashes_are_seen() {
        assert!(escapes_slash(r#""a\/b""#));
        assert!(!escapes_slash(r#""a\\/b/""#));
    }
}
