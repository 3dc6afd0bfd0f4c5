//! What is written and read on the wire, for both of its ends (spec/agent-api.md §9–§16).

mod agent;
mod annotation;
mod artifact;
mod build;
mod cache;
mod job;
mod meta_data;
mod pipeline;
mod secret;
mod step;

pub use agent::{
    Heartbeat, HeartbeatAnswer, Pause, Ping, PingAction, PingJob, RegisterAnswer, RegisterRequest, Stop,
    TracingExporter, TracingPolicy,
};
pub use annotation::{Annotation, AnnotationScope};
pub use artifact::{
    Artifact, ArtifactBatch, ArtifactBatchCreated, ArtifactState, ArtifactStates, ArtifactUpdate, PartEtag,
    UploadAction, UploadInstructions,
};
pub use build::Canceled;
pub use cache::{
    CacheBlob, CacheCommit, CacheDigest, CacheEntry, CacheExpired, CacheKeyPart, CacheMessage, CacheQuery,
    CacheRegistry, CacheStore, CacheUpload,
};
pub use job::{
    Finish, HeaderTimes, Job, JobState, JobUpdate, JobUpdated, PromisedFailure, SignalReason, Start,
};
pub use meta_data::{Exists, Key, MetaData, MetaDataBatch};
pub use pipeline::{PipelineState, PipelineUpload};
pub use secret::{OidcRequest, OidcToken, RepositoryToken, RepositoryUrl, Secret};
pub use step::{StepCancel, StepExport, StepOutput, StepUpdate};

/// Whether an optional boolean member is left out.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde calls")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Whether an optional number is left out.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde calls")]
fn is_zero(value: &i64) -> bool {
    *value == 0
}
