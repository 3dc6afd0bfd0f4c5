//! What the debug log shows of requests and answers (spec/agent-api.md §7).

use crate::attempts::Target;
use crate::call::{Answer, BrokenOff};
use crate::settings::HttpLog;
use bytes::Bytes;
use http::uri::Authority;
use http::{HeaderMap, Uri, header};
use redkite_text::Spoken;
use serde_json::Value;
use std::time::{Duration, Instant};

/// Shows a request that is about to be sent, never its credentials.
pub(crate) fn request(log: HttpLog, target: &Target, headers: &HeaderMap, body: Option<&Bytes>) {
    tracing::debug!("{} {}", target.method, target.url);
    if log.dumps {
        let mut headers = headers.clone();
        headers.remove(header::AUTHORIZATION);
        let body = body.map(|bytes| String::from_utf8_lossy(bytes)).unwrap_or_default();
        tracing::debug!("request: {} {} {headers:?} {body}", target.method, target.url);
    }
}

/// Shows the answer to it.
pub(crate) fn answer(log: HttpLog, target: &Target, answer: &Answer, took: Duration) {
    let (proto, status, took) = (answer.proto, answer.status.as_u16(), Spoken(took));
    tracing::debug!(?proto, status, Δ = %took, "↳ {} {}", target.method, target.url);
    if log.dumps {
        let body = match &answer.body {
            Ok(body) => without_secrets(&target.url, body),
            Err(BrokenOff(reason)) => format!("[broken off: {reason}]"),
        };
        tracing::debug!("answer: {status} {:?} {body}", answer.headers);
    }
}

/// The members of answers that are credentials wherever they are.
const SECRET: [&str; 2] = ["access_token", "token"];
/// What is shown in their place.
const HIDDEN: &str = "[hidden]";

/// A body as text, with what opens doors left out: tokens, and the values of secrets.
fn without_secrets(url: &str, body: &[u8]) -> String {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else {
        return String::from_utf8_lossy(body).into_owned();
    };
    let path = url.split('?').next().unwrap_or_default();
    let of_secret = path.ends_with("/secrets").then_some("value");
    if hide(&mut value, of_secret) == 0 {
        return String::from_utf8_lossy(body).into_owned();
    }
    value.to_string()
}

/// Hides members; answers how many.
fn hide(value: &mut Value, also: Option<&str>) -> usize {
    match value {
        Value::Array(items) => items.iter_mut().map(|item| hide(item, also)).sum(),
        Value::Object(members) => members
            .iter_mut()
            .map(|(name, member)| match member {
                Value::String(text) if SECRET.contains(&name.as_str()) || also == Some(name) => {
                    HIDDEN.clone_into(text);
                    1
                }
                other => hide(other, also),
            })
            .sum(),
        _ => 0,
    }
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
        let (uri, method, done) = (target.url.as_str(), target.method.as_str(), self.elapsed());
        let host = uri.parse::<Uri>().ok();
        let host_port = host.as_ref().and_then(Uri::authority).map(Authority::as_str).unwrap_or_default();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_shown_without_what_opens_doors() {
        for (url, body, expected) in [
            ("http://h/register", r#"{"id":1, "access_token":"s"}"#, r#"{"id":1,"access_token":"[hidden]"}"#),
            ("http://h/x", r#"[{"job":{"token":"s"}}]"#, r#"[{"job":{"token":"[hidden]"}}]"#),
            ("http://h/jobs/j/secrets?key=k", r#"{"value":"s"}"#, r#"{"value":"[hidden]"}"#),
            ("http://h/jobs/j/data/get", r#"{ "value":"v"}"#, r#"{ "value":"v"}"#),
            ("http://h/x", "no JSON", "no JSON"),
        ] {
            assert_eq!(without_secrets(url, body.as_bytes()), expected, "{url}");
        }
    }
}
