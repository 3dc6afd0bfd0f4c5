//! Reading a child's output from one or two descriptors until its end, or until told to stop.

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;

use super::source::{BUFFER, More, Source};
use crate::{OutputEnd, Stream};

/// The parent's ends of a child's output.
#[derive(Debug)]
pub(crate) struct Reader {
    sources: Vec<Source>,
    /// Sources that have ended. A terminal's end is kept open until its child is gone: a child that has closed its
    /// streams but still runs would be hung up on.
    ended: Vec<Source>,
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
    pub(super) fn new(sources: Vec<Source>) -> io::Result<Self> {
        sources.iter().try_for_each(Source::never_block)?;
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
            let over = |source: &mut Source| source.drain(&mut buffer, sink) == More::Never;
            self.ended.extend(self.sources.extract_if(.., over));
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
        let sources = self.sources.iter().map(Source::as_fd);
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
