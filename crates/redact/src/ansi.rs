//! Time stamps that terminals don't show (spec/redaction-and-logs.md §12.1).

use jiff::{SignedDuration, Timestamp};

/// A line gets a further stamp when output comes this long after the last one.
const STAMP_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(1);

/// Inserts `ESC _ bk;t=MILLISECONDS BEL` before each line and into lines that take long.
#[derive(Debug, Default)]
pub struct AnsiStamper {
    sequence: Sequence,
    /// Whether a stamp belongs before the next byte.
    due: Due,
    last: Option<Timestamp>,
}

/// When the next stamp is due.
#[derive(Debug, Default, PartialEq, Eq)]
enum Due {
    /// Before the next byte: it begins a line.
    #[default]
    Now,
    /// When the line goes on after a while.
    Later,
}

/// How far into an ANSI sequence the output so far has come.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Sequence {
    #[default]
    None,
    /// After ESC.
    Escape,
    /// After `ESC [`, among parameters.
    Parameters,
    /// After `ESC [` and an intermediate byte.
    Intermediates,
    /// Inside a string such as `ESC ]`.
    Text,
    /// Inside a string, after an ESC that may end it.
    TextEscape,
}

impl AnsiStamper {
    /// A stamper at the beginning of the output.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one write of output that arrived at `now` and hands it to `sink` with its stamps.
    pub fn write(&mut self, output: &[u8], now: Timestamp, mut sink: impl FnMut(&[u8])) {
        let mut rest = self.finish_sequence(output, &mut sink);
        if rest.is_empty() {
            return;
        }
        let late = self.last.is_some_and(|last| now.duration_since(last) > STAMP_AGAIN_AFTER);
        let stamp = format!("\x1b_bk;t={}\x07", now.as_millisecond());
        if late || self.due == Due::Now {
            sink(stamp.as_bytes());
            self.last = Some(now);
        }
        while let Some(end) = line_end(rest) {
            let (line, after) = rest.split_at(end);
            sink(line);
            self.due = Due::Now;
            self.sequence = open_sequence(line);
            rest = self.finish_sequence(after, &mut sink);
            if rest.is_empty() {
                return;
            }
            sink(stamp.as_bytes());
            self.last = Some(now);
        }
        self.due = Due::Later;
        self.sequence = open_sequence(rest);
        sink(rest);
    }

    /// Hands on the end of a sequence that has begun; returns what follows it.
    fn finish_sequence<'a>(&mut self, output: &'a [u8], sink: &mut impl FnMut(&[u8])) -> &'a [u8] {
        if self.sequence == Sequence::None {
            return output;
        }
        let mut used = 0;
        while self.sequence != Sequence::None && used < output.len() {
            self.sequence = self.sequence.after(output[used]);
            used += 1;
        }
        let (end, rest) = output.split_at(used);
        if !end.is_empty() {
            sink(end);
        }
        rest
    }
}

impl Sequence {
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::None, 0x1b) => Self::Escape,
            (Self::None, _) => Self::None,
            (Self::Escape, b'[') => Self::Parameters,
            (Self::Escape, b']' | b'P' | b'X' | b'^' | b'_') => Self::Text,
            (Self::Escape, _) => Self::None,
            (Self::Parameters, 0x30..=0x3f) => Self::Parameters,
            (Self::Parameters | Self::Intermediates, 0x20..=0x2f) => Self::Intermediates,
            (Self::Parameters | Self::Intermediates, _) => Self::None,
            (Self::Text, 0x07) | (Self::TextEscape, b'\\') => Self::None,
            (Self::Text, 0x1b) => Self::TextEscape,
            // Whatever it is: as in the reference, neither BEL nor another ESC counts here.
            (Self::Text | Self::TextEscape, _) => Self::Text,
        }
    }
}

/// Where the first line of `text` ends: after LF, or after a sequence that erases in the line.
fn line_end(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = memchr::memchr2(b'\n', 0x1b, &text[from..]).map(|at| from + at) {
        if text[at] == b'\n' {
            return Some(at + 1);
        }
        match &text[at + 1..] {
            [b'[', b'K', ..] => return Some(at + 3),
            [b'[', b'0' | b'1' | b'2', b'K', ..] => return Some(at + 4),
            _ => from = at + 1,
        }
    }
    None
}

/// The sequence that `text`, which begins outside of one, leaves open.
fn open_sequence(text: &[u8]) -> Sequence {
    let mut state = Sequence::None;
    let mut rest = text;
    while let Some(at) = memchr::memchr(0x1b, rest) {
        state = Sequence::Escape;
        rest = &rest[at + 1..];
        while state != Sequence::None {
            let Some((&byte, after)) = rest.split_first() else { return state };
            state = state.after(byte);
            rest = after;
        }
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes at the given milliseconds; stamps show as `<MILLISECONDS>`.
    fn check(writes: &[(i64, &str)], expected: &str) {
        let mut stamper = AnsiStamper::new();
        let mut out = Vec::new();
        for (milliseconds, text) in writes {
            let now = Timestamp::from_millisecond(*milliseconds).unwrap();
            stamper.write(text.as_bytes(), now, |part| out.extend_from_slice(part));
        }
        let out = String::from_utf8(out).unwrap().replace("\x1b_bk;t=", "<").replace('\x07', ">");
        assert_eq!(out, expected, "{writes:?}");
    }

    #[test]
    fn lines_begin_with_stamps() {
        check(&[(5, "")], "");
        check(&[(5, "a\nb\n")], "<5>a\n<5>b\n");
        check(&[(5, "a\n"), (9, "b")], "<5>a\n<9>b");
        check(&[(5, "\n\n")], "<5>\n<5>\n");
        check(&[(5, "a\rb")], "<5>a\rb");
        check(&[(1, "a\x1b[Kb\x1b[2Kc\x1b[3Kd")], "<1>a\x1b[K<1>b\x1b[2K<1>c\x1b[3Kd");
    }

    #[test]
    fn slow_lines_get_further_stamps() {
        check(&[(0, "a"), (1000, "b"), (1001, "c"), (1002, "d")], "<0>ab<1001>cd");
        check(&[(0, "a\n"), (5000, "b")], "<0>a\n<5000>b");
    }

    #[test]
    fn sequences_stay_whole() {
        check(&[(0, "a\x1b[3"), (5000, "1mb")], "<0>a\x1b[31m<5000>b");
        check(&[(0, "a\x1b"), (5000, "[31"), (7000, "m")], "<0>a\x1b[31m");
        check(&[(0, "a\x1b]0;t"), (5000, "x\x1b"), (6000, "\\b")], "<0>a\x1b]0;tx\x1b\\<6000>b");
        check(&[(0, "a\x1b"), (5000, "7b")], "<0>a\x1b7<5000>b");
        // The erasing sequence was cut, so it does not end the line.
        check(&[(0, "a\x1b["), (1, "Kb")], "<0>a\x1b[Kb");
    }

    /// A line that ends inside a string: the next one gets its stamp when the string is over.
    #[test]
    fn strings_of_several_lines_stay_whole() {
        check(&[(0, "a\x1b]t\nb\x1b\\c\nd")], "<0>a\x1b]t\nb\x1b\\<0>c\n<0>d");
        check(&[(0, "\x1bPa\nb\n"), (5, "c\n"), (9, "\x1b\\d")], "<0>\x1bPa\nb\nc\n\x1b\\<9>d");
        check(&[(0, "\x1b_a\n"), (5, "\x1b\\\nb")], "<0>\x1b_a\n\x1b\\<5>\n<5>b");
        check(&[(0, "\x1b]a\x1b[Kb\x1b\\c")], "<0>\x1b]a\x1b[Kb\x1b\\<0>c");
        check(&[(0, "\x1b]a\n"), (5000, "b"), (9000, "c\n")], "<0>\x1b]a\nbc\n");
        // The line break began in no line of its own, so nothing is due after the string.
        check(&[(0, "\x1b]a"), (5, "\nb\x1b\\c")], "<0>\x1b]a\nb\x1b\\c");
        check(&[(0, "\x1b[1\nm")], "<0>\x1b[1\n<0>m");
        check(&[(0, "\x1b]a\n\x1b\x1b\\b\x1b\x07c\x1b\\d")], "<0>\x1b]a\n\x1b\x1b\\b\x1b>c\x1b\\<0>d");
    }
}
