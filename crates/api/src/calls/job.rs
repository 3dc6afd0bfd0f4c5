//! Calls of a worker about one job, and of the job about itself (spec/agent-api.md §9.4, §9.5, §11, §13.11, §13.12).

use crate::call::{Body, Call, Sequence, ignored, required};
use crate::ids::JobId;
use crate::path::Path;
use crate::policy;
use crate::wire::{Finish, HeaderTimes, Job, JobState, JobUpdate, JobUpdated, PromisedFailure, Start};
use bytes::Bytes;
use http::Method;

/// A piece of a job's log (§11.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogChunk {
    /// Counted from 1.
    pub sequence: u64,
    /// Where it begins in the uncompressed log.
    pub offset: u64,
    /// Its uncompressed size.
    pub size: u64,
    /// The bytes, gzipped.
    pub gzip: Bytes,
}

fn of(job: &JobId, action: &str) -> Path {
    Path::of(&["jobs", job.as_str(), action])
}

/// `PUT jobs/{job}/accept`.
#[must_use]
pub fn accept(job: &JobId) -> Call<Job> {
    Call::new(Method::PUT, of(job, "accept"), policy::ACCEPT, required)
}

/// `PUT jobs/{job}/acquire`.
#[must_use]
pub fn acquire(job: &JobId) -> Call<Job> {
    Call {
        headers: &[("X-Buildkite-Lock-Acquire-Job", "1")],
        sequence: Sequence::Sent,
        ..Call::new(Method::PUT, of(job, "acquire"), policy::ACQUIRE, required)
    }
}

/// `PUT jobs/{job}/start`.
#[must_use]
pub fn start(job: &JobId, start: &Start) -> Call<()> {
    Call::new(Method::PUT, of(job, "start"), policy::START, ignored).json(start)
}

/// `GET jobs/{job}`.
#[must_use]
pub fn state(job: &JobId) -> Call<JobState> {
    Call::new(Method::GET, Path::of(&["jobs", job.as_str()]), policy::ONCE, required)
}

/// `POST jobs/{job}/chunks`.
#[must_use]
pub fn chunk(job: &JobId, chunk: LogChunk) -> Call<()> {
    let path = of(job, "chunks")
        .query("sequence", &chunk.sequence.to_string())
        .query("offset", &chunk.offset.to_string())
        .query("size", &chunk.size.to_string());
    let body = Body::LogChunk(chunk.gzip);
    Call { body, ..Call::new(Method::POST, path, policy::CHUNK, ignored) }
}

/// `POST jobs/{job}/header_times`.
#[must_use]
pub fn header_times(job: &JobId, times: &HeaderTimes) -> Call<()> {
    Call::new(Method::POST, of(job, "header_times"), policy::HEADER_TIMES, ignored).json(times)
}

/// `PUT jobs/{job}/finish`.
#[must_use]
pub fn finish(job: &JobId, finish: &Finish) -> Call<()> {
    Call::new(Method::PUT, of(job, "finish"), policy::FINISH, ignored).json(finish)
}

/// `PUT jobs/{job}`.
#[must_use]
pub fn update(job: &JobId, attribute: &str, value: &str) -> Call<JobUpdated> {
    let change = JobUpdate::from([(attribute.to_owned(), value.to_owned())]);
    Call::new(Method::PUT, Path::of(&["jobs", job.as_str()]), policy::JOB_UPDATE, required).json(&change)
}

/// `PUT jobs/{job}/promise_failure`.
#[must_use]
pub fn promise_failure(job: &JobId, promise: &PromisedFailure) -> Call<()> {
    Call::new(Method::PUT, of(job, "promise_failure"), policy::PROMISE_FAILURE, ignored).json(promise)
}
