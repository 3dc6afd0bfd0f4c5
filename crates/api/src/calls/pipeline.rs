//! Upload of a pipeline, and the wait until it counts (spec/agent-api.md §14).

use crate::call::{Answer, Call, Sequence, required};
use crate::error::Failure;
use crate::ids::JobId;
use crate::path::{Path, encode_segment};
use crate::policy;
use crate::wire::{PipelineState, PipelineUpload};
use http::{Method, StatusCode};
use std::time::Duration;
use uuid::Uuid;

/// What became of an upload that the server took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uploaded {
    /// It counts already.
    Applied,
    /// The server works on it: wait, then ask for its state.
    Accepted(Later),
}

/// Where and when to ask for the state of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Later {
    /// The wait before the first question.
    pub wait: Duration,
    location: String,
}

impl Later {
    /// Whether the server's `Location` means this upload of this job; anything else is a fatal error.
    #[must_use]
    pub fn is_of(&self, job: &JobId, upload: Uuid) -> bool {
        let part = |prefix: &str| {
            let (_, rest) = self.location.split_once(prefix)?;
            rest.split('/').next()
        };
        let uuid = upload.to_string();
        let id = part("jobs/").map(str::to_owned);
        let is_job = id.is_some_and(|id| id == job.as_str() || id == encode_segment(job.as_str()));
        is_job && part("pipelines/") == Some(&uuid)
    }

    /// The `Location` as it was sent.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.location
    }
}

/// `POST jobs/{job}/pipelines?async=true`.
#[must_use]
pub fn upload(job: &JobId, upload: &PipelineUpload) -> Call<Uploaded> {
    let path = Path::of(&["jobs", job.as_str(), "pipelines"]).query("async", "true");
    let call = Call::new(Method::POST, path, policy::PIPELINE_UPLOAD, uploaded).json(upload);
    Call { sequence: Sequence::Sent, ..call }
}

/// `GET jobs/{job}/pipelines/{uuid}`, repeated until the upload counts or was refused.
#[must_use]
pub fn applied(job: &JobId, upload: Uuid) -> Call<()> {
    let path = Path::of(&["jobs", job.as_str(), "pipelines", &upload.to_string()]);
    let call = Call::new(Method::GET, path, policy::PIPELINE_STATUS, is_applied);
    Call { sequence: Sequence::Sent, ..call }
}

fn uploaded(answer: &Answer) -> Result<Uploaded, Failure> {
    if answer.status != StatusCode::ACCEPTED {
        return Ok(Uploaded::Applied);
    }
    let location = answer.headers.get(http::header::LOCATION).and_then(|value| value.to_str().ok());
    let Some(location) = location.filter(|location| !location.is_empty()) else {
        let reason = "the server took the pipeline but did not say where to ask for its state".to_owned();
        return Err(Failure::NotYet { status: answer.status, reason, retry_after: None });
    };
    let wait = answer.retry_after().unwrap_or(Duration::from_secs(1));
    Ok(Uploaded::Accepted(Later { wait, location: location.to_owned() }))
}

fn is_applied(answer: &Answer) -> Result<(), Failure> {
    let PipelineState { state, message } = required(answer)?;
    let status = answer.status;
    match state.as_str() {
        "applied" => Ok(()),
        "pending" | "processing" => {
            let reason = format!("pipeline upload not yet applied: {state}");
            Err(Failure::NotYet { status, reason, retry_after: answer.retry_after() })
        }
        "rejected" | "failed" => {
            Err(Failure::Refused { status, reason: format!("pipeline upload {state}: {message}") })
        }
        _ => {
            let reason = format!("unexpected pipeline upload state from API: {state}");
            Err(Failure::Refused { status, reason })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_location_must_be_of_this_upload() {
        let uuid = Uuid::from_u128(7);
        for (location, expected) in [
            (format!("/v3/jobs/J/pipelines/{uuid}"), true),
            (format!("https://h/v3/jobs/J/pipelines/{uuid}"), true),
            (format!("/v3/jobs/J/pipelines/{uuid}?x=1"), false),
            (format!("/v3/jobs/K/pipelines/{uuid}"), false),
            ("/v3/jobs/J/pipelines/other".to_owned(), false),
            ("nowhere".to_owned(), false),
        ] {
            let later = Later { wait: Duration::ZERO, location: location.clone() };
            assert_eq!(later.is_of(&JobId::from("J"), uuid), expected, "{location}");
        }
    }
}
