//! The export of the job's log (spec/job.md §19): lines are cut out of both streams and sent as records.

mod assembler;
mod mirror;
mod queue;
mod record;

pub(crate) use mirror::Mirror;
pub(crate) use queue::JobLog;
pub(crate) use record::RecordKind;
