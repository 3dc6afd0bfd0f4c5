//! Commands of this program that a job needs: done in this process, or by the program that stands in for it.

use std::ffi::OsStr;
use std::path::PathBuf;

use redkite_api::Halt;
use redkite_shell::{Command, RunError, Shell};

use crate::cli::run_inside;
use crate::environment::Environment;
use crate::logging::Panics;

/// What runs commands of this program.
#[derive(Debug)]
pub(crate) enum Agent {
    /// This program, which is this file.
    Own(PathBuf),
    /// Another one in its place (`BUILDKITE_OVERRIDE_SELF`).
    StandIn(PathBuf),
}

impl Agent {
    /// Its path.
    pub(crate) fn path(&self) -> &PathBuf {
        match self {
            Self::Own(path) | Self::StandIn(path) => path,
        }
    }
}

/// Variables that libraries read from the environment of the process, whatever we hand them: proxies, roots of
/// trust, the time zone. Where a job has changed one, only a process of its own can see that.
const OF_THE_PROCESS: [&str; 11] = [
    "ALL_PROXY",
    "all_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "TZ",
];

/// Runs commands of this program for a job.
#[derive(Debug)]
pub(super) struct OwnCommands {
    agent: Agent,
    environment: Environment,
}

impl OwnCommands {
    /// `environment` is that of this process.
    pub(super) fn new(agent: Agent, environment: Environment) -> Self {
        Self { agent, environment }
    }

    /// Runs the command of these words, as a child of the job's shell would be run.
    pub(super) fn run<T: AsRef<OsStr>>(
        &self,
        shell: &Shell,
        words: impl IntoIterator<Item = T>,
    ) -> Result<(), RunError> {
        self.perform(shell, &self.command(words))
    }

    /// The same for a command that reads `input`.
    pub(super) fn run_with<T: AsRef<OsStr>>(
        &self,
        shell: &Shell,
        words: impl IntoIterator<Item = T>,
        input: String,
    ) -> Result<(), RunError> {
        self.perform(shell, &self.command(words).input(input))
    }

    fn command<T: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = T>) -> Command {
        let given = words.into_iter().map(|word| word.as_ref().to_owned()).filter(|word| !word.is_empty());
        Command::new(self.agent.path(), given)
    }

    fn perform(&self, shell: &Shell, command: &Command) -> Result<(), RunError> {
        if matches!(self.agent, Agent::StandIn(_)) || self.needs_a_process(shell) {
            return shell.run(command);
        }
        let (halt, panics) = (Halt::default(), Panics::new());
        let work = {
            let (halt, panics) = (halt.clone(), panics.clone());
            move |inside| run_inside(inside, halt, panics)
        };
        let result = shell.run_inside(command, work, || halt.give());
        panics.take().iter().for_each(|said| shell.log().output(format!("{said}\n").as_bytes()));
        result
    }

    fn needs_a_process(&self, shell: &Shell) -> bool {
        let job = shell.env();
        OF_THE_PROCESS
            .iter()
            .any(|name| job.get(name).is_some_and(|value| self.environment.value(name) != Some(value)))
    }
}
