//! What one worker does next: a pure state machine (spec/agent-api.md §10.5, agent.md §9.6, §10).
//!
//! It knows neither clock nor network: the shell around it (`worker`) tells what has happened as an [`Event`]
//! and performs the [`Effect`]s. Polling is the only source of actions; a stream would be a second one beside
//! it, its messages also arriving as [`Action`]s.

mod action;
mod machine;

pub(crate) use action::{Action, Verb};
pub(crate) use machine::{Dispatch, Effect, Event, JobEnd, Leaving, Note, Once, Rhythm};
