//! Signals by name, number and the words people read.

use std::fmt;

use crate::os::numbers;

/// A signal, by its number on this platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Signal(i32);

/// A name that is no signal a job can be cancelled with (spec/job.md §1.1, `--cancel-signal`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown signal {0:?}")]
pub struct UnknownSignal(pub String);

/// Number, name and description of every signal that has one of its own.
const TABLE: &[(i32, &str, &str)] = &[
    (numbers::HUP, "SIGHUP", "hangup"),
    (numbers::INT, "SIGINT", "interrupt"),
    (numbers::QUIT, "SIGQUIT", "quit"),
    (numbers::ILL, "SIGILL", "illegal instruction"),
    (numbers::TRAP, "SIGTRAP", "trace/breakpoint trap"),
    (numbers::ABRT, "SIGABRT", "aborted"),
    (numbers::BUS, "SIGBUS", "bus error"),
    (numbers::FPE, "SIGFPE", "floating point exception"),
    (numbers::KILL, "SIGKILL", "killed"),
    (numbers::USR1, "SIGUSR1", "user defined signal 1"),
    (numbers::SEGV, "SIGSEGV", "segmentation fault"),
    (numbers::USR2, "SIGUSR2", "user defined signal 2"),
    (numbers::PIPE, "SIGPIPE", "broken pipe"),
    (numbers::ALRM, "SIGALRM", "alarm clock"),
    (numbers::TERM, "SIGTERM", "terminated"),
];

/// The signals a job may be cancelled with.
const CANCEL: &[Signal] =
    &[Signal::HUP, Signal::INT, Signal::QUIT, Signal::KILL, Signal::USR1, Signal::USR2, Signal::TERM];

impl Signal {
    /// Hang-up.
    pub const HUP: Self = Self(numbers::HUP);
    /// Interrupt, Ctrl-C.
    pub const INT: Self = Self(numbers::INT);
    /// Quit, Ctrl-\.
    pub const QUIT: Self = Self(numbers::QUIT);
    /// Kill: cannot be caught.
    pub const KILL: Self = Self(numbers::KILL);
    /// User defined 1.
    pub const USR1: Self = Self(numbers::USR1);
    /// User defined 2.
    pub const USR2: Self = Self(numbers::USR2);
    /// Terminate.
    pub const TERM: Self = Self(numbers::TERM);

    /// The signal with this number, known or not.
    pub const fn from_number(number: i32) -> Self {
        Self(number)
    }

    /// One of the signals that `--cancel-signal` accepts, in any case (spec/job.md §1.1).
    pub fn from_cancel_name(name: &str) -> Result<Self, UnknownSignal> {
        let wanted = name.to_uppercase();
        CANCEL
            .iter()
            .copied()
            .find(|signal| signal.name() == wanted)
            .ok_or_else(|| UnknownSignal(name.to_owned()))
    }

    /// Its number on this platform.
    pub const fn number(self) -> i32 {
        self.0
    }

    /// Its name, such as `SIGTERM`; the number for one without a name.
    pub fn name(self) -> String {
        self.entry().map_or_else(|| self.0.to_string(), |(_, name, _)| (*name).to_owned())
    }

    fn entry(self) -> Option<&'static (i32, &'static str, &'static str)> {
        TABLE.iter().find(|(number, _, _)| *number == self.0)
    }
}

/// What it did to a process: `killed`, `terminated`, `signal 34`.
impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.entry() {
            Some((_, _, description)) => f.write_str(description),
            None => write!(f, "signal {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_words() {
        for (signal, name, words) in [
            (Signal::TERM, "SIGTERM", "terminated"),
            (Signal::KILL, "SIGKILL", "killed"),
            (Signal::from_number(64), "64", "signal 64"),
        ] {
            assert_eq!((signal.name().as_str(), signal.to_string().as_str()), (name, words));
        }
    }

    #[test]
    fn cancel_signals_by_name_in_any_case() {
        assert_eq!(Signal::from_cancel_name("sigint"), Ok(Signal::INT));
        assert_eq!(Signal::from_cancel_name("SIGSEGV"), Err(UnknownSignal("SIGSEGV".into())));
        assert_eq!(Signal::from_cancel_name("TERM"), Err(UnknownSignal("TERM".into())));
    }
}
