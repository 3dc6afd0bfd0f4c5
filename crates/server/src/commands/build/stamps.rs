//! A log for people: without the agent's timestamps, with everything else, colours too.
//!
//! The timestamps are `ESC _bk;t=… BEL` (agent-api.md §11.3). Terminals take what begins like this for a
//! string that only another escape ends, and would swallow the line behind it.

/// How a timestamp begins; digits and the end follow.
const BEGIN: &[u8] = b"\x1b_bk;t=";
const END: u8 = 0x07;

/// Takes timestamps out of a log that comes in pieces.
#[derive(Debug, Default)]
pub(super) struct Unstamped {
    /// What may be the beginning of a timestamp.
    held: Vec<u8>,
}

impl Unstamped {
    /// The bytes without timestamps, but for what may still become one.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            self.byte(byte, &mut out);
        }
        out
    }

    /// What was held back and did not become a timestamp.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }

    fn byte(&mut self, byte: u8, out: &mut Vec<u8>) {
        let held = self.held.len();
        let fits = match BEGIN.get(held) {
            Some(expected) => byte == *expected,
            None => byte.is_ascii_digit() || byte == END,
        };
        if fits && held >= BEGIN.len() && byte == END {
            self.held.clear();
        } else if fits {
            self.held.push(byte);
        } else {
            out.append(&mut self.held);
            // The byte that ended a false beginning can begin a true one.
            if byte == BEGIN[0] { self.held.push(byte) } else { out.push(byte) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_go_and_everything_else_stays() {
        for (log, expected) in [
            ("\x1b_bk;t=1795398731357\x07--- hello\r\n", "--- hello\r\n"),
            ("a\x1b_bk;t=1\x07b\x1b_bk;t=2\x07", "ab"),
            ("\x1b[32mgreen\x1b[0m", "\x1b[32mgreen\x1b[0m"),
            ("\x1b\x1b_bk;t=1\x07x", "\x1bx"),
            ("\x1b_bk;t=1x\x07", "\x1b_bk;t=1x\x07"),
            ("\x1b_other\x07", "\x1b_other\x07"),
            ("end\x1b_bk;t=12", "end\x1b_bk;t=12"),
        ] {
            for cut in 0..=log.len() {
                let mut unstamped = Unstamped::default();
                let mut out = unstamped.push(&log.as_bytes()[..cut]);
                out.extend(unstamped.push(&log.as_bytes()[cut..]));
                out.extend(unstamped.finish());
                assert_eq!(String::from_utf8_lossy(&out), expected, "{log:?} cut at {cut}");
            }
        }
    }
}
