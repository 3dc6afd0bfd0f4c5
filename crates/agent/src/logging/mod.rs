//! The agent's log: what `tracing` events look like on standard error (docs/spec/cli.md §10).

mod level;
mod subscriber;
mod text;

pub(crate) use level::Level;
pub(crate) use subscriber::{Colour, Settings, install};

/// Target of events that are NOTICE lines; `tracing` has no such level.
pub(crate) const NOTICE: &str = "notice";
/// Target of events that are FATAL lines.
pub(crate) const FATAL: &str = "fatal";
