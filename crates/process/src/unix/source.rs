//! One descriptor of a child's output, read for a turn at a time.

use std::io::{self, PipeReader};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::Stream;

/// How much is read at once: what a pipe holds.
pub(super) const BUFFER: usize = 64 * 1024;

/// The most that a terminal gives at once. Who gets that much may expect more in a moment.
const TERMINAL_PIECE: usize = 4096;

/// How long the pieces of a terminal that is written to without a break are gathered: whoever they are handed to is
/// woken for each hand-over.
const GATHER: Duration = Duration::from_millis(2);

/// Reads in a row before looking whether there is an order to stop, or another source.
const TURN: usize = 32;

/// Whether a source can still give something.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum More {
    Later,
    Never,
}

/// A descriptor of a child's output.
#[derive(Debug)]
pub(super) struct Source {
    stream: Stream,
    fd: OwnedFd,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Pipe,
    /// A pipe in whose bytes line feeds get a carriage return before them; the buffer for the result.
    PipeOfLines(Vec<u8>),
    Terminal,
}

impl Source {
    pub(super) fn pipe(stream: Stream, fd: PipeReader) -> Self {
        Self { stream, fd: fd.into(), kind: Kind::Pipe }
    }

    pub(super) fn terminal(stream: Stream, fd: OwnedFd) -> Self {
        Self { stream, fd, kind: Kind::Terminal }
    }

    /// As a terminal in its usual mode would have given it: LF becomes CR LF.
    pub(super) fn with_terminal_line_ends(self) -> Self {
        Self { kind: Kind::PipeOfLines(Vec::new()), ..self }
    }

    /// Reading it never blocks from now on.
    pub(super) fn never_block(&self) -> io::Result<()> {
        let flags = rustix::fs::fcntl_getfl(&self.fd)?;
        Ok(rustix::fs::fcntl_setfl(&self.fd, flags | OFlags::NONBLOCK)?)
    }

    /// Reads what is there, at most for one turn, and hands it over in one piece.
    pub(super) fn drain(&mut self, buffer: &mut [u8], sink: &mut dyn FnMut(Stream, &[u8])) -> More {
        let (filled, more) = self.fill(buffer);
        if filled > 0 {
            match &mut self.kind {
                Kind::Pipe | Kind::Terminal => sink(self.stream, &buffer[..filled]),
                Kind::PipeOfLines(lines) => {
                    lines.clear();
                    end_lines(&buffer[..filled], lines);
                    sink(self.stream, lines);
                }
            }
        }
        more
    }

    fn fill(&self, buffer: &mut [u8]) -> (usize, More) {
        let mut filled = 0;
        let mut deadline = None;
        let mut said_over = false;
        for _ in 0..TURN {
            match rustix::io::read(&self.fd, &mut buffer[filled..]) {
                Ok(length @ 1..) => filled += length,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if !self.gathers(filled, &mut deadline) => break,
                Err(Errno::AGAIN) => {}
                // EIO is how a terminal ends when nobody has it open any more. Linux looks for output first and for
                // the end after that: what was written in between comes with the next read, and nothing can follow.
                Err(Errno::IO) if !said_over => said_over = true,
                Ok(0) | Err(_) => return (filled, More::Never),
            }
            if filled == buffer.len() {
                break;
            }
        }
        (filled, More::Later)
    }

    /// Waits a moment for the next piece of a terminal that is written to without a break.
    fn gathers(&self, filled: usize, deadline: &mut Option<Instant>) -> bool {
        if !matches!(self.kind, Kind::Terminal) || filled < TERMINAL_PIECE {
            return false;
        }
        let now = Instant::now();
        let left = deadline.get_or_insert(now + GATHER).saturating_duration_since(now);
        let Ok(left) = Timespec::try_from(left) else { return false };
        let mut fds = [PollFd::new(&self.fd, PollFlags::IN)];
        matches!(rustix::event::poll(&mut fds, Some(&left)), Ok(1..))
    }
}

impl AsFd for Source {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Appends `text` to `lines`, each LF as CR LF.
fn end_lines(text: &[u8], lines: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(end) = memchr::memchr(b'\n', rest) {
        lines.extend_from_slice(&rest[..end]);
        lines.extend_from_slice(b"\r\n");
        rest = &rest[end + 1..];
    }
    lines.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_on_a_terminal() {
        let check = |text: &str, expected: &str| {
            let mut lines = Vec::new();
            end_lines(text.as_bytes(), &mut lines);
            assert_eq!(String::from_utf8(lines).unwrap(), expected);
        };
        check("", "");
        check("a", "a");
        check("a\nb\r\n\n\tc\r", "a\r\nb\r\r\n\r\n\tc\r");
    }
}
