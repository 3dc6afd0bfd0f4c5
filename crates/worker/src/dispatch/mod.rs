//! What one worker does next: a pure state machine (spec/agent-api.md §10.5, agent.md §9.6, §10).
//!
//! It knows neither clock nor network: the shell around it (`worker`) tells what has happened as an [`Event`]
//! and performs the [`Effect`]s. Instructions come by polling and by the stream; only one of the two has control at
//! a time, the stream whenever it works.

mod action;
mod inbox;
mod machine;

pub(crate) use action::{Action, Verb};
pub(crate) use machine::{Dispatch, Effect, Event, JobEnd, Leaving, Note, Once, Rhythm};
