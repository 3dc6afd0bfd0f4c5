//! Lines, cut out of a stream that comes in pieces.

use std::time::SystemTime;

/// A longer line becomes several records.
const LONGEST: usize = 64 * 1024;

/// One stream's unfinished line.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    bytes: Vec<u8>,
    /// When its first byte came.
    since: Option<SystemTime>,
}

/// A line, or a piece of a long one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) text: String,
    /// When its first byte came.
    pub(crate) since: SystemTime,
}

impl Assembler {
    /// Takes what came `now`; answers the lines that it completes.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], now: SystemTime) -> Vec<Line> {
        let mut lines = Vec::new();
        while !bytes.is_empty() {
            self.since.get_or_insert(now);
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let room = LONGEST - self.bytes.len();
            match end {
                // A carriage return before the line's end does not count.
                Some(end) if end <= room || (end == room + 1 && bytes[end - 1] == b'\r') => {
                    self.bytes.extend_from_slice(&bytes[..end]);
                    bytes = &bytes[end + 1..];
                    if self.bytes.last() == Some(&b'\r') {
                        self.bytes.pop();
                    }
                    lines.extend(self.take_all());
                }
                _ if bytes.len() <= room => {
                    self.bytes.extend_from_slice(bytes);
                    bytes = &[];
                }
                _ => {
                    self.bytes.extend_from_slice(&bytes[..room]);
                    bytes = &bytes[room..];
                    lines.push(self.take_piece(now));
                }
            }
        }
        lines
    }

    /// What has no line end yet, if there is anything.
    pub(crate) fn flush(&mut self) -> Option<Line> {
        if self.bytes.is_empty() { None } else { self.take_all() }
    }

    fn take_all(&mut self) -> Option<Line> {
        let text = lossy(std::mem::take(&mut self.bytes));
        Some(Line { text, since: self.since.take()? })
    }

    /// A piece of a long line; a character that it would cut goes into the next.
    fn take_piece(&mut self, now: SystemTime) -> Line {
        let end = match std::str::from_utf8(&self.bytes) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.bytes.len(),
        };
        let rest = self.bytes.split_off(end);
        let line =
            Line { text: lossy(std::mem::replace(&mut self.bytes, rest)), since: self.since.unwrap_or(now) };
        self.since = Some(now);
        line
    }
}

fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    fn at(second: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(second)
    }

    /// Feeds one piece a second; answers lines with the seconds of their first bytes, then what is left.
    fn run(pieces: &[&[u8]]) -> (Vec<(String, u64)>, Option<String>) {
        let mut assembler = Assembler::default();
        let mut lines = Vec::new();
        for (second, piece) in (0..).zip(pieces) {
            for line in assembler.feed(piece, at(second)) {
                let since = line.since.duration_since(UNIX_EPOCH).expect("after it").as_secs();
                lines.push((line.text, since));
            }
        }
        (lines, assembler.flush().map(|line| line.text))
    }

    fn check(pieces: &[&str], expected: &[(&str, u64)], left: Option<&str>) {
        let bytes: Vec<&[u8]> = pieces.iter().map(|piece| piece.as_bytes()).collect();
        let (lines, rest) = run(&bytes);
        let lines: Vec<(&str, u64)> = lines.iter().map(|(text, since)| (text.as_str(), *since)).collect();
        assert_eq!((lines.as_slice(), rest.as_deref()), (expected, left), "{pieces:?}");
    }

    #[test]
    fn lines_and_their_times() {
        check(&["a\nb", "c\n", "\r\n\n"], &[("a", 0), ("bc", 0), ("", 2), ("", 2)], None);
        check(&["a\r\r\n", "b\r", "\n"], &[("a\r", 0), ("b", 1)], None);
        check(&["a\rb\n", "tail"], &[("a\rb", 0)], Some("tail"));
        check(&["", ""], &[], None);
    }

    #[test]
    fn long_lines_come_in_pieces() {
        let full = "x".repeat(LONGEST);
        check(&[&format!("{full}\n")], &[(&full, 0)], None);
        check(&[&format!("{full}\r\n")], &[(&full, 0)], None);
        check(&[&full, "y\n"], &[(&full, 1 - 1), ("y", 1)], None);
        check(&[&format!("{full}y"), "\n"], &[(&full, 0), ("y", 0)], None);
        let short = "x".repeat(LONGEST - 1);
        check(&[&format!("{short}é\n")], &[(&short, 0), ("é", 0)], None);
    }

    #[test]
    fn bytes_that_are_no_text() {
        assert_eq!(run(&[b"a\xffb\n"]).0, [("a\u{fffd}b".to_owned(), 0)]);
    }

    #[test]
    fn cuts_do_not_matter() {
        let text = format!("one\r\n\n{}\nlast", "z".repeat(LONGEST + 5));
        let whole = run(&[text.as_bytes()]);
        for size in [1, 2, 3, 1000, LONGEST] {
            let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            let texts =
                |lines: &[(String, u64)]| lines.iter().map(|(text, _)| text.clone()).collect::<Vec<_>>();
            let cut = run(&pieces);
            assert_eq!((texts(&cut.0), cut.1), (texts(&whole.0), whole.1.clone()), "{size}");
        }
    }
}
