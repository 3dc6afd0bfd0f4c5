//! The verbs on Unix.

mod exec;
mod group;
mod interrupts;
mod pty;
mod reader;
mod source;

use std::io;
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::time::Duration;

pub(crate) use group::{GroupHandle, Leader, lower_priority, start};
pub(crate) use interrupts::{Handlers, Swallowing, die_by};
pub(crate) use reader::{Reader, Stopper};
use source::Source;

use crate::{Input, Stream, Streams, Terminal};

/// Signal numbers of this platform.
pub(crate) mod numbers {
    use rustix::process::Signal;

    pub(crate) const HUP: i32 = Signal::HUP.as_raw();
    pub(crate) const INT: i32 = Signal::INT.as_raw();
    pub(crate) const QUIT: i32 = Signal::QUIT.as_raw();
    pub(crate) const ILL: i32 = Signal::ILL.as_raw();
    pub(crate) const TRAP: i32 = Signal::TRAP.as_raw();
    pub(crate) const ABRT: i32 = Signal::ABORT.as_raw();
    pub(crate) const BUS: i32 = Signal::BUS.as_raw();
    pub(crate) const FPE: i32 = Signal::FPE.as_raw();
    pub(crate) const KILL: i32 = Signal::KILL.as_raw();
    pub(crate) const USR1: i32 = Signal::USR1.as_raw();
    pub(crate) const SEGV: i32 = Signal::SEGV.as_raw();
    pub(crate) const USR2: i32 = Signal::USR2.as_raw();
    pub(crate) const PIPE: i32 = Signal::PIPE.as_raw();
    pub(crate) const ALRM: i32 = Signal::ALARM.as_raw();
    pub(crate) const TERM: i32 = Signal::TERM.as_raw();
}

/// Whether there are pseudo-terminals.
pub(crate) const HAS_TERMINALS: bool = true;

/// This process's standard output, each write of which goes out at once.
///
/// # Errors
/// When the system has no descriptor left.
pub fn unbuffered_output() -> io::Result<std::fs::File> {
    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

/// Waits between two attempts to start a program.
#[expect(clippy::disallowed_methods, reason = "nothing announces that a file is no longer open for writing")]
pub(crate) fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

/// Gives the command its output streams and, with a terminal, its session; answers the end to read from.
pub(crate) fn connect(
    command: &mut Command,
    terminal: Terminal,
    input: &Input,
    streams: Streams,
) -> io::Result<Reader> {
    if terminal != Terminal::None {
        return pty::connect(command, terminal, input, streams);
    }
    group::own_group(command);
    let (out, child_out) = io::pipe()?;
    let mut sources = vec![Source::pipe(Stream::Out, out)];
    let child_err = match streams {
        Streams::Merged | Streams::Beside => child_out.try_clone()?,
        Streams::Split => {
            let (err, child_err) = io::pipe()?;
            sources.push(Source::pipe(Stream::Err, err));
            child_err
        }
    };
    command.stdout(Stdio::from(child_out)).stderr(Stdio::from(child_err));
    Reader::new(sources)
}

/// Runs the command in the place of this program; returns only when that failed.
pub(crate) fn replace(command: &mut Command) -> io::Error {
    std::os::unix::process::CommandExt::exec(command)
}
