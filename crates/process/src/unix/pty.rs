//! A pseudo-terminal as a child's controlling terminal.

use std::io;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use rustix::fs::{Mode, OFlags};
use rustix::pty::OpenptFlags;
use rustix::termios::{OptionalActions, Winsize};

use super::group::{self, Anchor};
use super::{Reader, Source};
use crate::{Input, Stream, Streams, Terminal};

/// Size of every terminal (spec/job.md §4).
const SIZE: Winsize = Winsize { ws_row: 100, ws_col: 160, ws_xpixel: 0, ws_ypixel: 0 };

/// Gives the command a new terminal as its streams and its controlling terminal.
pub(super) fn connect(
    command: &mut Command,
    terminal: Terminal,
    input: &Input,
    streams: Streams,
) -> io::Result<Reader> {
    let (main, child) = open(terminal)?;
    let main = Source::terminal(Stream::Out, main);
    if *input == Input::Nothing {
        command.stdin(Stdio::from(child.try_clone()?));
        if streams == Streams::Beside {
            return beside(command, terminal, main);
        }
    }
    command.stdout(Stdio::from(child.try_clone()?)).stderr(Stdio::from(child));
    group::own_session(command, Anchor::Output)?;
    Reader::new(vec![main])
}

/// The terminal is the command's standard input already; its output goes through a pipe.
fn beside(command: &mut Command, terminal: Terminal, main: Source) -> io::Result<Reader> {
    let (out, child_out) = io::pipe()?;
    command.stdout(Stdio::from(child_out.try_clone()?)).stderr(Stdio::from(child_out));
    group::own_session(command, Anchor::Input)?;
    let out = Source::pipe(Stream::Out, out);
    let out = if terminal == Terminal::RawPty { out } else { out.with_terminal_line_ends() };
    Reader::new(vec![main, out])
}

fn open(terminal: Terminal) -> io::Result<(OwnedFd, OwnedFd)> {
    // Not every system can open it with close-on-exec at once.
    let main = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    rustix::io::fcntl_setfd(&main, rustix::io::FdFlags::CLOEXEC)?;
    rustix::pty::grantpt(&main)?;
    rustix::pty::unlockpt(&main)?;
    let name = rustix::pty::ptsname(&main, Vec::new())?;
    let child = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::termios::tcsetwinsize(&child, SIZE)?;
    if terminal == Terminal::RawPty {
        let mut modes = rustix::termios::tcgetattr(&child)?;
        modes.make_raw();
        rustix::termios::tcsetattr(&child, OptionalActions::Now, &modes)?;
    }
    Ok((main, child))
}
