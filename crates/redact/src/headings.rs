//! Which lines are headings, and when they appeared (spec/redaction-and-logs.md §13).

use jiff::Timestamp;

/// More of a line is never needed to tell what it is, colours in front of it included.
const HEAD_LEN: usize = 4096;

/// What a line of a job log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// Opens a group: `---`, `+++` or `~~~` and white space.
    Heading,
    /// Opens the group it stands in: `^^^ +++`.
    Expansion,
    /// Anything else.
    Text,
}

/// Tells what a line is, colours aside. Its end, which may be there, is no white space of its own.
pub fn line_kind(line: &[u8]) -> LineKind {
    let line = line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line));
    let head = without_colours(line, "^^^ +++".len());
    match head.as_slice() {
        [b'^', b'^', b'^', space, b'+', b'+', b'+', ..] if is_space(*space) => LineKind::Expansion,
        [a @ (b'-' | b'+' | b'~'), b, c, space, ..] if a == b && b == c && is_space(*space) => {
            LineKind::Heading
        }
        _ => LineKind::Text,
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

/// The first `wanted` bytes of `line` that don't belong to `ESC [ (digits and ;)? (m|K)`.
fn without_colours(line: &[u8], wanted: usize) -> Vec<u8> {
    let mut head = Vec::with_capacity(wanted);
    let mut rest = line;
    while head.len() < wanted {
        let Some((&byte, after)) = rest.split_first() else { break };
        rest = match colour_len(rest) {
            Some(len) => &rest[len..],
            None => {
                head.push(byte);
                after
            }
        };
    }
    head
}

fn colour_len(text: &[u8]) -> Option<usize> {
    let parameters = text.strip_prefix(b"\x1b[")?;
    let len = parameters.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
    matches!(parameters.get(len)?, b'm' | b'K').then_some(len + 3)
}

/// Numbers the headings of an output and notes when each was complete.
#[derive(Debug, Default)]
pub struct HeadingTimes {
    head: Vec<u8>,
    next: usize,
}

impl HeadingTimes {
    /// At the beginning of the output.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at output that arrived at `now`; calls `found` with each heading's number, from 0, and time.
    ///
    /// The time is written as on the wire: RFC 3339 in UTC, nanoseconds without trailing zeros.
    pub fn write(&mut self, output: &[u8], now: Timestamp, mut found: impl FnMut(usize, String)) {
        let mut rest = output;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.keep(&rest[..=end]);
            self.end_line(now, &mut found);
            rest = &rest[end + 1..];
        }
        self.keep(rest);
    }

    /// Ends the output: a last line without an end counts too.
    pub fn finish(&mut self, now: Timestamp, mut found: impl FnMut(usize, String)) {
        self.end_line(now, &mut found);
    }

    fn keep(&mut self, part: &[u8]) {
        let room = HEAD_LEN.saturating_sub(self.head.len());
        self.head.extend_from_slice(&part[..part.len().min(room)]);
    }

    fn end_line(&mut self, now: Timestamp, found: &mut impl FnMut(usize, String)) {
        if line_kind(&self.head) == LineKind::Heading {
            found(self.next, now.to_string());
            self.next += 1;
        }
        self.head.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        let check = |line: &str, expected| assert_eq!(line_kind(line.as_bytes()), expected, "{line:?}");
        check("--- a", LineKind::Heading);
        check("+++\ta", LineKind::Heading);
        check("~~~ a\r\n", LineKind::Heading);
        check("---\n", LineKind::Text);
        check("---\r\n", LineKind::Text);
        check("---\r\r\n", LineKind::Heading);
        check("--- \n", LineKind::Heading);
        check("---", LineKind::Text);
        check("--- ", LineKind::Heading);
        check("---a", LineKind::Text);
        check(" --- a", LineKind::Text);
        check("--+ a", LineKind::Text);
        check("\x1b[90m---\x1b[0;1m a\x1b[0m", LineKind::Heading);
        check("\x1b[K--- a", LineKind::Heading);
        check("\x1b[2J--- a", LineKind::Text);
        check("^^^ +++", LineKind::Expansion);
        check("^^^\t+++ x", LineKind::Expansion);
        check("^^^+++", LineKind::Text);
        check("", LineKind::Text);
    }

    #[test]
    fn headings_are_numbered_and_timed() {
        let mut times = HeadingTimes::new();
        let mut seen = Vec::new();
        let writes =
            [("--- a\ntext\n+", "2024-01-02T03:04:05Z"), ("++ b\n^^^ +++\n~~~ c", "2024-01-02T03:04:05.12Z")];
        for (text, now) in writes {
            times.write(text.as_bytes(), now.parse().unwrap(), |number, time| seen.push((number, time)));
        }
        times.finish("2024-01-02T03:04:06Z".parse().unwrap(), |number, time| seen.push((number, time)));
        let expected =
            [(0, "2024-01-02T03:04:05Z"), (1, "2024-01-02T03:04:05.12Z"), (2, "2024-01-02T03:04:06Z")];
        assert_eq!(seen, expected.map(|(number, time)| (number, time.to_owned())));
    }
}
