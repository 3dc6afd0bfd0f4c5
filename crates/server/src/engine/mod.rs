//! The engine: the one writer of a plane. Requests come in as changes; many are applied to the state in
//! memory, committed in one transaction, and answered after the commit (control-plane.md §1.2, I1).
//!
//! The state in memory is a cache of the database. A transaction that fails is rolled back, the cache is
//! read anew, and the changes are tried one by one, so that one bad request fails alone.

mod acceptance;
mod agent;
mod annotations;
mod artifacts;
mod change;
mod context;
mod control;
mod creation;
mod dispatch;
mod follow;
mod job;
mod logs;
mod meta_data;
mod payload;
mod people;
mod ping;
mod placement;
mod queue;
mod ready;
mod registration;
mod rows;
mod snapshot;
mod steps;
mod sweep;
#[cfg(test)]
mod tests;
mod tokens;
mod upload;
mod world;
mod writer;

pub(crate) use acceptance::{AcceptJob, AcquireJob};
pub(crate) use agent::{Dispatch, effective_tags};
pub(crate) use annotations::{RemoveAnnotation, SetAnnotation};
pub(crate) use artifacts::{ArtifactArrived, DeclareArtifacts, ReportArtifacts};
pub(crate) use change::{Change, Failure, Refusal, Wrong};
pub(crate) use context::{Context, Reach, Settings};
pub(crate) use control::{PauseAgent, ResumeAgent, RunningJob, StopAgent};
pub(crate) use creation::{CreateBuild, ORGANIZATION};
pub(crate) use job::{FinishJob, HeldJob, JobStateNow, PromiseFailure, StartJob, UpdateTimeout};
pub(crate) use logs::{AddChunk, AddHeaderTimes};
pub(crate) use meta_data::{MetaDataKeys, MetaDataValue, SetMetaData};
pub(crate) use payload::LOG_BYTES;
pub(crate) use people::{CancelBuild, CancelJob, RetryJob, Unblock};
pub(crate) use ping::{Instruction, PingAgent, Pinged, Standing, WatchAgent};
pub(crate) use queue::{Engine, EngineTask, Outside};
pub(crate) use registration::{Beat, Connect, Disconnect, Register};
pub(crate) use rows::head;
pub(crate) use snapshot::{ReadBuild, summary};
pub(crate) use steps::{CancelStep, ExportStep, StepName, UpdateMode, UpdateStep};
pub(crate) use sweep::{SWEEP_EVERY, Sweep};
pub(crate) use tokens::{IssueToken, ListTokens, RevokeToken};
pub(crate) use upload::{ReadUpload, UploadOutcome, UploadPipeline};
