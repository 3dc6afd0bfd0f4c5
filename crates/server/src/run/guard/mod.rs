//! The process between redkite and its agents (`redkite run-guard`, not for people).
//!
//! It starts the agents and outlives redkite by as long as it takes to end them: when redkite goes away, in
//! whatever way, every process that came from the agents is killed, also those that left their process group or
//! lost their parent. Signals steer it: TERM is handed to the agents (they stop when idle, a second one cancels
//! their jobs), QUIT kills everything at once.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use redkite_process::{Cancel, Context, Ending, Finished, Group, Launch, Policy, Signal, SpawnError};
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};

use crate::open_files;

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod family;
#[cfg(not(target_os = "linux"))]
#[path = "other.rs"]
mod family;

/// How long output is awaited that a stray process holds open.
const DRAIN: Duration = Duration::from_secs(1);

/// Arguments of `redkite run-guard`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A file that redkite keeps locked as long as it lives.
    #[arg(long)]
    alive: PathBuf,
    /// The file to which the agents' own log goes.
    #[arg(long)]
    log: PathBuf,
    /// How many files the program may have open, if not as many as redkite.
    #[arg(long)]
    open_files: Option<u64>,
    /// The program to start, and its arguments.
    #[arg(last = true, required = true)]
    program: Vec<OsString>,
}

/// Why the agents could not be started or watched.
#[derive(Debug, Error)]
pub(crate) enum GuardError {
    /// A file could not be opened.
    #[error("opening {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The system refused something.
    #[error("preparing to watch the agents")]
    Prepare(#[source] io::Error),
    /// The program did not start.
    #[error(transparent)]
    Start(#[from] SpawnError),
}

enum Event {
    RedkiteIsGone,
    Terminate,
    Quit,
    ChildEnded,
    AgentsEnded(Finished),
}

/// Runs the agents to their end; answers how they ended.
pub(crate) fn run(args: &Args) -> Result<Ending, GuardError> {
    if let Some(usual) = args.open_files {
        open_files::restore(usual);
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(GuardError::Prepare)?;
    let ending = runtime.block_on(guard(args));
    // The thread that waits for redkite's end has nothing left to wait for.
    runtime.shutdown_background();
    ending
}

async fn guard(args: &Args) -> Result<Ending, GuardError> {
    let open = |path: &PathBuf, file: io::Result<File>| {
        file.map_err(|source| GuardError::Open { path: path.clone(), source })
    };
    let alive = open(&args.alive, File::open(&args.alive))?;
    let mut log = open(&args.log, File::options().create(true).append(true).open(&args.log))?;
    family::adopt_orphans().map_err(GuardError::Prepare)?;
    let listen = |kind| signal(kind).map_err(GuardError::Prepare);
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut quit = listen(SignalKind::quit())?;
    let mut child_ended = listen(SignalKind::child())?;
    let mut hang_up = listen(SignalKind::hangup())?;

    let child = launch(args).spawn()?;
    let group = child.group();
    let mut gone = tokio::task::spawn_blocking(move || alive.lock_shared());
    let mut agents = tokio::task::spawn_blocking(move || {
        let policy = Policy { signal: Signal::TERM, grace: DRAIN, drain: DRAIN };
        // Ends by signals from the loop below only. A full disk must not stop the agents.
        child.supervise(&Context::until(&Cancel::new()), &policy, |_, bytes| drop(log.write_all(bytes)))
    });
    let mut watched = true;
    let finished = loop {
        let event = tokio::select! {
            _ = &mut gone, if watched => Event::RedkiteIsGone,
            _ = terminate.recv() => Event::Terminate,
            _ = interrupt.recv() => Event::Terminate,
            _ = hang_up.recv() => continue,
            _ = quit.recv() => Event::Quit,
            _ = child_ended.recv() => Event::ChildEnded,
            finished = &mut agents => Event::AgentsEnded(finished.expect("supervising does not panic")),
        };
        match event {
            Event::Terminate => deliver(&group, Signal::TERM),
            Event::RedkiteIsGone => {
                watched = false;
                family::kill(&group);
            }
            Event::Quit => family::kill(&group),
            Event::ChildEnded => family::reap_orphans(group.pid()),
            Event::AgentsEnded(finished) => break finished,
        }
    };
    family::end();
    Ok(finished.ending)
}

fn launch(args: &Args) -> Launch {
    let (program, rest) = args.program.split_first().expect("clap requires a program");
    let env = std::env::vars_os().collect();
    Launch { args: rest.to_vec(), env, ..Launch::new(program, "/") }
}

/// A group that is gone needs no signal.
fn deliver(group: &Group, signal: Signal) {
    drop(group.deliver(signal));
}
