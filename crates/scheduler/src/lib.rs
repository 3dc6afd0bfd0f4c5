//! Which transition follows from which event, and which job goes to which agent. Pure: no clock, no I/O.

pub mod build;
pub mod conditional;
pub mod definition;
pub mod facts;
mod ids;
mod state;
mod time;

pub use build::Build;
pub use facts::Facts;
pub use ids::{AgentId, BuildId, Ids, JobId, StepId};
pub use state::{BuildState, JobKind, JobState, SignalReason, Source, StepOutcome, StepState};
pub use time::{Minutes, Time};
