//! A pipeline goes to the server, and counts (docs/spec/pipeline.md §15).

use redkite_api::blocking::Client;
use redkite_api::calls::pipeline::{self, Later, Uploaded};
use redkite_api::wire::PipelineUpload;
use redkite_api::{ApiError, JobId};
use redkite_pipeline::{Form, NotSerializable, Pipeline, json};
use uuid::Uuid;

/// Whether the steps that have not started stay.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Placement {
    /// The new steps come after the uploading one.
    Insert,
    /// The new steps take the place of all that have not started.
    Replace,
}

/// A pipeline could not be uploaded.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    /// A number in it has no JSON form.
    #[error("writing the pipeline: {0}")]
    NotSerializable(#[from] NotSerializable),
    /// The server did not take it.
    #[error("the server did not take the pipeline: {0}")]
    Upload(#[source] ApiError),
    /// The server took it, but as something else.
    #[error("the server's location {location:?} is not that of upload {uuid} of job {job}")]
    Elsewhere {
        /// Where the server says it is.
        location: String,
        /// The upload.
        uuid: Uuid,
        /// The job.
        job: JobId,
    },
    /// The server took it, but did not apply it.
    #[error("the server did not apply the pipeline: {0}")]
    Process(#[source] ApiError),
}

/// Uploads `pipeline` and waits until the server has applied it.
pub(super) fn send(
    client: &Client,
    job: &JobId,
    pipeline: &Pipeline,
    placement: Placement,
) -> Result<(), SendError> {
    let upload = PipelineUpload {
        uuid: Uuid::new_v4(),
        pipeline: json::to_serde(&pipeline.to_value(Form::Json))?,
        replace: placement == Placement::Replace,
    };
    match client.call(&pipeline::upload(job, &upload)).map_err(SendError::Upload)? {
        Uploaded::Applied => Ok(()),
        Uploaded::Accepted(later) => wait_for(client, job, upload.uuid, &later),
    }
}

fn wait_for(client: &Client, job: &JobId, uuid: Uuid, later: &Later) -> Result<(), SendError> {
    if !later.is_of(job, uuid) {
        let location = later.location().to_owned();
        return Err(SendError::Elsewhere { location, uuid, job: job.clone() });
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "a command's only thread waits as long as the server said"
    )]
    std::thread::sleep(later.wait);
    client.call(&pipeline::applied(job, uuid)).map_err(SendError::Process)
}
