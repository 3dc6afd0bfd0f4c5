//! What the debug log shows of requests and answers (spec/agent-api.md §7).

use crate::attempts::Target;
use crate::call::Answer;
use crate::settings::HttpLog;
use bytes::Bytes;
use http::{HeaderMap, header};
use std::time::Duration;

/// Shows a request that is about to be sent, never its credentials.
pub(crate) fn request(log: HttpLog, target: &Target, headers: &HeaderMap, body: Option<&Bytes>) {
    tracing::debug!("{} {}", target.method, target.url);
    if log == HttpLog::Dumps {
        let mut headers = headers.clone();
        headers.remove(header::AUTHORIZATION);
        let body = body.map(|bytes| String::from_utf8_lossy(bytes)).unwrap_or_default();
        tracing::debug!("request: {} {} {headers:?} {body}", target.method, target.url);
    }
}

/// Shows the answer to it.
pub(crate) fn answer(log: HttpLog, target: &Target, answer: &Answer, took: Duration) {
    let status = answer.status;
    tracing::debug!(%status, Δ = ?took, "↳ {} {}", target.method, target.url);
    if log == HttpLog::Dumps {
        let body = String::from_utf8_lossy(&answer.body);
        tracing::debug!("answer: {status} {:?} {body}", answer.headers);
    }
}
