//! One way to call git: capture what it prints, say what it said when it fails.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use redkite_process::{
    Cancel, Context, Ending, Input, Launch, Policy, Signal, SpawnError, Stream, Streams, Terminal,
};
use thiserror::Error;

use crate::run::environment::Environment;

/// Git in one folder, with one environment.
#[derive(Debug, Clone)]
pub(crate) struct Git {
    program: PathBuf,
    folder: PathBuf,
    env: Environment,
    cancel: Cancel,
}

/// Why git did not do what it was asked.
#[derive(Debug, Error)]
pub(crate) enum GitError {
    /// It isn't installed.
    #[error("there is no git in PATH")]
    Missing,
    /// It could not be started.
    #[error("starting git in {folder}")]
    Start {
        /// Where.
        folder: PathBuf,
        /// The reason.
        source: SpawnError,
    },
    /// It said no.
    #[error("git {command} in {folder}: {said}")]
    Failed {
        /// The subcommand.
        command: String,
        /// Where.
        folder: PathBuf,
        /// How it ended.
        ending: Ending,
        /// The end of what it wrote to standard error.
        said: String,
    },
}

impl Git {
    /// Git as found in `env`, run in `folder`; `cancel` stops it.
    pub(crate) fn new(
        env: Environment,
        folder: impl Into<PathBuf>,
        cancel: Cancel,
    ) -> Result<Self, GitError> {
        let program = env.program("git").ok_or(GitError::Missing)?;
        let env = env.with("GIT_TERMINAL_PROMPT", "0").with("GIT_OPTIONAL_LOCKS", "0").with("LC_ALL", "C");
        Ok(Self { program, folder: folder.into(), env, cancel })
    }

    /// The same in another folder.
    pub(crate) fn at(&self, folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), ..self.clone() }
    }

    /// The same with one variable more.
    pub(crate) fn with(&self, name: &str, value: impl Into<OsString>) -> Self {
        Self { env: self.env.clone().with(name, value), ..self.clone() }
    }

    /// Where it runs.
    #[cfg(test)]
    pub(crate) fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// What `git ARGS` prints.
    pub(crate) fn bytes<A: Into<OsString>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> Result<Vec<u8>, GitError> {
        self.call(args.into_iter().map(Into::into).collect(), Input::Nothing)
    }

    /// What `git ARGS` prints, as text without white space around it.
    pub(crate) fn text<A: Into<OsString>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> Result<String, GitError> {
        Ok(String::from_utf8_lossy(&self.bytes(args)?).trim().to_owned())
    }

    /// The same, for a question that git answers with an exit status: `None` when that is 1 and it said nothing.
    pub(crate) fn answer<A: Into<OsString>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> Result<Option<String>, GitError> {
        match self.text(args) {
            Ok(text) => Ok(Some(text)),
            Err(GitError::Failed { ending: Ending::Exited(1), said, .. }) if said.is_empty() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Runs `git ARGS` with `input` to read.
    pub(crate) fn feed<A: Into<OsString>>(
        &self,
        args: impl IntoIterator<Item = A>,
        input: Vec<u8>,
    ) -> Result<(), GitError> {
        self.call(args.into_iter().map(Into::into).collect(), Input::Bytes(input)).map(drop)
    }

    fn call(&self, args: Vec<OsString>, input: Input) -> Result<Vec<u8>, GitError> {
        let command = subcommand(&args);
        let launch = Launch {
            args,
            env: self.env.variables(),
            input,
            streams: Streams::Split,
            ..Launch::new(&self.program, &self.folder)
        };
        let child =
            launch.spawn().map_err(|source| GitError::Start { folder: self.folder.clone(), source })?;
        let policy = Policy::new(Signal::TERM, Duration::from_secs(5), Terminal::None);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let finished =
            child.supervise(&Context::until(&self.cancel), &policy, |stream, bytes| match stream {
                Stream::Out => out.extend_from_slice(bytes),
                Stream::Err => err.extend_from_slice(bytes),
            });
        if finished.ending.is_success() {
            return Ok(out);
        }
        let said = last_words(&String::from_utf8_lossy(&err), finished.ending);
        Err(GitError::Failed { command, folder: self.folder.clone(), ending: finished.ending, said })
    }
}

/// The first argument that is no option of git itself.
fn subcommand(args: &[OsString]) -> String {
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        if arg == "-c" {
            rest.next();
        } else if !arg.as_encoded_bytes().starts_with(b"-") {
            return arg.to_string_lossy().into_owned();
        }
    }
    String::new()
}

/// What matters of git's complaint: its `fatal:` and `error:` lines, else all of it.
fn last_words(said: &str, ending: Ending) -> String {
    let marked: Vec<_> = said
        .lines()
        .filter_map(|line| line.strip_prefix("fatal: ").or(line.strip_prefix("error: ")))
        .collect();
    let words = if marked.is_empty() { said.lines().collect::<Vec<_>>() } else { marked };
    match (words.join("; ").trim(), ending) {
        ("", Ending::Exited(1)) => String::new(),
        ("", ending) => ending.to_string(),
        (words, _) => words.to_owned(),
    }
}
