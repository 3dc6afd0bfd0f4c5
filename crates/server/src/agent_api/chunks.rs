//! Log chunks and header times (agent-api.md §11.3, §11.4).

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_ENCODING;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use redkite_api::wire::HeaderTimes;
use serde::Deserialize;
use std::io::Write as _;

use super::Api;
use super::answer::{Answer, Done, Problem, done};
use super::body::{Body, Params, raw};
use super::caller::OwnJob;
use crate::engine::{AddChunk, AddHeaderTimes, LOG_BYTES, Wrong};
use crate::failure_text::describe;
use crate::store::{ChunkRow, MAX_CHUNK};

/// Which bytes of the log a chunk holds.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Range {
    sequence: u64,
    offset: u64,
    size: u64,
}

/// Stores a chunk: its bytes first, then its row. A repeated one is stored over nothing.
pub(super) async fn add(
    State(api): State<Api>,
    job: OwnJob,
    Params(range): Params<Range>,
    request: Request,
) -> Answer<(StatusCode, Json<Done>)> {
    let headers = request.headers().clone();
    let bytes = compressed(&headers, raw(request, &()).await?)?;
    check(&bytes, range)?;
    // A log may be cut at its limit: what is behind it is answered and dropped (control-plane.md §14.1).
    if range.size > 0 && range.offset < LOG_BYTES {
        store(&api, job, range, bytes).await?;
    }
    Ok((StatusCode::CREATED, done()))
}

async fn store(api: &Api, job: OwnJob, range: Range, bytes: Bytes) -> Answer<()> {
    let (logs, build, id) = (api.logs.clone(), job.build.to_string(), job.job.to_string());
    let stored = tokio::task::spawn_blocking(move || logs.append(&build, &id, &bytes))
        .await
        .map_err(|error| Problem::Fault(describe(&error)))?
        .map_err(|error| Problem::Fault(describe(&error)))?;
    let chunk = ChunkRow {
        sequence: range.sequence,
        offset: range.offset,
        size: range.size,
        file_start: stored.start,
        file_size: stored.size,
    };
    api.engine.perform(AddChunk { build: job.build, job: job.job, chunk }).await?;
    Ok(())
}

/// Agents always compress; a chunk that came plain is stored as the others are.
fn compressed(headers: &HeaderMap, bytes: Bytes) -> Answer<Bytes> {
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding == "gzip") {
        return Ok(bytes);
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let written = encoder.write_all(&bytes).and_then(|()| encoder.finish());
    written.map(Bytes::from).map_err(|error| Problem::Fault(describe(&error)))
}

/// A rough look, which costs nothing: gzip begins with its magic number and ends with the size of what it
/// holds. A member that says something else than the agent would put the log out of order.
fn check(bytes: &[u8], range: Range) -> Answer<()> {
    let wrong = |text: &str| Err(Problem::Refused(Wrong::Malformed.because(text)));
    if range.size > MAX_CHUNK {
        return wrong("The log chunk is too large");
    }
    let is_gzip = bytes.starts_with(&[0x1f, 0x8b]);
    let size = bytes.last_chunk::<4>().map(|size| u64::from(u32::from_le_bytes(*size)));
    if !is_gzip || size != Some(range.size) {
        return wrong("The log chunk is not gzip of the size it says");
    }
    Ok(())
}

pub(super) async fn header_times(
    State(api): State<Api>,
    job: OwnJob,
    Body(times): Body<HeaderTimes>,
) -> Answer<(StatusCode, Json<Done>)> {
    let times = times.header_times.into_iter();
    let times =
        times.filter_map(|(header, at)| Some((u32::try_from(header).ok()?, at.to_string()))).collect();
    api.engine.perform(AddHeaderTimes { job: job.job, times }).await?;
    Ok((StatusCode::CREATED, done()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gzip(bytes: &[u8]) -> Bytes {
        compressed(&HeaderMap::new(), Bytes::copy_from_slice(bytes)).expect("compressing")
    }

    #[test]
    fn chunks_are_what_they_say() {
        let range = |size| Range { sequence: 1, offset: 0, size };
        assert!(check(&gzip(b"hello"), range(5)).is_ok());
        assert!(check(&gzip(b""), range(0)).is_ok());
        assert!(check(&gzip(b"hello"), range(6)).is_err());
        assert!(check(b"hello", range(5)).is_err());
        assert!(check(&[], range(0)).is_err());
        assert!(check(&gzip(b"hello"), range(MAX_CHUNK + 1)).is_err());
    }
}
