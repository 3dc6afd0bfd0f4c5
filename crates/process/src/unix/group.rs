//! Groups and sessions, their signals, and waiting for their leaders.

use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::Command;

use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions};

use super::exec::Image;
use crate::{Ending, Signal};

/// Makes the command the leader of a new group.
pub(super) fn own_group(command: &mut Command) {
    command.process_group(0);
}

/// Which of a child's streams is surely its terminal.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    Input,
    Output,
}

/// Makes the command the leader of a new session whose controlling terminal is that of `anchor`. Everything else of
/// the command must be set.
#[expect(unsafe_code, reason = "only here can code run between fork and exec; it makes three system calls")]
pub(super) fn own_session(command: &mut Command, anchor: Anchor) -> io::Result<()> {
    let image = Image::of(command)?;
    let enter = move || {
        rustix::process::setsid()?;
        rustix::process::ioctl_tiocsctty(match anchor {
            Anchor::Input => rustix::stdio::stdin(),
            Anchor::Output => rustix::stdio::stdout(),
        })?;
        Err(image.execute())
    };
    // SAFETY: the closure allocates nothing, takes no lock and only makes system calls that are
    // async-signal-safe.
    unsafe { command.pre_exec(enter) };
    Ok(())
}

/// Starts the command.
pub(crate) fn start(command: &mut Command) -> io::Result<Leader> {
    command.spawn().map(Leader)
}

/// Adds to a process's niceness, and to that of the processes it will start. One that is gone needs none.
pub(crate) fn lower_priority(leader: &Leader, by: u8) {
    let own = rustix::process::getpriority_process(None).unwrap_or_default();
    let wanted = own.saturating_add(i32::from(by)).min(19);
    rustix::process::setpriority_process(pid(leader.0.id()), wanted).ok();
}

/// The process that was started.
#[derive(Debug)]
pub(crate) struct Leader(std::process::Child);

impl Leader {
    pub(crate) fn group(&self) -> GroupHandle {
        GroupHandle(self.0.id())
    }

    /// Waits for its end but leaves it a zombie, so that its number, and its group's, stay its own.
    pub(crate) fn wait_unreaped(&self) {
        let Some(pid) = pid(self.0.id()) else { return };
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while matches!(rustix::process::waitid(WaitId::Pid(pid), options), Err(Errno::INTR)) {}
    }

    /// Takes its ending.
    pub(crate) fn reap(&mut self) -> Ending {
        match self.0.wait() {
            Ok(status) => match status.signal() {
                Some(number) => Ending::Signalled(Signal::from_number(number)),
                None => Ending::Exited(status.code().unwrap_or(1)),
            },
            // Somebody else has taken it: what it was is not known.
            Err(_) => Ending::Exited(1),
        }
    }
}

/// A group, by its leader's number.
#[derive(Debug)]
pub(crate) struct GroupHandle(u32);

impl GroupHandle {
    pub(crate) fn pid(&self) -> u32 {
        self.0
    }

    /// Sends a signal to all of it; a group that is gone is no error.
    pub(crate) fn deliver(&self, signal: Signal) -> io::Result<()> {
        let Some(group) = pid(self.0) else { return Ok(()) };
        let Some(signal) = rustix::process::Signal::from_named_raw(signal.number()) else {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        };
        match rustix::process::kill_process_group(group, signal) {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn pid(number: u32) -> Option<Pid> {
    i32::try_from(number).ok().and_then(Pid::from_raw)
}
