//! Which transition follows from which event, and which job goes to which agent. Pure: no clock, no I/O.

pub mod build;
pub mod concurrency;
pub mod conditional;
pub mod definition;
pub mod dispatch;
pub mod environment;
pub mod facts;
mod ids;
mod state;
mod time;

pub use build::{
    Build, Changes, Effect, Event as BuildEvent, Exit, Gone, Head, Job, Refused, Step, Transition, UploadMode,
};
pub use definition::{AgentRules, Pipeline};
pub use dispatch::Tags;
pub use facts::{Facts, Person};
pub use ids::{AgentId, BuildId, Ids, JobId, StepId};
pub use state::{BuildState, JobKind, JobState, SignalReason, Source, StepOutcome, StepState};
pub use time::{Minutes, Time};
