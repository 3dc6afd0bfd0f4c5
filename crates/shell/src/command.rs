//! A command to run in a job's shell.

use std::ffi::OsString;

use redkite_process::Input;

/// What to run and how it is shown; [`Shell::run`](crate::Shell::run) and its kin run it.
#[derive(Clone, Debug)]
pub struct Command {
    pub(crate) program: OsString,
    pub(crate) args: Vec<OsString>,
    pub(crate) env: Vec<(OsString, OsString)>,
    pub(crate) display: Option<Display>,
    pub(crate) input: Input,
    pub(crate) pty: Pty,
    pub(crate) stderr: Stderr,
    pub(crate) rest: Rest,
}

/// What becomes of a cancelled command's descendants that neither answer the signal nor hold its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// They go on: a user's command may have good reasons.
    Stays,
    /// They are killed.
    Killed,
}

/// Whether and how a command's prompt is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Display {
    /// The command line. What [`Shell::run`](crate::Shell::run) does unless told otherwise.
    CommandLine,
    /// This text, in debug mode the command line. For the user's own command.
    Text(OsString),
    /// Nothing, in debug mode the command line. What [`Shell::capture`](crate::Shell::capture) does unless told
    /// otherwise.
    Debug,
    /// Never anything: the command line holds something that must not be seen.
    Never,
}

/// Whether a command gets a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pty {
    /// As the job is set up.
    AsConfigured,
    /// It doesn't.
    Never,
}

/// Where a captured command's standard error goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stderr {
    /// Into the job log.
    Log,
    /// Nowhere, in debug mode into the job log.
    Hidden,
}

impl Command {
    /// `program`, which is looked up in the job's `PATH`, with `args`.
    pub fn new(program: impl Into<OsString>, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self {
            program: program.into(),
            args: args.into_iter().map(Into::into).collect(),
            env: Vec::new(),
            display: None,
            input: Input::Nothing,
            pty: Pty::AsConfigured,
            stderr: Stderr::Log,
            rest: Rest::Stays,
        }
    }

    /// When it is cancelled, or its time is up, none of its descendants outlives it.
    #[must_use]
    pub fn leaving_nobody(mut self) -> Self {
        self.rest = Rest::Killed;
        self
    }

    /// Sets a variable for this command only.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Sets variables for this command only.
    #[must_use]
    pub fn envs(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.env.extend(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// How its prompt is shown.
    #[must_use]
    pub fn display(mut self, display: Display) -> Self {
        self.display = Some(display);
        self
    }

    /// Gives it something to read; it gets no terminal then.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Input::Bytes(bytes.into());
        self
    }

    /// It gets no terminal.
    #[must_use]
    pub fn without_pty(mut self) -> Self {
        self.pty = Pty::Never;
        self
    }

    /// When it is captured, its standard error is not shown.
    #[must_use]
    pub fn hide_stderr(mut self) -> Self {
        self.stderr = Stderr::Hidden;
        self
    }
}
