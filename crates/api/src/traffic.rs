//! What the debug log shows of requests and answers (spec/agent-api.md §7).

use crate::attempts::Target;
use crate::call::{Answer, BrokenOff};
use crate::dump;
use crate::settings::HttpLog;
use crate::shown::{self, shown_url};
use bytes::Bytes;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Uri, header};
use redkite_text::Spoken;
use std::time::{Duration, Instant};

/// Shows a request that is about to be sent, never its credentials.
pub(crate) fn request(log: HttpLog, target: &Target, headers: &HeaderMap, body: Option<&Bytes>) {
    let (method, url) = (&target.method, shown_url(&target.url));
    tracing::debug!("{method} {url}");
    if log.dumps {
        let mut headers = headers.clone();
        headers.remove(header::AUTHORIZATION);
        let body = body.map(|bytes| dump::body(&target.url, bytes)).unwrap_or_default();
        tracing::debug!("request: {method} {url} {:?} {body}", shown_headers(headers));
    }
}

/// Shows the answer to it.
pub(crate) fn answer(log: HttpLog, target: &Target, answer: &Answer, took: Duration) {
    let (proto, status, took) = (answer.proto, answer.status.as_u16(), Spoken(took));
    tracing::debug!(?proto, status, Δ = %took, "↳ {} {}", target.method, shown_url(&target.url));
    if log.dumps {
        let body = match &answer.body {
            Ok(body) => dump::body(&target.url, body),
            Err(BrokenOff(reason)) => format!("[broken off: {reason}]"),
        };
        tracing::debug!("answer: {status} {:?} {body}", shown_headers(answer.headers.clone()));
    }
}

/// Headers without the values that are credentials, or lead to where some are.
fn shown_headers(mut headers: HeaderMap) -> HeaderMap {
    for (name, value) in &mut headers {
        if shown::is_credential(name.as_str()) {
            *value = HeaderValue::from_static(shown::HIDDEN);
        } else if let Some(text) = value.to_str().ok().filter(|text| text.contains("://")) {
            *value =
                HeaderValue::from_str(&shown_url(text)).unwrap_or(HeaderValue::from_static(shown::HIDDEN));
        }
    }
    headers
}

/// When the parts of one request were over, since it began.
pub(crate) struct Timing {
    began: Instant,
    /// The status and headers of the answer had come.
    first_byte: Option<Duration>,
}

impl Timing {
    /// A request begins.
    pub(crate) fn begin() -> Self {
        Self { began: Instant::now(), first_byte: None }
    }

    /// The answer begins.
    pub(crate) fn answered(&mut self) {
        self.first_byte = Some(self.began.elapsed());
    }

    /// How long it has been.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// One line, at error level when there was no answer. The libraries below don't tell what part of it names,
    /// connections and handshakes took.
    pub(crate) fn show(&self, log: HttpLog, target: &Target, outcome: Outcome) {
        if !log.timings {
            return;
        }
        let (uri, method, done) = (shown_url(&target.url), target.method.as_str(), self.elapsed());
        let uri = uri.as_ref();
        let host = target.url.parse::<Uri>().ok();
        let host_port = host.as_ref().and_then(Uri::authority).map(Authority::as_str).unwrap_or_default();
        let host_port = host_port.rsplit_once('@').map_or(host_port, |(_, place)| place);
        let first = self.first_byte.map(|at| format!("{at:?}")).unwrap_or_default();
        match outcome {
            Outcome::Answered => tracing::debug!(
                uri, method, hostPort = host_port, gotFirstResponseByte = first, done = ?done, "HTTP Timing Trace"
            ),
            Outcome::Failed => tracing::error!(
                uri, method, hostPort = host_port, gotFirstResponseByte = first, done = ?done, "HTTP Timing Trace"
            ),
        }
    }
}

/// Whether there was an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Answered,
    Failed,
}
