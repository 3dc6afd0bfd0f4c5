//! The form in which a secret value is looked for (spec/redaction-and-logs.md §3.1, §3.2, §4).

use crate::quoted::quoted;

/// A normalised secret: lines joined by LF, where each LF stands for a run of ASCII white space.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Needle(Vec<u8>);

/// What a stretch of text does to an occurrence that has matched so far.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Advance {
    /// The occurrence ends after this many bytes of the text.
    Complete(usize),
    /// Every byte fitted; the occurrence now stands before this byte of the needle.
    Alive(usize),
    /// A byte did not fit.
    Dead,
}

impl Needle {
    /// The needles of one secret value: itself and its quoted form, without those that are empty.
    pub(crate) fn of_value(value: &[u8]) -> impl Iterator<Item = Self> {
        let plain = Self::normalised(value);
        let escaped = Self::normalised(&quoted(value));
        let differs = escaped != plain;
        [Some(plain), differs.then_some(escaped)].into_iter().flatten().filter(|needle| !needle.0.is_empty())
    }

    /// `value` split at LF, trimmed, without empty lines.
    pub(crate) fn normalised(value: &[u8]) -> Self {
        let lines = value.split(|&byte| byte == b'\n').map(trimmed).filter(|line| !line.is_empty());
        Self(lines.collect::<Vec<_>>().join(&b'\n'))
    }

    /// The first byte; needles that are looked for are never empty.
    pub(crate) fn first_byte(&self) -> u8 {
        self.0[0]
    }

    /// At most `limit` bytes that start every occurrence literally.
    pub(crate) fn literal_prefix(&self, limit: usize) -> &[u8] {
        let line = memchr::memchr(b'\n', &self.0).unwrap_or(self.0.len());
        &self.0[..line.min(limit)]
    }

    /// Continues an occurrence that has matched up to `position` with `text`.
    pub(crate) fn advance(&self, mut position: usize, text: &[u8]) -> Advance {
        for (index, &byte) in text.iter().enumerate() {
            match self.0[position] {
                b'\n' if is_ascii_space(byte) => position += 1,
                wanted if wanted == byte && byte != b'\n' => position += 1,
                _ if position > 0 && self.0[position - 1] == b'\n' && is_ascii_space(byte) => {}
                _ => return Advance::Dead,
            }
            if position == self.0.len() {
                return Advance::Complete(index + 1);
            }
        }
        Advance::Alive(position)
    }
}

impl std::fmt::Debug for Needle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Needle(…)")
    }
}

fn is_ascii_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0b | 0x0c | b'\r' | b' ')
}

/// `line` without Unicode white space at its ends; invalid UTF-8 is not white space.
fn trimmed(line: &[u8]) -> &[u8] {
    let leading = match line.utf8_chunks().next() {
        Some(chunk) => chunk.valid().len() - chunk.valid().trim_start().len(),
        None => 0,
    };
    let line = &line[leading..];
    let trailing = match line.utf8_chunks().last() {
        Some(chunk) if chunk.invalid().is_empty() => chunk.valid().len() - chunk.valid().trim_end().len(),
        _ => 0,
    };
    &line[..line.len() - trailing]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_normalised() {
        let check = |value: &[u8], expected: &[u8]| assert_eq!(Needle::normalised(value).0, expected);
        check(b"  pw \n", b"pw");
        check(b" a \r\n\n\t b\r\n", b"a\nb");
        check("\u{a0}x\u{85}".as_bytes(), b"x");
        check(b"a\rb", b"a\rb");
        check(b"\xff ", b"\xff");
        check(b" \xa0", b"\xa0");
        check(b" \n\t", b"");
    }

    #[test]
    fn a_line_break_stands_for_a_run_of_white_space() {
        let needle = Needle::normalised(b"a\nb c");
        let check = |text: &[u8], expected| assert_eq!(needle.advance(0, text), expected);
        check(b"a\nb c", Advance::Complete(5));
        check(b"a \r\n\t\x0bb c!", Advance::Complete(9));
        check(b"ab c", Advance::Dead);
        check(b"a b  c", Advance::Dead);
        check(b"a\n", Advance::Alive(2));
        check(b"a\n  ", Advance::Alive(2));
        check(b"a\nb\nc", Advance::Dead);
    }
}
