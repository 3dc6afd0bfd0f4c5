//! `bootstrap`: one job in this process (docs/spec/job.md §1).

mod host;
mod options;
mod own_commands;
mod resolve;
mod surroundings;
mod tracing;

use redkite_executor::{Host, Outcome};

pub(crate) use options::Args;
use own_commands::OwnCommands;
use surroundings::{AgentSurroundings, Sockets};

use crate::cli::{Command, Context};
use crate::failure::{Failure, OrFail};

impl Command for Args {
    const REQUIRED: &'static [&'static str] =
        &["job", "repository", "commit", "branch", "agent", "organization", "pipeline", "pipeline-provider"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let (settings, ending) = self.checked(cx)?;
        let recording = self.recording(cx);
        let trace = recording.trace.clone();
        let host = Host {
            lines: trace.mirrored(std::io::stderr()),
            output: trace
                .mirrored(redkite_process::unbuffered_output().or_fail("opening the standard output")?),
            disabled_warnings: self.disable_warnings_for,
            environment: cx.environment.iter().map(|(name, value)| (name.into(), value.into())).collect(),
            directory: std::env::current_dir().or_fail("finding the current directory")?,
            cancel_signal: ending.signal,
            signal_grace: ending.grace,
            trace: recording.trace,
            span: recording.span,
            notices: recording.notices,
        };
        let mut surroundings = AgentSurroundings::new(
            OwnCommands::new(host::agent_program(cx, &self.job.job)?, cx.environment.clone()),
            if self.no_job_api {
                Sockets::Disabled
            } else {
                Sockets::Below(self.paths.sockets.sockets_path.as_path().into())
            },
        );
        let outcome = redkite_executor::run(settings, host, &mut surroundings);
        // Also of a job that was cancelled, before this process ends as it was told to.
        trace.finish();
        match outcome? {
            Outcome::Status(0) => Ok(()),
            // The system keeps 8 bits: −1 is 255.
            Outcome::Status(status) => Err(Failure::Silent(status.to_le_bytes()[0])),
            Outcome::Signal(signal) => Err(Failure::Signal(signal.number())),
        }
    }
}
