//! How a command can fail, and the one place that turns a failure into words and an exit status (docs/spec/cli.md §9).

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write;
use std::process::ExitCode;

use crate::output::Output;

/// What a command ends with when it does not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// `buildkite-agent: fatal: <message>` on standard error, status 1.
    Message(String),
    /// The message alone on standard error, with this status: option errors (§8), a refused acquisition.
    Bare { message: String, status: u8 },
    /// The command line can't be read (§2, §3): the page goes to standard output, the reason to standard error.
    Usage { page: String, reason: String },
    /// A page printed to standard error as it is, status 1: a wrong number of arguments of `lock …`.
    Page(String),
    /// Nothing is printed: everything was said already, or the status says it.
    Silent(u8),
    /// A FATAL log line, status 1.
    Logged(String),
    /// The process ends by this signal, so that its parent sees the same end (§17).
    Signal(i32),
}

impl Failure {
    /// A failure that `buildkite-agent: fatal:` introduces.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self::Message(message.into())
    }

    /// An option error: printed bare, status 1 (§8).
    pub(crate) fn option(message: impl Into<String>) -> Self {
        Self::Bare { message: message.into(), status: 1 }
    }

    /// Says what there is to say and names the exit status. Nothing else in the program decides either.
    pub(crate) fn report(self) -> ExitCode {
        if let Self::Signal(signal) = self {
            redkite_process::die_by(redkite_process::Signal::from_number(signal));
        }
        ExitCode::from(self.report_to(&mut Output::default(), &mut std::io::stderr().lock()))
    }

    /// The same where others stand for this process's output and error.
    pub(crate) fn report_to(self, out: &mut Output, err: &mut dyn Write) -> u8 {
        let mut say = |text: &str, status| {
            err.write_all(text.as_bytes()).ok();
            status
        };
        match self {
            Self::Message(message) => say(&format!("buildkite-agent: fatal: {message}\n"), 1),
            Self::Bare { message, status } => say(&format!("{message}\n"), status),
            Self::Page(page) => say(&page, 1),
            Self::Usage { page, reason } => {
                out.text(&page).ok();
                say(&format!("buildkite-agent: fatal: {reason}\n"), 1)
            }
            Self::Silent(status) => status,
            Self::Logged(message) => {
                tracing::error!(target: crate::logging::FATAL, "{message}");
                1
            }
            // A signal that did not end us after all leaves the status a shell would report for it.
            Self::Signal(signal) => u8::try_from(128 + signal).unwrap_or(255),
        }
    }
}

/// Any error fails a command with its message and those of its causes.
impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Message(chain(&error))
    }
}

/// Adds what was being done to an error that ends the command: `<what>: <error>`.
pub(crate) trait OrFail<T> {
    /// `self`, or a failure that begins with `what`.
    fn or_fail(self, what: impl std::fmt::Display) -> Result<T, Failure>;
}

impl<T, E: Error> OrFail<T> for Result<T, E> {
    fn or_fail(self, what: impl std::fmt::Display) -> Result<T, Failure> {
        self.map_err(|error| Failure::Message(format!("{what}: {}", chain(&error))))
    }
}

/// An error and its causes on one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Libraries that repeat their cause in their own message are not quoted twice.
        let said = error.to_string();
        if !text.ends_with(&said) {
            write!(text, ": {said}").expect("writing to a string");
        }
        cause = error.source();
    }
    text
}
