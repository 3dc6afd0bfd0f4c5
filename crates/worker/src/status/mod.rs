//! What the agent tells about itself over HTTP: health, status, metrics (spec/agent.md §12).
//!
//! `metrics` counts, `board` knows what the workers are up to, `pages` writes both down, `html` for people, `server` answers.

mod board;
mod html;
mod metrics;
mod pages;
mod server;

pub(crate) use board::{Board, Link, Shown, WorkerStatus};
pub(crate) use metrics::{JobLabels, Metrics};
pub(crate) use server::serve;
