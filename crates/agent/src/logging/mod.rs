//! The agent's log: what `tracing` events look like, as text or as JSON (docs/spec/cli.md §10).

mod fields;
mod json;
mod level;
mod panics;
mod spans;
mod subscriber;
mod text;

pub(crate) use level::Level;
pub(crate) use panics::Panics;
pub(crate) use subscriber::{Colour, Format, Settings, begin_inside, install};

/// Target of events that are NOTICE lines; `tracing` has no such level.
pub(crate) const NOTICE: &str = "notice";
/// Target of events that are FATAL lines.
pub(crate) const FATAL: &str = "fatal";
