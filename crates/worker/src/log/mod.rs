//! A job's log on its way to the control plane (spec/agent.md §17).
//!
//! ```text
//! process thread:  bytes → copies → time stamps → gzip → chunk ─┐   waits while the queue is full
//! runtime:                       flush every interval ──────────┤
//!                                three uploads at once  ◄───────┘
//! ```
//! The bytes of a chunk are touched once, by the compressor; what waits in memory is compressed.

mod chunks;
mod copies;
mod header_times;
mod job_log;
mod queue;
mod upload;

pub(crate) use copies::{Copies, CopyError, JobFields};
pub(crate) use job_log::JobLog;
pub(crate) use upload::{LogLimits, Uploaded, Uploader};
