//! A job's log on its way to the control plane (spec/agent.md §17).
//!
//! ```text
//! process thread:  bytes → copies → time stamps → gzip → chunk ─┐   waits while the queue is full
//! runtime:                       flush every interval ──────────┤
//!                                three uploads at once  ◄───────┘
//! ```
//! Stamped bytes are joined to few large pieces for the compressor; what waits in memory is compressed.

mod chunks;
mod copies;
mod gather;
mod gzip;
mod header_times;
mod job_log;
mod queue;
mod upload;

pub(crate) use copies::{Copies, CopyError, JobFields};
pub(crate) use job_log::JobLog;
pub(crate) use upload::{LogLimits, Uploaded, Uploader};
