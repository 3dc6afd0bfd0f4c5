//! Running a command: what its child gets, where its output goes, and what its end means.

use std::ffi::OsString;
use std::fmt;
use std::time::{Duration, Instant};

use redkite_process::{
    Cancel, Context, Ending, Finished, Input, Launch, OutputEnd, SpawnError, Stream, Streams, Terminal,
};
use redkite_redact::Detector;

use crate::command::{Display, Pty, Rest, Stderr};
use crate::prompt::quoted;
use crate::{Command, Shell, Verbosity, lookup, prompt};

/// Longer than the agent takes to kill this process once the grace period is over.
const KEPT_STILL: Duration = Duration::from_millis(500);

/// Why a command did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// There is no such program.
    #[error("exec: {}: executable file not found in $PATH", quoted(program))]
    NotFound {
        /// Its name.
        program: OsString,
    },
    /// The job was cancelled before the command could start, or while it was waited for.
    #[error("context canceled")]
    Cancelled,
    /// The time that it had was over before the command could start, or while it was waited for.
    #[error("context deadline exceeded")]
    TimedOut,
    /// It could not be started.
    #[error("{}", start_text(.0))]
    Start(#[source] SpawnError),
    /// It ended with another status than 0, or by a signal.
    #[error("{0}")]
    Failed(Ending),
}

fn start_text(error: &SpawnError) -> String {
    match error.io() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

impl RunError {
    /// The error of a context that is over.
    pub fn over(context: &Context) -> Self {
        if context.is_past_deadline() { Self::TimedOut } else { Self::Cancelled }
    }

    /// The exit status it stands for (spec/job.md §4): −1 for a signal, 1 for what never ran.
    pub fn code(&self) -> i32 {
        self.ending().map_or(1, Ending::code)
    }

    /// How the command ended, if it ran.
    pub fn ending(&self) -> Option<Ending> {
        match self {
            Self::Failed(ending) => Some(*ending),
            _ => None,
        }
    }
}

/// Which of the strings that were watched for have occurred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen(Vec<bool>);

impl Seen {
    /// Whether the string at this place of the list has occurred.
    pub fn has(&self, index: usize) -> bool {
        self.0.get(index).copied().unwrap_or(false)
    }

    /// Whether any of them has.
    pub fn any(&self) -> bool {
        self.0.contains(&true)
    }
}

impl Shell {
    /// Runs a command, its output going into the job log.
    pub fn run(&self, command: &Command) -> Result<(), RunError> {
        self.execute(command, Display::CommandLine, Streams::Merged, |_, bytes| self.log().output(bytes))
    }

    /// As [`run`](Self::run), watching its output for strings.
    pub fn run_watching(&self, command: &Command, markers: &[&str]) -> (Result<(), RunError>, Seen) {
        let mut detector = Detector::new(markers);
        let result = self.execute(command, Display::CommandLine, Streams::Merged, |_, bytes| {
            detector.write(bytes);
            self.log().output(bytes);
        });
        (result, Seen((0..markers.len()).map(|marker| detector.has_seen(marker)).collect()))
    }

    /// Runs a command without terminal and answers its standard output as text, without white space at both ends.
    pub fn capture(&self, command: &Command) -> Result<String, RunError> {
        self.capture_bytes(command).map(|bytes| redkite_text::shown_bytes(&bytes).trim().to_owned())
    }

    /// Runs a command without terminal and answers all of its standard output.
    pub fn capture_bytes(&self, command: &Command) -> Result<Vec<u8>, RunError> {
        let mut captured = Vec::new();
        let shown = command.stderr == Stderr::Log || self.verbosity() == Verbosity::Debug;
        self.execute(&command.clone().without_pty(), Display::Debug, Streams::Split, |stream, bytes| {
            match stream {
                Stream::Out => captured.extend_from_slice(bytes),
                Stream::Err if shown => self.log().output(bytes),
                Stream::Err => {}
            }
        })?;
        Ok(captured)
    }

    fn execute(
        &self,
        command: &Command,
        display: Display,
        streams: Streams,
        sink: impl FnMut(Stream, &[u8]),
    ) -> Result<(), RunError> {
        self.show(command, command.display.as_ref().unwrap_or(&display));
        let Some(program) = lookup::find(&command.program, &self.env()) else {
            let error = RunError::NotFound { program: command.program.clone() };
            self.log().error(format_args!("Error building command: {error}"));
            return Err(error);
        };
        if self.context().is_over() {
            return Err(RunError::over(self.context()));
        }
        let terminal = self.terminal_of(command);
        let launch = Launch {
            args: command.args.clone(),
            env: self.child_env(&command.env, terminal),
            terminal,
            input: command.input.clone(),
            streams,
            ..Launch::new(program, self.directory())
        };
        let started = Instant::now();
        let child = launch.spawn().map_err(RunError::Start)?;
        let child = if command.rest == Rest::Killed { child.leaving_nobody() } else { child };
        let pid = child.pid();
        self.tell(format_args!("[Process] Process is running with PID: {pid}"));
        let finished = child.supervise(self.context(), &self.policy(terminal), sink);
        self.keep_still_when_killed();
        if self.verbosity() == Verbosity::Debug {
            let (status, signal) = (finished.ending.code(), finished.ending.signal());
            let signal = signal.map_or_else(|| "nil".to_owned(), redkite_process::Signal::name);
            self.tell(format_args!(
                "Process with PID: {pid} finished with Exit Status: {status}, Signal: {signal}"
            ));
        }
        self.say_completed(started);
        meaning(finished)
    }

    /// Who has cancelled the job kills this process, too, a moment after the grace period: its end must not be one or
    /// the other, as it happens.
    fn keep_still_when_killed(&self) {
        if self.context().is_beyond(self.policy(Terminal::None).grace) {
            Context::until(&Cancel::new()).sleep(KEPT_STILL);
        }
    }

    /// Says in debug mode how long something took that began then.
    pub(crate) fn say_completed(&self, started: Instant) {
        if self.verbosity() == Verbosity::Debug {
            self.log().comment(format_args!("↳ Command completed in {:.4?}", started.elapsed()));
        }
    }

    /// Says in debug mode what becomes of a process, as the agent's own log would (spec/job.md §22).
    fn tell(&self, text: fmt::Arguments<'_>) {
        if self.verbosity() == Verbosity::Debug {
            let now = jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S").to_string();
            self.log().output(format!("{now} INFO   {text}\n").as_bytes());
        }
    }

    pub(crate) fn show(&self, command: &Command, display: &Display) {
        let debug = self.verbosity() == Verbosity::Debug;
        match display {
            Display::Text(text) if !debug => self.log().prompt_bytes(text.as_encoded_bytes()),
            Display::Never => {}
            Display::Debug if !debug => {}
            _ => {
                let mut line = prompt::command_line(&command.program, &command.args);
                if command.input != Input::Nothing {
                    line.extend_from_slice(prompt::STDIN);
                }
                self.log().prompt_bytes(&line);
            }
        }
    }

    pub(crate) fn terminal_of(&self, command: &Command) -> Terminal {
        match (command.pty, &command.input) {
            (Pty::AsConfigured, Input::Nothing) => self.terminal(),
            _ => Terminal::None,
        }
    }

    /// Later wins (spec/job.md §4): this process's environment, the job's, the directory, the command's own, the
    /// trace that it is a part of, and the kind of terminal.
    pub(crate) fn child_env(
        &self,
        extra: &[(OsString, OsString)],
        terminal: Terminal,
    ) -> Vec<(OsString, OsString)> {
        let mut child = self.base_env().to_vec();
        let job = self.env();
        // What came from this process is there already, also under a name that is not UTF-8.
        let changed = job.iter().filter(|(name, value)| !self.is_inherited(name, value));
        child.extend(changed.map(|(name, value)| (name.into(), value.into())));
        child.push(("PWD".into(), self.directory().into_os_string()));
        child.extend_from_slice(extra);
        let trace = self.trace().variables();
        child.extend(trace.into_iter().map(|(name, value)| (name.into(), value.into())));
        if terminal != Terminal::None {
            child.push(("TERM".into(), "xterm-256color".into()));
        }
        child
    }
}

/// A background process that holds the output of one that succeeded is no failure (spec/job.md §4).
fn meaning(finished: Finished) -> Result<(), RunError> {
    match finished {
        Finished { ending: Ending::Exited(0), output: OutputEnd::Complete | OutputEnd::Abandoned } => Ok(()),
        Finished { ending, .. } => Err(RunError::Failed(ending)),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::test_shell::TestShell;

    fn sh(script: &str) -> Command {
        Command::new("sh", ["-c", script])
    }

    fn check(verbosity: Verbosity, command: &Command, lines: &str, output: &str) {
        let test = TestShell::new(verbosity);
        test.shell.run(command).expect("it succeeds");
        assert_eq!((test.lines().as_str(), test.output().as_str()), (lines, output));
    }

    #[test]
    fn prompts_and_output() {
        let normal = |command: &Command, lines: &str| check(Verbosity::Normal, command, lines, "hi\n");
        normal(&sh("echo hi"), "$ sh -c \"echo hi\"\n");
        normal(&sh("echo hi >&2"), "$ sh -c \"echo hi >&2\"\n");
        normal(&sh("echo hi").display(Display::Text("words".into())), "$ words\n");
        normal(&sh("echo hi").display(Display::Debug), "");
        normal(&sh("echo hi").display(Display::Never), "");
        normal(&Command::new("cat", [""; 0]).input("hi\n"), "$ cat < /dev/stdin\n");
    }

    #[test]
    fn the_environment_has_layers() {
        let test = TestShell::new(Verbosity::Normal);
        test.shell.set("JOB", "job");
        test.shell.set("BOTH", "job");
        test.shell.unset("BASE");
        let command = sh("echo $BASE $JOB $BOTH $PWD").env("BOTH", "command");
        assert_eq!(test.shell.capture(&command).expect("it succeeds"), "base job command /");
    }

    #[test]
    fn captured_output_is_not_logged() {
        let test = TestShell::new(Verbosity::Normal);
        let captured = test.shell.capture(&sh("echo out; echo err >&2; echo"));
        assert_eq!(captured.expect("it succeeds"), "out");
        assert_eq!((test.lines().as_str(), test.output().as_str()), ("", "err\n"));
        test.shell.capture(&sh("echo hidden >&2").hide_stderr()).expect("it succeeds");
        assert_eq!(test.output(), "err\n");
    }

    #[test]
    fn strings_are_watched_for() {
        let test = TestShell::new(Verbosity::Normal);
        let command = sh("echo not our ref; exit 128").display(Display::Never);
        let (result, seen) = test.shell.run_watching(&command, &["bad object", "our ref"]);
        assert_eq!(result.expect_err("it fails").code(), 128);
        assert_eq!((seen.has(0), seen.has(1), seen.any()), (false, true, true));
    }

    #[test]
    fn failures_say_what_happened() {
        let test = TestShell::new(Verbosity::Normal);
        let check = |command: &Command, text: &str, code: i32| {
            let error = test.shell.run(command).expect_err("it fails");
            assert_eq!((error.to_string().as_str(), error.code()), (text, code));
        };
        check(&sh("exit 3"), "exit status 3", 3);
        check(&sh("kill -9 $$"), "signal: killed", -1);
        check(&Command::new("no-such", [""; 0]), "exec: \"no-such\": executable file not found in $PATH", 1);
        test.cancel.cancel();
        check(&sh("exit 3"), "context canceled", 1);
    }

    #[test]
    fn directories() {
        let test = TestShell::new(Verbosity::Normal);
        test.shell.cd("usr".as_ref()).expect("it exists");
        assert!(test.shell.cd("/no/such dir".as_ref()).is_err());
        assert_eq!(test.shell.directory(), std::path::Path::new("/usr"));
        assert_eq!(test.lines(), "$ cd /usr\n$ cd \"/no/such dir\"\n");
    }
}
