//! A job's log as lines: bytes in, in pieces of any size; complete lines out, as a terminal would leave them.
//!
//! Escape sequences go, the agent's timestamps (`ESC _ bk;t=… BEL`) among them. They end with BEL, which no
//! general terminal parser accepts for that kind, hence this small one.

/// Longer lines are cut into pieces of this size, so that a log without line ends takes bounded memory.
const LONGEST: usize = 64 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Text,
    Escape,
    /// `ESC` and an intermediate byte: one more byte follows.
    Charset,
    /// `ESC [` … final byte.
    Control,
    /// `ESC ]`, `ESC _`, `ESC P`, `ESC ^`, `ESC X` … BEL or `ESC \`.
    String,
    StringEscape,
}

/// Turns one job's log into lines.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    at: At,
    line: Vec<u8>,
    /// A carriage return came; what comes next, unless a line feed, overwrites the line.
    returned: bool,
}

impl Default for Lines {
    fn default() -> Self {
        Self { at: At::Text, line: Vec::new(), returned: false }
    }
}

impl Lines {
    /// The lines that `bytes` completes.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut complete = Vec::new();
        for &byte in bytes {
            self.byte(byte, &mut complete);
        }
        complete
    }

    /// What stands on the last, unfinished line.
    pub(crate) fn partial(&self) -> Option<String> {
        (!self.line.is_empty()).then(|| readable(&self.line))
    }

    /// The last line, when the log ends without a line end.
    pub(crate) fn finish(&mut self) -> Option<String> {
        let last = self.partial();
        self.line.clear();
        last
    }

    fn byte(&mut self, byte: u8, complete: &mut Vec<String>) {
        self.at = match (self.at, byte) {
            // Also inside an unfinished sequence: it must not swallow the rest of the log.
            (_, b'\n') => {
                self.end_line(complete);
                At::Text
            }
            (At::String, 0x07) => At::Text,
            (At::String, 0x1b) => At::StringEscape,
            (At::String, _) => At::String,
            (At::StringEscape, b'\\') => At::Text,
            (At::StringEscape, _) => At::String,
            (_, 0x1b) => At::Escape,
            (At::Escape, b'[') => At::Control,
            (At::Escape, b']' | b'_' | b'P' | b'^' | b'X') => At::String,
            (At::Escape, 0x20..=0x2f) => At::Charset,
            (At::Escape | At::Charset, _) | (At::Control, 0x40..=0x7e) => At::Text,
            (At::Control, _) => At::Control,
            (At::Text, _) => {
                self.text(byte, complete);
                At::Text
            }
        };
    }

    fn text(&mut self, byte: u8, complete: &mut Vec<String>) {
        match byte {
            b'\r' => self.returned = true,
            0x08 => self.erase(),
            b'\t' | 0x20..=0x7e | 0x80.. => {
                if std::mem::take(&mut self.returned) {
                    self.line.clear();
                }
                self.line.push(byte);
                if self.line.len() >= LONGEST {
                    self.end_line(complete);
                }
            }
            _ => {}
        }
    }

    fn erase(&mut self) {
        while let Some(byte) = self.line.pop() {
            if byte & 0xc0 != 0x80 {
                break;
            }
        }
    }

    fn end_line(&mut self, complete: &mut Vec<String>) {
        self.returned = false;
        complete.push(readable(&self.line));
        self.line.clear();
    }
}

fn readable(line: &[u8]) -> String {
    String::from_utf8_lossy(line).chars().filter(|char| !char.is_control() || *char == '\t').collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(log: &[u8]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut all = lines.push(log);
        all.extend(lines.finish());
        all
    }

    #[test]
    fn shows_what_a_terminal_would_leave() {
        for (log, expected) in [
            ("one\ntwo\n", vec!["one", "two"]),
            ("no end", vec!["no end"]),
            ("\x1b_bk;t=1700000000000\x07hello\r\n", vec!["hello"]),
            ("\x1b_bk;t=1\x07\x1b[32mgreen\x1b[0m\r\r\n", vec!["green"]),
            ("10%\r50%\r100%\n", vec!["100%"]),
            ("\x1b]1338;url='x'\x1b\\link\n", vec!["link"]),
            ("\x1b(Bascii\x1b=\n", vec!["ascii"]),
            ("abé\x08c\n", vec!["abc"]),
            ("bell\x07 tab\there\n\n", vec!["bell tab\there", ""]),
            ("$ echo\x1b[90m# x\x1b[0m", vec!["$ echo# x"]),
        ] {
            assert_eq!(lines(log.as_bytes()), expected, "{log:?}");
        }
        assert_eq!(lines(b"bad \xff byte\n"), ["bad \u{fffd} byte"]);
    }

    #[test]
    fn cuts_a_line_without_end() {
        let lines = lines(&vec![b'x'; LONGEST + 10]);
        assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), [LONGEST, 10]);
    }

    proptest! {
        #[test]
        fn cutting_elsewhere_changes_nothing(log: Vec<u8>, cut: prop::sample::Index) {
            let cut = cut.index(log.len() + 1);
            let mut pieces = Lines::default();
            let mut all = pieces.push(&log[..cut]);
            all.extend(pieces.push(&log[cut..]));
            all.extend(pieces.finish());
            prop_assert_eq!(all, lines(&log));
        }
    }
}
