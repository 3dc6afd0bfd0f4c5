//! Programs that are asked for credentials: what they print is read, and shown to nobody.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use redkite_process::{
    Cancel, Context, Ending, Finished, Launch, Policy, Signal, SpawnError, Stream, Streams, Terminal,
};

use crate::Variables;

#[cfg(unix)]
#[path = "unix.rs"]
mod os;
#[cfg(windows)]
#[path = "windows.rs"]
mod os;

/// The longest output; credentials are far shorter.
const LONGEST_OUTPUT: usize = 64 * 1024;
/// The end of what a failed program has said on its standard error; vendors ask for no secrets there.
const LONGEST_COMPLAINT: usize = 500;
/// What a program has to end in when its time is over.
const GRACE: Duration = Duration::from_secs(1);

/// A program and how long it may take.
#[derive(Debug)]
pub(crate) struct Program {
    path: PathBuf,
    args: Vec<OsString>,
    /// Variables beside the environment's own.
    more: Vec<(OsString, OsString)>,
    limit: Duration,
}

/// Why a program gave nothing. Its output is never repeated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProgramError {
    #[error("{error}{}", .error.io().map(|cause| format!(": {cause}")).unwrap_or_default())]
    Start { error: SpawnError },
    #[error("it took longer than {0:?}")]
    Late(Duration),
    #[error("it ended with {ending}{complaint}")]
    Failed { ending: Ending, complaint: String },
    #[error("it printed more than {LONGEST_OUTPUT} bytes")]
    Talkative,
}

impl Program {
    /// A line for the shell of this system.
    pub(crate) fn line(line: &str, variables: Variables<'_>, limit: Duration) -> Self {
        let (path, args) = os::shell(line, variables);
        Self { path, args, more: Vec::new(), limit }
    }

    /// A program and its arguments.
    pub(crate) fn plain(path: &str, args: &[&str], limit: Duration) -> Self {
        Self { path: path.into(), args: args.iter().map(Into::into).collect(), more: Vec::new(), limit }
    }

    /// The same with another variable.
    pub(crate) fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.more.push((name.into(), value.into()));
        self
    }

    /// What it prints on its standard output.
    pub(crate) fn printed(self, variables: Variables<'_>) -> Result<Vec<u8>, ProgramError> {
        let limit = self.limit;
        let launch = self.launch(variables);
        let child = launch.spawn().map_err(|error| ProgramError::Start { error })?;
        let context = Context::until(&Cancel::new()).with_deadline(Instant::now() + limit);
        let policy = Policy::new(Signal::TERM, GRACE, Terminal::None);
        let (mut output, mut complaint) = (Vec::new(), Vec::new());
        let Finished { ending, .. } =
            child.leaving_nobody().supervise(&context, &policy, |stream, bytes| match stream {
                Stream::Out if output.len() <= LONGEST_OUTPUT => output.extend_from_slice(bytes),
                Stream::Out => {}
                Stream::Err => complaint = tail(&complaint, bytes),
            });
        match ending.is_success() {
            _ if output.len() > LONGEST_OUTPUT => Err(ProgramError::Talkative),
            true => Ok(output),
            false if context.is_past_deadline() => Err(ProgramError::Late(limit)),
            false => Err(ProgramError::Failed { ending, complaint: said(&complaint) }),
        }
    }

    fn launch(self, variables: Variables<'_>) -> Launch {
        // A directory that is gone is no reason to fail: these programs are named with their whole path.
        let here = std::env::current_dir().unwrap_or_else(|_| std::env::temp_dir());
        let mut launch = Launch::new(self.path, here);
        launch.args = self.args;
        launch.env = variables.all();
        launch.env.extend(self.more);
        launch.streams = Streams::Split;
        launch
    }
}

fn tail(before: &[u8], bytes: &[u8]) -> Vec<u8> {
    let all = [before, bytes].concat();
    all[all.len().saturating_sub(LONGEST_COMPLAINT)..].to_vec()
}

fn said(complaint: &[u8]) -> String {
    match redkite_text::shown_bytes(complaint).trim() {
        "" => String::new(),
        words => format!(": {words}"),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn check(line: &str, limit: Duration, expected: Result<&str, &str>) {
        let variables = HashMap::from([("WORD", "said"), ("PATH", "/usr/bin:/bin")])
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect::<HashMap<_, _>>();
        let printed = Program::line(line, &variables, limit).with("MORE", "more").printed(&variables);
        let printed = printed.map_err(|error| error.to_string());
        let printed = printed.as_deref().map(redkite_text::shown_bytes);
        assert_eq!(printed.as_deref().map_err(|error| error.as_str()), expected, "{line}");
    }

    #[test]
    fn a_program_is_heard_and_its_failure_told() {
        let long = Duration::from_secs(60);
        check("echo \"$WORD  $MORE\"; echo no >&2", long, Ok("said  more\n"));
        check("echo secret; echo why >&2; exit 3", long, Err("it ended with exit status 3: why"));
        check("exit 3", long, Err("it ended with exit status 3"));
        check("exec sleep 600", Duration::from_millis(50), Err("it took longer than 50ms"));
        check("head -c 100000 /dev/zero", long, Err("it printed more than 65536 bytes"));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let nothing = HashMap::new();
        let error =
            Program::plain("/nonexistent/p", &["a"], Duration::from_secs(1)).printed(&nothing).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("starting /nonexistent/p: "), "{text}");
    }
}
