//! A sealed shell for tests.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redkite_process::{Cancel, Context, Signal, Terminal};

use crate::{Log, Setup, Shell, Verbosity};

/// A log that tests can read.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no test panics in it").clone()).expect("logs are text")
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panics in it").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A shell with a cancellation and a readable log, whose only directory of programs is the system's.
pub(crate) struct TestShell {
    pub(crate) shell: Shell,
    pub(crate) cancel: Cancel,
    lines: Shared,
    output: Shared,
}

impl TestShell {
    pub(crate) fn new(verbosity: Verbosity) -> Self {
        let (lines, output, cancel) = (Shared::default(), Shared::default(), Cancel::new());
        let shell = Shell::new(Setup {
            base_env: vec![("PATH".into(), "/usr/bin:/bin".into()), ("BASE".into(), "base".into())],
            directory: "/".into(),
            log: Log::new(lines.clone(), output.clone(), Vec::new()),
            context: Context::until(&cancel),
            signal: Signal::TERM,
            grace: Duration::from_secs(60),
            terminal: Terminal::None,
            verbosity,
            trace: Default::default(),
        });
        Self { shell, cancel, lines, output }
    }

    /// The shell's own lines, without colours.
    pub(crate) fn lines(&self) -> String {
        self.lines.text().replace("\x1b[90m", "").replace("\x1b[0m", "")
    }

    /// What its commands printed.
    pub(crate) fn output(&self) -> String {
        self.output.text()
    }
}
