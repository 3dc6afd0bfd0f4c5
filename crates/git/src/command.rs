//! Git commands in the job's shell, their failures told apart.
use crate::classify::Operation;
use crate::error::CheckoutError;
use crate::reaction::Retried;
use redkite_shell::{Command, Display, RunError, Shell, quoted};
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// A git command line, piece by piece.
#[derive(Clone, Debug, Default)]
pub(crate) struct Args(Vec<OsString>);

impl Args {
    pub(crate) fn new<S: Into<OsString>>(words: impl IntoIterator<Item = S>) -> Self {
        Self::default().and(words)
    }

    /// For the repository at `git_dir`.
    pub(crate) fn at(git_dir: &Path) -> Self {
        Self::new(["--git-dir"]).and([git_dir])
    }

    pub(crate) fn into_words(self) -> Vec<OsString> {
        self.0
    }

    pub(crate) fn and<S: Into<OsString>>(mut self, words: impl IntoIterator<Item = S>) -> Self {
        self.0.extend(words.into_iter().map(Into::into));
        self
    }
}

/// Runs git in a job's shell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Git<'a> {
    shell: &'a Shell,
    shown: Shown,
}

/// Whether the command line may be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Usually,
    Never,
}

impl<'a> Git<'a> {
    pub(crate) const fn new(shell: &'a Shell) -> Self {
        Self { shell, shown: Shown::Usually }
    }

    /// Never shows the command lines: they hold a URL with a secret.
    pub(crate) const fn unseen(self) -> Self {
        Self { shown: Shown::Never, ..self }
    }

    /// Runs a command whose failure is not told apart from others.
    pub(crate) fn run(self, args: Args) -> Result<(), CheckoutError> {
        Ok(self.shell.run(&self.command(args))?)
    }

    /// Runs a command whose failure is.
    pub(crate) fn run_as(self, operation: Operation, args: Args) -> Result<(), CheckoutError> {
        let needles = operation.needles();
        let (result, seen) = self.shell.run_watching(&self.command(args), needles);
        result.map_err(|source| {
            classified(operation, source, |needle| {
                needles.iter().position(|known| *known == needle).is_some_and(|at| seen.has(at))
            })
        })
    }

    /// Runs a command and adds the needles that its output had to `seen`.
    pub(crate) fn run_noting(
        self,
        operation: Operation,
        args: Args,
        seen: &mut Vec<&'static str>,
    ) -> Result<(), CheckoutError> {
        let needles = operation.needles();
        let (result, occurred) = self.shell.run_watching(&self.command(args), needles);
        seen.extend(needles.iter().enumerate().filter(|(at, _)| occurred.has(*at)).map(|(_, needle)| needle));
        result.map_err(|source| classified(operation, source, |needle| seen.contains(&needle)))
    }

    /// What a command prints, without blanks around it.
    pub(crate) fn capture(self, args: Args) -> Result<String, RunError> {
        self.shell.capture(&self.command(args))
    }

    /// The same as bytes: names of files need not be text.
    pub(crate) fn capture_bytes(self, args: Args) -> Result<Vec<u8>, RunError> {
        self.shell.capture_bytes(&self.command(args))
    }

    /// What a command prints, as text, without its complaints.
    pub(crate) fn capture_quietly(self, args: Args) -> Result<String, RunError> {
        self.shell.capture(&self.command(args).hide_stderr())
    }

    /// Whether `commit`, a full object id, is in the repository `directory` (spec/checkout.md §8.5).
    pub(crate) fn has_commit(self, git_dir: &Path, commit: &str) -> bool {
        let args = Args::at(git_dir).and(["rev-parse"]).and([format!("{commit}^{{commit}}")]);
        // A partial clone must not fetch it just because somebody asks.
        let command = self.command(args).hide_stderr().env("GIT_NO_LAZY_FETCH", "1");
        self.shell.capture(&command).is_ok_and(|found| found == commit)
    }

    fn command(self, args: Args) -> Command {
        // What still wrote into a checkout would be in the way of the next attempt.
        let command = Command::new("git", args.0).leaving_nobody();
        match self.shown {
            Shown::Usually => command,
            Shown::Never => command.display(Display::Never),
        }
    }
}

fn classified(operation: Operation, source: RunError, seen: impl Fn(&'static str) -> bool) -> CheckoutError {
    // What never ran says nothing about the repository.
    let Some(ending) = source.ending() else {
        return CheckoutError::Command(source);
    };
    let known = |needle: &str| operation.needles().iter().any(|own| *own == needle && seen(own));
    let class = operation.classify(ending.code(), known);
    CheckoutError::Git { class, retried: Retried::Not, source }
}

/// Splits flags into words.
///
/// # Errors
/// Naming the option, when a quote doesn't close.
pub(crate) fn split_flags(option: &str, text: &OsStr) -> Result<Vec<OsString>, CheckoutError> {
    redkite_shell::split_words(text)
        .map_err(|error| CheckoutError::Invalid(format!("splitting --{option} {}: {error}", quoted(text))))
}
