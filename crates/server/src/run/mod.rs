//! `redkite run`: a pipeline on this machine, with everything it needs inside or beside this process.
//!
//! [`command`] is the way from the arguments to the exit status. `setup` finds repository and pipeline and makes
//! the build; `agents` and `guard` run and end the agents; `session` is the loop while the build runs, with its
//! decisions in `phase`; `watch` turns looks at the control plane into events, which `view` (pure) and `output`
//! show.

mod agents;
mod args;
mod changes;
mod command;
mod definition;
mod environment;
mod event;
mod exit;
mod folder;
mod guard;
mod keyboard;
mod log;
mod output;
mod phase;
mod repository;
mod results;
mod screen;
mod session;
mod setup;
mod signals;
mod translate;
mod unblock;
mod view;
mod watch;

pub(crate) use args::Args;
pub(crate) use command::{RunError, run};
pub(crate) use guard::{Args as GuardArgs, GuardError, run as run_guard};
