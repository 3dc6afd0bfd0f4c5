//! Sending messages to a collector: HTTP or gRPC, from a thread that may wait.

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, TE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::BodyExt as _;
use redkite_api::ProxyError;
use tokio::sync::watch;

use crate::client::Client;
use crate::retry::{Next, Pauses};
use crate::socket::NoSockets;
use crate::tls::{TlsError, TlsFiles};

/// What we say we are.
const AGENT: &str = concat!("OTel-OTLP-Exporter-Rust/", env!("CARGO_PKG_VERSION"));

/// Where messages go, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    pub(crate) url: String,
    /// Where it listens, if not where the address says.
    pub(crate) socket: Option<PathBuf>,
    pub(crate) framing: Framing,
    pub(crate) headers: Vec<(String, String)>,
    /// For one message, with all retries.
    pub(crate) timeout: Duration,
    pub(crate) compression: Compression,
    pub(crate) tls: TlsFiles,
}

/// What a message is put into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// A call of gRPC over HTTP/2.
    Grpc,
    /// The body of an HTTP request of this type.
    Plain(&'static str),
}

/// Whether messages are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
}

/// A message that did not arrive.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// The connection to the collector cannot even be tried.
    #[error("preparing to send to {url}: {source}")]
    Client { url: String, source: ClientError },
    /// The collector cannot be reached.
    #[error("sending to {url}: {reason}")]
    Connection { url: String, reason: String },
    /// It answered with another status than that of success.
    #[error("sending to {url}: status {status}")]
    Status { url: String, status: u16, after: Option<Duration> },
    /// The call ended with a status of gRPC.
    #[error("sending to {url}: gRPC status {code}: {message}")]
    Grpc { url: String, code: u32, message: String },
    /// Its time is over.
    #[error("sending to {url}: no answer in time")]
    TimedOut { url: String },
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Socket(#[from] NoSockets),
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    #[error("the proxy in HTTPS_PROXY: {0}")]
    ProxyAddress(#[from] http::uri::InvalidUri),
    #[error("starting to listen for answers: {0}")]
    Runtime(#[from] std::io::Error),
}

impl SendError {
    /// The collector could not be reached, or had no time for us: what comes next may fare better.
    pub(crate) fn is_outage(&self) -> bool {
        match self {
            Self::Client { .. } => false,
            Self::Connection { .. } | Self::TimedOut { .. } => true,
            Self::Status { status, .. } => matches!(status, 429 | 502..=504),
            // Cancelled, deadline exceeded, aborted, out of range, unavailable, data loss.
            Self::Grpc { code, .. } => matches!(code, 1 | 4 | 10 | 11 | 14 | 15),
        }
    }

    /// How long the collector wants to be left alone.
    pub(crate) fn after(&self) -> Option<Duration> {
        if let Self::Status { after, .. } = self { *after } else { None }
    }
}

/// Connections to one destination. Made on the thread that sends; it runs nothing while nothing is sent.
#[derive(Debug)]
pub(crate) struct Transport {
    destination: Destination,
    client: Client,
    runtime: tokio::runtime::Runtime,
    closing: watch::Receiver<Option<Instant>>,
}

impl Transport {
    /// `closing` says, once the process ends, until when it can wait.
    pub(crate) fn new(
        destination: Destination,
        closing: watch::Receiver<Option<Instant>>,
    ) -> Result<Self, SendError> {
        let failed = |source| SendError::Client { url: destination.url.clone(), source };
        let client = Client::new(&destination).map_err(failed)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| failed(error.into()))?;
        Ok(Self { destination, client, runtime, closing })
    }

    /// Sends a message, again and again while that can help and there is time.
    ///
    /// # Errors
    /// The last failure.
    pub(crate) fn send(&self, message: &[u8], extra: &[(&'static str, String)]) -> Result<(), SendError> {
        let body = self.body(message);
        let end = Instant::now() + self.destination.timeout;
        self.runtime.block_on(async {
            tokio::select! {
                result = self.attempts(body, extra, end) => result,
                () = passed(self.closing.clone()) => Err(self.timed_out()),
            }
        })
    }

    async fn attempts(
        &self,
        body: Bytes,
        extra: &[(&'static str, String)],
        end: Instant,
    ) -> Result<(), SendError> {
        let mut pauses = Pauses::default();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let attempt = tokio::time::timeout(left, self.attempt(body.clone(), extra)).await;
            let Err(error) = attempt.unwrap_or_else(|_| Err(self.timed_out())) else { return Ok(()) };
            let closing = self.closing.borrow().is_some();
            match pauses.after(&error, end.saturating_duration_since(Instant::now()), closing) {
                Next::GiveUp => return Err(error),
                Next::Wait(pause) => {
                    let mut closing = self.closing.clone();
                    closing.mark_unchanged();
                    // When the process ends meanwhile, this is the last chance.
                    let _ = tokio::time::timeout(pause, closing.changed()).await;
                }
            }
        }
    }

    async fn attempt(&self, body: Bytes, extra: &[(&'static str, String)]) -> Result<(), SendError> {
        let url = || self.destination.url.clone();
        let connection = |error: &dyn Error| SendError::Connection { url: url(), reason: self.reason(error) };
        let mut request = http::Request::post(&self.destination.url);
        for (name, value) in extra {
            request = request.header(*name, value);
        }
        let mut request = request.body(body).map_err(|error| connection(&error))?;
        request.headers_mut().extend(self.headers());
        let answer = self.client.send(request).await.map_err(|error| connection(&*error))?;
        let status = answer.status();
        if !status.is_success() {
            let after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            return Err(SendError::Status {
                url: url(),
                status: status.as_u16(),
                after: after.map(Duration::from_secs),
            });
        }
        match self.destination.framing {
            Framing::Plain(_) => {
                answer.into_body().collect().await.map(drop).map_err(|error| connection(&error))
            }
            Framing::Grpc => self.call_end(answer).await,
        }
    }

    /// Of a call's answer only the status counts, which comes at its end.
    async fn call_end(&self, answer: http::Response<reqwest::Body>) -> Result<(), SendError> {
        let mut status = grpc_status(answer.headers());
        let mut body = answer.into_body();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| SendError::Connection {
                url: self.destination.url.clone(),
                reason: self.reason(&error),
            })?;
            status = frame.trailers_ref().and_then(grpc_status).or(status);
        }
        match status {
            Some((0, _)) => Ok(()),
            other => {
                let (code, message) = other.unwrap_or((2, "no status".into()));
                Err(SendError::Grpc { url: self.destination.url.clone(), code, message })
            }
        }
    }

    fn body(&self, message: &[u8]) -> Bytes {
        let packed = match self.destination.compression {
            Compression::Gzip => gzip(message),
            Compression::None => message.to_vec(),
        };
        match self.destination.framing {
            Framing::Plain(_) => packed.into(),
            Framing::Grpc => {
                let flag = u8::from(self.destination.compression == Compression::Gzip);
                let length = u32::try_from(packed.len()).unwrap_or(u32::MAX).to_be_bytes();
                [&[flag], &length[..], &packed].concat().into()
            }
        }
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        let gzip = self.destination.compression == Compression::Gzip;
        match self.destination.framing {
            Framing::Grpc => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
                headers.insert(TE, HeaderValue::from_static("trailers"));
                headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
                if gzip {
                    headers.insert("grpc-encoding", HeaderValue::from_static("gzip"));
                }
            }
            Framing::Plain(kind) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
                if gzip {
                    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                }
            }
        }
        for (name, value) in &self.destination.headers {
            // What is no header was warned of when it was read.
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
                headers.insert(name, value);
            }
        }
        headers
    }

    /// What went wrong, and on whose way.
    fn reason(&self, error: &dyn Error) -> String {
        let reason = chain(error);
        self.client
            .proxy()
            .map_or_else(|| reason.clone(), |proxy| format!("through the proxy {proxy}: {reason}"))
    }

    fn timed_out(&self) -> SendError {
        SendError::TimedOut { url: self.destination.url.clone() }
    }
}

/// Waits until the process's last exports have had their time.
async fn passed(mut closing: watch::Receiver<Option<Instant>>) {
    let end = closing.wait_for(Option::is_some).await.ok().and_then(|end| *end);
    match end {
        Some(end) => tokio::time::sleep_until(end.into()).await,
        None => std::future::pending().await,
    }
}

fn grpc_status(headers: &HeaderMap) -> Option<(u32, String)> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let code = text("grpc-status")?.trim().parse().unwrap_or(2);
    let message = text("grpc-message").unwrap_or_default();
    Some((code, percent_encoding::percent_decode_str(message).decode_utf8_lossy().into_owned()))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("writing to memory does not fail")
}

/// An error with its causes, the address left to whoever says it.
fn chain(error: &dyn Error) -> String {
    let mut texts = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    if texts.is_empty() { error.to_string() } else { texts.join(": ") }
}
