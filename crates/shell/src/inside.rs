//! What this program does itself in place of a child of its own: with a child's environment, directory and output,
//! and with a child's end.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redkite_process::{Ending, Input, SpawnError, TaskEnd, Terminal, run_task};

use crate::command::Display;
use crate::{Command, Log, RunError, Shell, Verbosity};

/// How long work may take to stop when it is told to, before it is left behind. A child that does not handle the
/// cancel signal dies at once; this is about as much.
const PATIENCE: Duration = Duration::from_millis(100);
/// The status that a program of ours has when it panics.
const PANICKED: i32 = 101;

/// A child's world, for work that is done without one.
#[derive(Debug)]
pub struct Inside {
    /// The words after the program's name.
    pub args: Vec<OsString>,
    /// Its environment; of a repeated name the last value counts.
    pub environment: Vec<(OsString, OsString)>,
    /// Its working directory.
    pub directory: PathBuf,
    /// What it can read.
    pub input: Vec<u8>,
    /// Where it writes to.
    pub output: InsideOutput,
}

/// The way into the job log; nothing comes through any more once the work is over or was left behind.
#[derive(Clone, Debug)]
pub struct InsideOutput {
    log: Arc<Mutex<Option<Log>>>,
    line_end: &'static [u8],
}

impl Shell {
    /// Does `work` where [`run`](Self::run) would start a child for the command; its result is an exit status. When
    /// the context is over, `interrupt` asks it to stop, and whether it does or not, that is its end: as of a child
    /// that the cancel signal has killed. A panic is a status, too; what it says is the panic hook's affair.
    pub fn run_inside(
        &self,
        command: &Command,
        work: impl FnOnce(Inside) -> i32 + Send + 'static,
        interrupt: impl FnOnce(),
    ) -> Result<(), RunError> {
        self.show(command, command.display.as_ref().unwrap_or(&Display::CommandLine));
        if self.context().is_over() {
            return Err(RunError::over(self.context()));
        }
        let inside = self.inside(command)?;
        let output = inside.output.clone();
        let started = Instant::now();
        let end = run_task(
            &redkite_text::into_shown(redkite_text::join(&command.args, " ")),
            self.context(),
            PATIENCE,
            || work(inside),
            interrupt,
        );
        output.close();
        self.say_completed(started);
        let not_started = |source| SpawnError::Start { program: command.program.clone().into(), source };
        let result = self.inside_end(end.map_err(not_started).map_err(RunError::Start)?);
        if let (Err(error), Verbosity::Debug) = (&result, self.verbosity()) {
            self.log().comment(format_args!("↳ Command ended with {error}"));
        }
        result
    }

    /// Does `work`, which is no command, as long as the context is not over. Then `interrupt` asks it to stop, and
    /// whether it does or not, nobody waits for its result. `name` is what its thread is called.
    pub fn within_time<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce() -> T + Send + 'static,
        interrupt: impl FnOnce(),
    ) -> Result<T, RunError> {
        let not_started = |source| RunError::Start(SpawnError::Start { program: name.into(), source });
        match run_task(name, self.context(), PATIENCE, work, interrupt).map_err(not_started)? {
            TaskEnd::Finished(result) => Ok(result),
            TaskEnd::Interrupted(_) | TaskEnd::Abandoned => Err(RunError::over(self.context())),
            TaskEnd::Panicked => Err(RunError::Failed(Ending::Exited(PANICKED))),
        }
    }

    fn inside(&self, command: &Command) -> Result<Inside, RunError> {
        let directory = self.directory();
        if !directory.is_dir() {
            return Err(RunError::Start(SpawnError::NoDirectory(directory)));
        }
        let terminal = self.terminal_of(command);
        Ok(Inside {
            args: command.args.clone(),
            environment: self.child_env(&command.env, terminal),
            directory,
            input: match &command.input {
                Input::Nothing => Vec::new(),
                Input::Bytes(bytes) => bytes.clone(),
            },
            output: InsideOutput::new(self.log(), terminal),
        })
    }

    fn inside_end(&self, end: TaskEnd<i32>) -> Result<(), RunError> {
        let ending = match end {
            TaskEnd::Finished(0) | TaskEnd::Interrupted(0) => return Ok(()),
            TaskEnd::Finished(status) => Ending::Exited(status),
            TaskEnd::Panicked => Ending::Exited(PANICKED),
            TaskEnd::Interrupted(_) => Ending::Signalled(self.cancel_signal()),
            TaskEnd::Abandoned => {
                self.log().comment("It did not stop when it was told to, and was left behind");
                Ending::Signalled(self.cancel_signal())
            }
        };
        Err(RunError::Failed(ending))
    }
}

impl InsideOutput {
    fn new(log: &Log, terminal: Terminal) -> Self {
        // What a terminal makes of a line feed.
        let line_end = if terminal == Terminal::Pty { b"\r\n".as_slice() } else { b"\n" };
        Self { log: Arc::new(Mutex::new(Some(log.clone()))), line_end }
    }

    fn close(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Log>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for InsideOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(log) = self.lock().as_ref() {
            log.output(&bytes.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(self.line_end));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::Verbosity;
    use crate::test_shell::TestShell;

    fn command() -> Command {
        Command::new("/bin/self", ["do", "this well"]).env("OWN", "x")
    }

    #[test]
    fn work_sees_what_a_child_would_see() {
        let test = TestShell::new(Verbosity::Normal);
        test.shell.set("JOB", "job");
        test.shell.log().redact(["hunter2"]);
        let work = |mut inside: Inside| {
            let value = |name: &str| inside.environment.iter().rfind(|(key, _)| key == name).cloned();
            let [job, own, pwd] = ["JOB", "OWN", "PWD"].map(|name| value(name).expect("it is set").1);
            let input = String::from_utf8_lossy(&inside.input).into_owned();
            writeln!(inside.output, "{:?} {job:?} {own:?} {pwd:?} {input} hunter2", inside.args)
                .expect("written");
            0
        };
        test.shell.run_inside(&command().input("in"), work, || {}).expect("it succeeds");
        assert_eq!(test.lines(), "$ /bin/self do \"this well\" < /dev/stdin\n");
        assert_eq!(test.output(), "[\"do\", \"this well\"] \"job\" \"x\" \"/\" in [REDACTED]\n");
    }

    #[test]
    fn its_end_is_that_of_a_child() {
        let test = TestShell::new(Verbosity::Normal);
        let check = |work: fn(Inside) -> i32, text: &str, code: i32| {
            let error = test.shell.run_inside(&command(), work, || {}).expect_err("it fails");
            assert_eq!((error.to_string().as_str(), error.code()), (text, code));
        };
        check(|_| 3, "exit status 3", 3);
        check(|_| panic!("a mistake"), "exit status 101", 101);
        test.cancel.cancel();
        check(|_| 3, "context canceled", 1);
    }

    #[test]
    fn nothing_is_heard_of_work_that_was_left_behind() {
        let test = TestShell::new(Verbosity::Normal);
        let (cancel, (release, held), (written, wrote)) = (test.cancel.clone(), channel::<()>(), channel());
        let hangs = move |mut inside: Inside| {
            cancel.cancel();
            held.recv().expect("it is released");
            writeln!(inside.output, "late").expect("written");
            written.send(()).expect("the test waits");
            0
        };
        let error = test.shell.run_inside(&command(), hangs, || {}).expect_err("it was left behind");
        assert_eq!((error.to_string().as_str(), error.code()), ("signal: terminated", -1));
        release.send(()).expect("it waits");
        wrote.recv().expect("it goes on");
        assert_eq!(test.output(), "");
        assert!(test.lines().contains("was left behind"), "{}", test.lines());
    }

    #[test]
    fn a_directory_that_is_gone() {
        let test = TestShell::new(Verbosity::Normal);
        let gone = tempfile::tempdir().expect("a directory");
        test.shell.cd(gone.path()).expect("it exists");
        drop(gone);
        let error = test.shell.run_inside(&command(), |_| 0, || {}).expect_err("it has no place");
        assert!(error.to_string().contains("doesn't exist"), "{error}");
    }

    #[test]
    fn work_that_is_no_command_ends_with_its_context() {
        let test = TestShell::new(Verbosity::Normal);
        assert_eq!(test.shell.within_time("work", || 3, || {}).expect("it ends"), 3);
        let broken = test.shell.within_time("work", || panic!("a mistake"), || {}).map(|()| 0);
        assert_eq!(broken.expect_err("it panics").to_string(), "exit status 101");
        let (hang_up, hung_up) = channel::<()>();
        let cancel = test.cancel.clone();
        let hangs = move || {
            cancel.cancel();
            hung_up.recv().is_err()
        };
        let end = test.shell.within_time("work", hangs, || drop(hang_up));
        assert_eq!(end.expect_err("nobody waits for it").to_string(), "context canceled");
    }
}
