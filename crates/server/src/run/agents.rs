//! The agents of a local run: one `buildkite-agent` process with as many workers as jobs may run at once.
//!
//! One process rather than many: it starts once, has one log, and its workers still run every job in a process
//! of its own. Between it and redkite stands the guard, which sees to it that nothing is left behind.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use redkite_process::{Cancel, Context, Ending, Finished, Group, Launch, Policy, Signal, SpawnError};
use thiserror::Error;
use tokio::task::JoinHandle;

use super::environment::{Environment, is_executable};
use super::folder::{Folder, FolderError, create, suits_sockets};

/// The program.
const AGENT: &str = "buildkite-agent";
/// How long output of the guard is awaited that a stray process holds open.
const DRAIN: Duration = Duration::from_secs(1);
/// Lines of the agents' log that a message shows.
const SHOWN: usize = 10;

/// Why there are no agents.
#[derive(Debug, Error)]
pub(crate) enum AgentsError {
    /// The program isn't there.
    #[error("there is no {AGENT} beside {beside} or in PATH")]
    Missing {
        /// Our own program.
        beside: PathBuf,
    },
    /// A folder for them could not be made.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A file for them could not be made.
    #[error("writing {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The guard did not start.
    #[error("starting the agents")]
    Start(#[from] SpawnError),
}

/// Our own program, and the agent's.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    redkite: PathBuf,
    agent: PathBuf,
}

impl Programs {
    /// Finds the agent beside `redkite`, else in `PATH`.
    pub(crate) fn find(redkite: &Path, env: &Environment) -> Result<Self, AgentsError> {
        let beside = redkite.with_file_name(AGENT);
        let agent = Some(beside).filter(|file| is_executable(file)).or_else(|| env.program(AGENT));
        let agent = agent.ok_or_else(|| AgentsError::Missing { beside: redkite.to_path_buf() })?;
        Ok(Self { redkite: redkite.to_path_buf(), agent })
    }
}

/// What agents are told.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    /// The programs.
    pub(crate) programs: Programs,
    /// How many workers.
    pub(crate) count: NonZeroU32,
    /// The control plane's address.
    pub(crate) endpoint: String,
    /// The token to register with.
    pub(crate) token: String,
    /// The environment they and their jobs inherit.
    pub(crate) env: Environment,
    /// How many files they may have open, if redkite has raised that for itself.
    pub(crate) usual_files: Option<u64>,
}

/// Running agents.
#[derive(Debug)]
pub(crate) struct Agents {
    guard: Group,
    supervisor: JoinHandle<Finished>,
    ending: Option<Ending>,
    log: PathBuf,
    /// Locked while this process lives; the guard waits for it.
    _alive: tempfile::NamedTempFile,
    /// Where sockets are, when the data folder's path is too long for them.
    _sockets: Option<tempfile::TempDir>,
}

impl Agents {
    /// Starts them.
    pub(crate) fn start(setup: &Setup, folder: &Folder) -> Result<Self, AgentsError> {
        let home = folder.agents();
        for path in [home.clone(), home.join("hooks"), home.join("plugins"), folder.builds()] {
            create(&path)?;
        }
        remove_leftovers(&home);
        let alive = alive_file(&home)?;
        let config = home.join("buildkite-agent.cfg");
        let log = home.join("agent.log");
        write(&config, b"")?;
        write(&log, b"")?;
        let (sockets, temporary) = sockets(&home)?;
        let mut args = guard_args(alive.path(), &log, setup.usual_files);
        args.push(setup.programs.agent.clone().into());
        args.extend(agent_args(setup, folder, &config, &sockets));
        let launch = Launch {
            args,
            env: environment(setup).variables(),
            ..Launch::new(&setup.programs.redkite, &home)
        };
        let guard = launch.spawn()?;
        let group = guard.group();
        let supervisor = tokio::task::spawn_blocking(move || {
            // Ends when told by signals: killing the guard itself would free what it guards.
            let policy = Policy { signal: Signal::TERM, grace: DRAIN, drain: DRAIN };
            guard.supervise(&Context::until(&Cancel::new()), &policy, |_, _| {})
        });
        Ok(Self { guard: group, supervisor, ending: None, log, _alive: alive, _sockets: temporary })
    }

    /// Waits for their end. May be dropped and called again.
    pub(crate) async fn ended(&mut self) -> Ending {
        if let Some(ending) = self.ending {
            return ending;
        }
        let finished = (&mut self.supervisor).await.expect("supervising does not panic");
        *self.ending.insert(finished.ending)
    }

    /// Has them stop when their jobs are done.
    pub(crate) fn stop(&self) {
        // A guard that is gone has left nothing to stop.
        drop(self.guard.deliver(Signal::TERM));
    }

    /// Kills them, their jobs and whatever those started.
    pub(crate) fn kill(&self) {
        drop(self.guard.deliver(Signal::QUIT));
    }

    /// The file of their own log.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// The last lines of their own log.
    pub(crate) fn last_words(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(SHOWN)..].join("\n")
    }
}

fn guard_args(alive: &Path, log: &Path, usual_files: Option<u64>) -> Vec<OsString> {
    let mut words: Vec<OsString> =
        vec!["run-guard".into(), "--alive".into(), alive.into(), "--log".into(), log.into()];
    if let Some(files) = usual_files {
        words.extend(["--open-files".into(), files.to_string().into()]);
    }
    words.push("--".into());
    words
}

fn agent_args(setup: &Setup, folder: &Folder, config: &Path, sockets: &Path) -> Vec<OsString> {
    let home = folder.agents();
    let mut args: Vec<OsString> = vec!["start".into()];
    let mut flag = |name: &str, value: OsString| args.extend([name.into(), value]);
    flag("--config", config.into());
    flag("--name", "local-%spawn".into());
    flag("--spawn", setup.count.to_string().into());
    flag("--endpoint", setup.endpoint.clone().into());
    flag("--build-path", folder.builds().into());
    flag("--hooks-path", home.join("hooks").into());
    flag("--plugins-path", home.join("plugins").into());
    flag("--sockets-path", sockets.into());
    // Nobody is there to confirm a new host; the user's own known hosts and keys apply.
    args.extend(["--no-ssh-keyscan".into(), "--no-color".into()]);
    args
}

/// The user's environment without what another Buildkite agent, around this run, has put there.
fn environment(setup: &Setup) -> Environment {
    setup
        .env
        .clone()
        .without(|name| name.as_encoded_bytes().starts_with(b"BUILDKITE"))
        // By the environment, not as an argument: those can be seen by everybody.
        .with("BUILDKITE_AGENT_TOKEN", &setup.token)
}

fn sockets(home: &Path) -> Result<(PathBuf, Option<tempfile::TempDir>), AgentsError> {
    let usual = home.join("sockets");
    if suits_sockets(&usual) {
        create(&usual)?;
        return Ok((usual, None));
    }
    let short = tempfile::Builder::new().prefix("redkite-").tempdir();
    let short = short.map_err(|source| AgentsError::Write { path: std::env::temp_dir(), source })?;
    Ok((short.path().to_path_buf(), Some(short)))
}

fn alive_file(home: &Path) -> Result<tempfile::NamedTempFile, AgentsError> {
    let failed = |source| AgentsError::Write { path: home.to_path_buf(), source };
    let file = tempfile::Builder::new().prefix(ALIVE).tempfile_in(home).map_err(failed)?;
    File::lock(file.as_file()).map_err(failed)?;
    Ok(file)
}

const ALIVE: &str = "alive-";

/// Files of runs that were killed: nobody but this process works in the folder.
fn remove_leftovers(home: &Path) {
    let entries = fs::read_dir(home).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(ALIVE.as_bytes())) {
        // It is in nobody's way.
        drop(fs::remove_file(entry.path()));
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), AgentsError> {
    fs::write(path, bytes).map_err(|source| AgentsError::Write { path: path.to_path_buf(), source })
}
