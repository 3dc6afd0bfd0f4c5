//! Time stamps in front of lines (spec/redaction-and-logs.md §12.2).

use jiff::Timestamp;

use crate::headings::{LineKind, line_kind};

/// Writes `[TIME] ` before each line that is neither a heading nor an expansion, one complete line at a time.
#[derive(Debug, Default)]
pub struct LineStamper {
    line: Vec<u8>,
}

impl LineStamper {
    /// At the beginning of the output.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes output that arrived at `now`; hands complete lines to `sink`.
    pub fn write(&mut self, output: &[u8], now: Timestamp, mut sink: impl FnMut(&[u8])) {
        let mut stamp = Stamp::new(now);
        let mut rest = output;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.line.extend_from_slice(&rest[..end]);
            self.end_line(&mut stamp, &mut sink);
            rest = &rest[end + 1..];
        }
        self.line.extend_from_slice(rest);
    }

    /// Ends the output: a last line without an end gets one.
    pub fn finish(&mut self, now: Timestamp, mut sink: impl FnMut(&[u8])) {
        if !self.line.is_empty() {
            self.end_line(&mut Stamp::new(now), &mut sink);
        }
    }

    fn end_line(&mut self, stamp: &mut Stamp, sink: &mut impl FnMut(&[u8])) {
        if self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        self.line.push(b'\n');
        if line_kind(&self.line) == LineKind::Text {
            sink(stamp.text().as_bytes());
        }
        sink(&self.line);
        self.line.clear();
    }
}

/// A time, written once for all lines that arrived with it.
struct Stamp {
    time: Timestamp,
    text: Option<String>,
}

impl Stamp {
    fn new(time: Timestamp) -> Self {
        Self { time, text: None }
    }

    fn text(&mut self) -> &str {
        self.text.get_or_insert_with(|| self.time.strftime("[%Y-%m-%dT%H:%M:%SZ] ").to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_stamped_when_they_are_complete() {
        let mut stamper = LineStamper::new();
        let mut out = Vec::new();
        let at = |seconds: i64| Timestamp::from_second(1_704_164_645 + seconds).unwrap();
        stamper.write(b"a\r\n--- h\nb", at(0), |part| out.extend_from_slice(part));
        assert_eq!(out, b"[2024-01-02T03:04:05Z] a\n--- h\n");
        stamper.write(b"c\r\r\n\n^^^ +++\nlast", at(1), |part| out.extend_from_slice(part));
        stamper.finish(at(2), |part| out.extend_from_slice(part));
        stamper.finish(at(3), |part| out.extend_from_slice(part));
        let expected = "[2024-01-02T03:04:05Z] a\n--- h\n[2024-01-02T03:04:06Z] bc\r\n\
                        [2024-01-02T03:04:06Z] \n^^^ +++\n[2024-01-02T03:04:07Z] last\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
