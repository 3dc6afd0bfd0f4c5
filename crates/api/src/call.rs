//! A call as a value: what is sent, how often, and how its answer is read. Clients only carry it.

use crate::error::{ApiError, Failure};
use crate::path::{Endpoint, Path};
use crate::policy::{Policy, Report};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Version};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// One call of the Agent API that answers with `T`.
#[derive(Debug)]
pub struct Call<T> {
    /// The method.
    pub method: Method,
    /// The path below the endpoint.
    pub path: Path,
    /// What is sent.
    pub body: Body,
    /// The retry rule.
    pub policy: Policy,
    /// Headers of this call alone.
    pub headers: &'static [(&'static str, &'static str)],
    /// Whether the server is told how many attempts were made (`X-Buildkite-Backoff-Sequence`).
    pub sequence: Sequence,
    pub(crate) decode: fn(&Answer) -> Result<T, Failure>,
}

/// What a call sends.
#[derive(Clone, Debug)]
pub enum Body {
    /// Nothing.
    Empty,
    /// Compact JSON.
    Json(Bytes),
    /// A gzipped piece of a job's log.
    LogChunk(Bytes),
}

/// Whether a call counts its attempts in a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sequence {
    /// It doesn't.
    Hidden,
    /// It does.
    Sent,
}

/// What came back, with its body inflated.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The version of the protocol that it came by.
    pub proto: Version,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body. Only a call that reads it fails when it did not come to its end: the status has told the others
    /// all that there is to know.
    pub body: Result<Bytes, BrokenOff>,
}

/// Why the body of an answer did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenOff(pub(crate) String);

impl<T> Call<T> {
    /// A call without a body.
    pub(crate) fn new(
        method: Method,
        path: Path,
        policy: Policy,
        decode: fn(&Answer) -> Result<T, Failure>,
    ) -> Self {
        let (body, headers, sequence) = (Body::Empty, &[][..], Sequence::Hidden);
        Self { method, path, body, policy, headers, sequence, decode }
    }

    /// Without a word in the agent's log about attempts that fail.
    #[must_use]
    pub fn silent(mut self) -> Self {
        self.policy.report = Report::Silent;
        self
    }

    /// With `value` as its JSON body, ended by a line feed (§1.1).
    pub(crate) fn json(mut self, value: &impl Serialize) -> Self {
        let mut text = serde_json::to_vec(value).expect("wire types have text keys only");
        text.push(b'\n');
        self.body = Body::Json(text.into());
        self
    }

    /// Reads an answer. `url` is where it came from, after redirects.
    ///
    /// # Errors
    /// Anything but 2xx, and a 2xx that can't be read as `T`.
    pub fn read(&self, url: &str, answer: &Answer) -> Result<T, ApiError> {
        let result = if answer.status.is_success() {
            (self.decode)(answer)
        } else {
            Err(Failure::Status {
                status: answer.status,
                message: answer.message(),
                retry_after: answer.retry_after(),
            })
        };
        result.map_err(|failure| ApiError::new(self.method.clone(), url, failure))
    }

    /// The full URL at `endpoint`.
    #[must_use]
    pub fn url(&self, endpoint: &Endpoint) -> String {
        endpoint.join(&self.path)
    }

    /// The headers that depend on the attempt: `sequence` attempts were made, `time_left` remains.
    pub fn attempt_headers(
        &self,
        sequence: u32,
        time_left: Option<Duration>,
    ) -> impl Iterator<Item = (&'static str, String)> {
        let count =
            (self.sequence == Sequence::Sent).then(|| ("X-Buildkite-Backoff-Sequence", sequence.to_string()));
        let told = !matches!(self.body, Body::LogChunk(_));
        let left = time_left
            .filter(|left| told && left.as_millis() > 0)
            .map(|left| ("Buildkite-Timeout-Milliseconds", left.as_millis().to_string()));
        count.into_iter().chain(left)
    }
}

impl Body {
    /// The bytes to send; `None` sends no body at all.
    #[must_use]
    pub fn bytes(&self) -> Option<&Bytes> {
        match self {
            Self::Empty => None,
            Self::Json(bytes) | Self::LogChunk(bytes) => Some(bytes),
        }
    }

    /// The headers that describe the body.
    #[must_use]
    pub fn headers(&self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Empty => &[],
            Self::Json(_) => &[("Content-Type", "application/json")],
            Self::LogChunk(_) => &[("Content-Type", "text/plain"), ("Content-Encoding", "gzip")],
        }
    }
}

impl Answer {
    /// The body, if it is whole.
    pub(crate) fn whole(&self) -> Result<&Bytes, Failure> {
        self.body
            .as_ref()
            .map_err(|BrokenOff(reason)| Failure::Transport { reason: reason.clone(), retryable: true })
    }

    /// `Retry-After` as decimal seconds; a date is not understood (§4.2).
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.headers.get(http::header::RETRY_AFTER)?.to_str().ok()?;
        Duration::try_from_secs_f64(text.trim().parse().ok()?).ok()
    }

    /// The `message` of an error body, as far as there is one.
    fn message(&self) -> Option<String> {
        #[derive(serde::Deserialize)]
        struct Message {
            message: String,
        }
        let Message { message } = first_value(self.body.as_ref().ok()?).ok()?;
        (!message.is_empty()).then_some(message)
    }

    fn decoding(&self, error: &serde_json::Error) -> Failure {
        let reason = if error.is_eof() { format!("unexpected EOF: {error}") } else { error.to_string() };
        Failure::Decode { status: self.status, reason, broken_off: error.is_eof() }
    }
}

/// Reads the first JSON value; what trails it is not looked at (§1.2).
fn first_value<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    let mut values = serde_json::Deserializer::from_slice(body).into_iter::<T>();
    values.next().unwrap_or_else(|| serde_json::from_slice(b""))
}

/// For calls whose answer must be a JSON value.
pub(crate) fn required<T: DeserializeOwned>(answer: &Answer) -> Result<T, Failure> {
    first_value(answer.whole()?).map_err(|error| answer.decoding(&error))
}

/// For calls whose answer's body is of no interest.
#[expect(clippy::unnecessary_wraps, reason = "one signature for all decoders")]
pub(crate) fn ignored(_: &Answer) -> Result<(), Failure> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy;

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
        let headers = headers.iter().map(|(n, v)| (http::HeaderName::from_static(n), v.parse().unwrap()));
        let status = StatusCode::from_u16(status).unwrap();
        let body = Ok(Bytes::copy_from_slice(body.as_bytes()));
        Answer { proto: Version::HTTP_11, status, headers: headers.collect(), body }
    }

    fn call() -> Call<serde_json::Value> {
        Call::new(Method::GET, Path::of(&["ping"]), policy::ONCE, required)
    }

    #[test]
    fn answers_are_read_as_the_spec_says() {
        for (status, body, expected) in [
            (200, "{}", "ok"),
            (201, "{} trailing", "ok"),
            (200, "", "failed to decode"),
            (200, "{\"a\":", "failed to decode"),
            (401, "{\"message\":\"no\"}", "GET u: 401 Unauthorized: no"),
            (401, "{\"message\":7}", "GET u: 401 Unauthorized"),
            (500, "<html>", "GET u: 500 Internal Server Error"),
            (304, "", "GET u: 304 Not Modified"),
        ] {
            let text = match call().read("u", &answer(status, &[], body)) {
                Ok(_) => "ok".to_owned(),
                Err(error) => error.to_string(),
            };
            assert!(text.starts_with(expected), "{status} {body}: {text}");
        }
    }

    #[test]
    fn retry_after_is_decimal_seconds() {
        for (value, expected) in
            [("1.5", Some(1500)), ("0", Some(0)), ("Wed, 21 Oct 2015", None), ("-1", None)]
        {
            let after = answer(500, &[("retry-after", value)], "").retry_after();
            assert_eq!(after, expected.map(Duration::from_millis), "{value}");
        }
    }

    #[test]
    fn the_time_left_is_told_except_with_chunks() {
        let left = Some(Duration::from_millis(1500));
        let json = call().json(&1);
        assert_eq!(json.attempt_headers(0, left).count(), 1);
        let chunk = Call { body: Body::LogChunk(Bytes::new()), ..call() };
        assert_eq!(chunk.attempt_headers(0, left).count(), 0);
    }
}
