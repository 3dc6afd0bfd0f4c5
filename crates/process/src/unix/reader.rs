//! Reading a child's output from one or two descriptors until its end, or until told to stop.

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags};
use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::{OutputEnd, Stream};

/// How much is read at once: what a pipe holds.
const BUFFER: usize = 64 * 1024;

/// The parent's ends of a child's output.
#[derive(Debug)]
pub(crate) struct Reader {
    sources: Vec<(Stream, OwnedFd)>,
    /// Sources that have ended. A terminal's end is kept open until its child is gone: a child that has closed its
    /// streams but still runs would be hung up on.
    ended: Vec<OwnedFd>,
    told: PipeReader,
    tell: PipeWriter,
}

/// Makes a reader stop, from another thread.
pub(crate) struct Stopper(Option<PipeWriter>);

impl Stopper {
    pub(crate) fn stop(&self) {
        let Some(tell) = &self.0 else { return };
        // The only reader of this pipe waits for this byte; one that is gone needs none.
        let _ = rustix::io::write(tell, &[0]);
    }
}

impl Reader {
    pub(crate) fn new(sources: Vec<(Stream, OwnedFd)>) -> io::Result<Self> {
        for (_, source) in &sources {
            let flags = rustix::fs::fcntl_getfl(source)?;
            rustix::fs::fcntl_setfl(source, flags | OFlags::NONBLOCK)?;
        }
        let (told, tell) = io::pipe()?;
        Ok(Self { sources, ended: Vec::new(), told, tell })
    }

    pub(crate) fn stopper(&self) -> Stopper {
        Stopper(self.tell.try_clone().ok())
    }

    /// Hands everything to `sink` until all sources have ended.
    pub(crate) fn copy(&mut self, sink: &mut dyn FnMut(Stream, &[u8])) -> OutputEnd {
        let mut buffer = vec![0; BUFFER];
        let mut last_turns = 0..LAST_TURNS;
        loop {
            let over = |(stream, source): &mut (Stream, OwnedFd)| {
                drain(source, *stream, &mut buffer, sink) == More::Never
            };
            self.ended.extend(self.sources.extract_if(.., over).map(|(_, source)| source));
            if self.sources.is_empty() {
                return OutputEnd::Complete;
            }
            if self.wait() == OutputEnd::Abandoned && last_turns.next().is_none() {
                return OutputEnd::Abandoned;
            }
        }
    }

    /// Waits until there is something to read, or the order to stop.
    fn wait(&self) -> OutputEnd {
        let sources = self.sources.iter().map(|(_, source)| source.as_fd());
        let mut fds: Vec<PollFd<'_>> = std::iter::once(self.told.as_fd())
            .chain(sources)
            .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
            .collect();
        while rustix::event::poll(&mut fds, None) == Err(Errno::INTR) {}
        if fds[0].revents().is_empty() { OutputEnd::Complete } else { OutputEnd::Abandoned }
    }
}

/// How often what is there is still read after the order to stop. The sink may have blocked for longer than output is
/// waited for: what the child had written by then is not lost, and who writes without end doesn't hold us forever.
const LAST_TURNS: u32 = 16;

/// Whether a source can still give something.
#[derive(PartialEq, Eq)]
enum More {
    Later,
    Never,
}

/// Reads in a row before looking whether there is an order to stop, or another source.
const TURN: usize = 16;

/// Reads what is there, at most for one turn, and hands it over in one piece: a terminal gives 4 KiB at a time.
fn drain(source: &OwnedFd, stream: Stream, buffer: &mut [u8], sink: &mut dyn FnMut(Stream, &[u8])) -> More {
    let mut filled = 0;
    let mut more = More::Later;
    for _ in 0..TURN {
        match rustix::io::read(source, &mut buffer[filled..]) {
            Ok(length @ 1..) => filled += length,
            Err(Errno::INTR) => continue,
            Err(Errno::AGAIN) => break,
            // EIO is how a terminal ends when nobody has it open any more.
            Ok(0) | Err(_) => {
                more = More::Never;
                break;
            }
        }
        if filled == buffer.len() {
            break;
        }
    }
    if filled > 0 {
        sink(stream, &buffer[..filled]);
    }
    more
}
