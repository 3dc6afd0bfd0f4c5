//! Moving contents over HTTP: no time limit, no token of the Agent API, proxies as the environment says.

use std::io::{self, Read};

use flate2::read::GzDecoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, LOCATION, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use redkite_api::{Connections, Halt, UserAgent};
use ureq::config::AutoHeaderValue;
use ureq::{Agent, SendBody};
use url::Url;

use crate::heeding::Heeding;

/// As much of an answer's text as goes into a message.
const LONGEST_TEXT: u64 = 64 * 1024;

/// A client for stores.
#[derive(Debug)]
pub(crate) struct Transfer {
    connections: Connections,
    user_agent: UserAgent,
    halt: Halt,
}

/// Why a content was not moved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransferError {
    /// There was no answer.
    #[error("{method} {url}: {reason}")]
    Transport { method: Method, url: String, reason: String },
    /// The request can't be one: a URL or header is malformed.
    #[error("{method} {url}: {source}")]
    Request { method: Method, url: String, source: http::Error },
}

/// What is sent. Without a length it goes in chunks.
pub(crate) struct Content<R> {
    pub(crate) reader: R,
    pub(crate) length: Option<u64>,
}

impl Transfer {
    pub(crate) fn new(user_agent: UserAgent) -> Self {
        let connections = Connections::new(|| {
            Agent::config_builder()
                .http_status_as_error(false)
                .user_agent(AutoHeaderValue::None)
                .accept(AutoHeaderValue::None)
                .accept_encoding(AutoHeaderValue::None)
                .allow_non_standard_methods(true)
        });
        Self { connections, user_agent, halt: Halt::default() }
    }

    /// The same client, which breaks off what it sends once `halt` is given.
    #[must_use]
    pub(crate) fn until(self, halt: Halt) -> Self {
        Self { halt, ..self }
    }

    /// Sends a content.
    pub(crate) fn send(
        &self,
        method: &Method,
        url: &str,
        headers: &[(HeaderName, String)],
        content: Content<impl Read>,
    ) -> Result<Response<ureq::Body>, TransferError> {
        let length = content.length.map(|length| (CONTENT_LENGTH, length.to_string()));
        let all: Vec<_> = headers.iter().cloned().chain(length).collect();
        let mut reader = Heeding { reader: content.reader, halt: &self.halt };
        let request = self.request(method, url, &all, SendBody::from_reader(&mut reader))?;
        let answer = self.connections.run(request).map_err(|error| transport(method, url, &error))?;
        match answer.headers().get(LOCATION).and_then(|location| location.to_str().ok()) {
            // The content has arrived; what is told of it lies elsewhere.
            Some(location) if matches!(answer.status().as_u16(), 301..=303) => {
                let there = Url::parse(url).and_then(|url| url.join(location));
                self.get(there.as_ref().map_or(location, Url::as_str), &[])
            }
            _ => Ok(answer),
        }
    }

    /// Asks for a content; redirects are followed.
    pub(crate) fn get(
        &self,
        url: &str,
        headers: &[(HeaderName, String)],
    ) -> Result<Response<ureq::Body>, TransferError> {
        let accept = (ACCEPT_ENCODING, "gzip".to_owned());
        let all: Vec<_> = headers.iter().cloned().chain([accept]).collect();
        let request = self.request(&Method::GET, url, &all, ())?;
        self.connections.fetch(request).map_err(|error| transport(&Method::GET, url, &error))
    }

    fn request<B>(
        &self,
        method: &Method,
        url: &str,
        headers: &[(HeaderName, String)],
        body: B,
    ) -> Result<Request<B>, TransferError> {
        let refused = |source| TransferError::Request { method: method.clone(), url: url.to_owned(), source };
        let mut map = HeaderMap::new();
        map.insert(
            USER_AGENT,
            HeaderValue::from_str(self.user_agent.as_str()).map_err(|e| refused(e.into()))?,
        );
        for (name, value) in headers {
            map.insert(name, HeaderValue::from_str(value).map_err(|error| refused(error.into()))?);
        }
        let mut request = Request::builder().method(method).uri(url).body(body).map_err(refused)?;
        *request.headers_mut() = map;
        Ok(request)
    }
}

fn transport(method: &Method, url: &str, error: &ureq::Error) -> TransferError {
    TransferError::Transport { method: method.clone(), url: url.to_owned(), reason: error.to_string() }
}

/// The text of an answer, for a message.
pub(crate) fn text(answer: Response<ureq::Body>) -> String {
    let mut bytes = Vec::new();
    content(answer).take(LONGEST_TEXT).read_to_end(&mut bytes).ok();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The content of an answer, inflated if it was packed for the way.
pub(crate) fn content(answer: Response<ureq::Body>) -> Box<dyn Read> {
    let packed = answer.headers().get(CONTENT_ENCODING).is_some_and(|coding| coding == "gzip");
    let reader = answer.into_body().into_reader();
    if packed { Box::new(GzDecoder::new(reader)) } else { Box::new(reader) }
}

/// Whether an answer carries the content that was asked for: 2xx, and what is left of 3xx after redirects.
pub(crate) fn is_content(answer: &Response<ureq::Body>) -> bool {
    let status = answer.status();
    status.is_success() || (status.is_redirection() && !answer.headers().contains_key(LOCATION))
}

/// Number and words of a status.
pub(crate) fn status_line(status: StatusCode) -> String {
    format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default())
}

/// A reading that fails is the disk's or the connection's fault, said with the path.
#[derive(Debug, thiserror::Error)]
#[error("{doing} {path}: {}", crate::reason(source))]
pub(crate) struct FileError {
    pub(crate) doing: &'static str,
    pub(crate) path: String,
    pub(crate) source: io::Error,
}
