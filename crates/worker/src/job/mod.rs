//! One job: accepted, set up, run, logged, finished (spec/agent.md §14–§18).

mod allowed;
mod bootstrap;
mod cancel;
mod containers;
mod environment;
mod exporter;
mod files;
mod finish;
mod gate;
mod leftovers;
mod runner;
mod running;
mod signature;
mod step;
mod unprepared;
mod work;

pub(crate) use exporter::OWN_DESTINATION;
pub(crate) use runner::{JobContext, JobError, JobResult, LastJob, run};
pub use signature::OnFailure;
