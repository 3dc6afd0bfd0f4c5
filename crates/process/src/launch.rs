//! What to start and how: program, arguments, environment, directory, terminal.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::{Child, os};

/// A process to start. It gets a group of its own (with a terminal: a session), and exactly this environment.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The program: a path, absolute or relative to this process's directory. It is not looked up in `PATH`.
    pub program: PathBuf,
    /// Its arguments, without the program's name.
    pub args: Vec<OsString>,
    /// Its whole environment; of a repeated name the last value counts.
    pub env: Vec<(OsString, OsString)>,
    /// Its working directory.
    pub dir: PathBuf,
    /// Whether it gets a terminal.
    pub terminal: Terminal,
    /// What it can read; with a terminal and [`Input::Nothing`] that is the terminal.
    pub input: Input,
    /// Whether its two output streams can be told apart.
    pub streams: Streams,
    /// What is added to its niceness.
    pub nice: u8,
}

/// Whether a child talks to a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terminal {
    /// Pipes.
    None,
    /// A new pseudo-terminal of 100 rows and 160 columns, its controlling one (spec/job.md §4).
    Pty,
    /// The same, in raw mode: a line feed stays one (experiment `pty-raw`).
    RawPty,
}

impl Terminal {
    /// Whether this platform has any.
    pub const EXISTS: bool = os::HAS_TERMINALS;
}

/// What a child can read from its standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Nothing: the null device.
    Nothing,
    /// These bytes, then the end.
    Bytes(Vec<u8>),
}

/// How a child's output is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streams {
    /// Both through one pipe, in the order in which they were written; everything counts as [`Stream::Out`].
    Merged,
    /// Each through its own pipe. With a terminal they are merged nevertheless.
    Split,
    /// With a terminal: both through one pipe beside it, with the line ends that the terminal would have made. For a
    /// program that writes much and doesn't ask what it writes to: a terminal takes 4 KiB at a time, slowly. Its
    /// input, its controlling terminal and its session are as ever. Without a terminal the same as merged.
    Beside,
}

/// One of a child's two output streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// Why a process could not be started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// The working directory is missing.
    #[error("process working directory {0:?} doesn't exist")]
    NoDirectory(PathBuf),
    /// The bytes for its standard input could not be laid ready.
    #[error("preparing the standard input of {program}")]
    Input {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No terminal or no pipe could be made.
    #[error("opening {what} for {program}")]
    Streams {
        /// What could not be opened.
        what: &'static str,
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Its arguments and its environment are longer than the system can hand over.
    #[error("starting {program}: {what} has {length} of {total} bytes of arguments and environment")]
    TooLong {
        /// The program.
        program: PathBuf,
        /// The longest of them: a variable's name, or which argument.
        what: String,
        /// How long that one is, in bytes.
        length: usize,
        /// How long all of them are.
        total: usize,
        /// What the system said.
        source: io::Error,
    },
    /// No argument and no variable can have a NUL in it.
    #[error("starting {program}: {what} has a NUL in it")]
    Nul {
        /// The program.
        program: PathBuf,
        /// The variable's name, or which argument.
        what: String,
    },
    /// The system refused to start it.
    #[error("starting {program}")]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl SpawnError {
    /// Whether the program, or the interpreter it names, is not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Start { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// Whether the program's file was still open for writing after every attempt.
    pub fn is_text_busy(&self) -> bool {
        matches!(self, Self::Start { source, .. } if source.kind() == io::ErrorKind::ExecutableFileBusy)
    }

    /// What the system said, if it said something.
    pub fn io(&self) -> Option<&io::Error> {
        match self {
            Self::NoDirectory(_) | Self::Nul { .. } => None,
            Self::Input { source, .. }
            | Self::Streams { source, .. }
            | Self::TooLong { source, .. }
            | Self::Start { source, .. } => Some(source),
        }
    }
}

/// How often and how far apart a program whose file is still being written is tried (spec/job.md §4).
const BUSY_ATTEMPTS: u32 = 100;
const BUSY_PAUSE: Duration = Duration::from_millis(100);

impl Launch {
    /// `program` without arguments in `dir`, with an empty environment, pipes and no input.
    pub fn new(program: impl Into<PathBuf>, dir: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            dir: dir.into(),
            terminal: Terminal::None,
            input: Input::Nothing,
            streams: Streams::Merged,
            nice: 0,
        }
    }

    /// Starts it.
    pub fn spawn(&self) -> Result<Child, SpawnError> {
        if !self.dir.is_dir() {
            return Err(SpawnError::NoDirectory(self.dir.clone()));
        }
        if let Some(what) = self.with_nul() {
            return Err(SpawnError::Nul { program: self.program.clone(), what });
        }
        let input = self.open_input()?;
        for _ in 1..BUSY_ATTEMPTS {
            match self.attempt(input.as_ref()) {
                Err(error) if error.is_text_busy() => os::pause(BUSY_PAUSE),
                other => return other,
            }
        }
        self.attempt(input.as_ref())
    }

    fn attempt(&self, input: Option<&std::fs::File>) -> Result<Child, SpawnError> {
        let mut command = self.command();
        let streams =
            |what| move |source| SpawnError::Streams { what, program: self.program.clone(), source };
        command.stdin(match input {
            Some(file) => Stdio::from(rewound(file).map_err(streams("the standard input"))?),
            None => Stdio::null(),
        });
        let reader = os::connect(&mut command, self.terminal, &self.input, self.streams)
            .map_err(streams("the output"))?;
        let leader = os::start(&mut command).map_err(|source| self.refused(source))?;
        // The command still holds the child's ends of pipes and terminal: they must go for the end to be seen.
        drop(command);
        if self.nice > 0 {
            os::lower_priority(&leader, self.nice);
        }
        Ok(Child::new(leader, reader))
    }

    /// Why the system did not start it. It says that something is too long, but not what: the longest is named.
    fn refused(&self, source: io::Error) -> SpawnError {
        let program = self.program.clone();
        if source.kind() != io::ErrorKind::ArgumentListTooLong {
            return SpawnError::Start { program, source };
        }
        let variables = self.env.iter().map(|(name, value)| (variable(name), name.len() + value.len() + 2));
        let args = self.args.iter().enumerate().map(|(index, arg)| (argument(index), arg.len() + 1));
        let sizes: Vec<_> = args.chain(variables).collect();
        let total = sizes.iter().map(|(_, length)| length).sum();
        let longest = sizes.into_iter().max_by_key(|(_, length)| *length);
        let (what, length) = longest.unwrap_or_default();
        SpawnError::TooLong { program, what, length, total, source }
    }

    /// What can't be handed over, since a NUL would end it.
    fn with_nul(&self) -> Option<String> {
        let has_nul = |text: &OsStr| text.as_encoded_bytes().contains(&0);
        let arg = self.args.iter().position(|arg| has_nul(arg));
        let mut variables = self.env.iter().filter(|(name, value)| has_nul(name) || has_nul(value));
        arg.map(argument).or_else(|| variables.next().map(|(name, _)| variable(name)))
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that starts processes")]
    fn command(&self) -> Command {
        let mut command = Command::new(absolute(&self.program));
        command.args(&self.args).env_clear().envs(self.env.iter().map(|(k, v)| (k, v)));
        command.current_dir(&self.dir);
        command
    }

    /// The bytes to read as an unnamed file: no thread has to feed them, and nobody can block on them.
    fn open_input(&self) -> Result<Option<std::fs::File>, SpawnError> {
        let Input::Bytes(bytes) = &self.input else { return Ok(None) };
        let file = tempfile::tempfile().and_then(|mut file| {
            io::Write::write_all(&mut file, bytes)?;
            Ok(file)
        });
        file.map(Some).map_err(|source| SpawnError::Input { program: self.program.clone(), source })
    }
}

/// A variable, for people.
fn variable(name: &OsStr) -> String {
    format!("the variable {}", name.to_string_lossy())
}

/// An argument, for people.
fn argument(index: usize) -> String {
    format!("argument {}", index + 1)
}

/// The same open file, to be read from its start.
fn rewound(file: &std::fs::File) -> io::Result<std::fs::File> {
    let mut file = file.try_clone()?;
    io::Seek::rewind(&mut file)?;
    Ok(file)
}

/// A relative program is meant from this process's directory, not from the child's.
fn absolute(program: &Path) -> PathBuf {
    std::path::absolute(program).unwrap_or_else(|_| program.to_path_buf())
}
