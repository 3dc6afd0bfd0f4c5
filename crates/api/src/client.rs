//! The client of the long-lived worker: many calls at once over pooled connections.

use crate::attempts::{self, CONNECT_LIMIT, REQUEST_LIMIT, Target};
use crate::call::{Answer, BrokenOff, Call};
use crate::error::{ApiError, Failure};
use crate::policy::Next;
use crate::proxies::Proxies;
use crate::settings::{Http2, Settings};
use crate::traffic::{Outcome, Timing};
use crate::{reason, tls, traffic};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::io::Read as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

#[cfg(all(unix, feature = "through-socket"))]
mod through_socket;

/// Connections without a request that are kept: enough for many workers that ask in turn; each costs memory and a
/// descriptor at both ends, and a moment in which all ask at once must not keep one for each.
const IDLE_CONNECTIONS: usize = 64;

/// Connections, shared by all clients of a process (spec/agent-api.md §2.3).
#[derive(Debug)]
pub struct Transport {
    http2: Http2,
    proxies: Proxies,
    client: OnceLock<reqwest::Client>,
}

impl Transport {
    /// Connections that are made when they are needed.
    #[must_use]
    pub fn new(http2: Http2) -> Arc<Self> {
        Arc::new(Self { http2, proxies: Proxies::from_environment(), client: OnceLock::new() })
    }

    fn client(&self) -> &reqwest::Client {
        self.client.get_or_init(|| {
            let client = self.builder().build();
            client.expect("a client with our own TLS configuration has nothing that can fail")
        })
    }

    /// A proxy that is named in vain is an error, not a reason to go without.
    fn proxy(&self, target: &Target) -> Result<Option<&Url>, ApiError> {
        let found = self.proxies.for_url(&target.check()?);
        found.map_err(|error| reason::transport(&error, target, None, true))
    }

    fn builder(&self) -> reqwest::ClientBuilder {
        let builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            // The library knows neither other spellings nor several members: answers are inflated here.
            .gzip(false)
            .proxy(self.proxies.clone().into_reqwest())
            .connect_timeout(CONNECT_LIMIT)
            .pool_idle_timeout(Duration::from_secs(90))
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .tcp_keepalive(Duration::from_secs(30));
        match self.http2 {
            Http2::Disabled => {
                builder.http1_only().tls_backend_preconfigured(tls::client_config(&[b"http/1.1"]))
            }
            Http2::Offered => builder
                .http2_keep_alive_interval(Duration::from_secs(10))
                .http2_keep_alive_timeout(Duration::from_secs(5))
                .tls_backend_preconfigured(tls::client_config(&[b"h2", b"http/1.1"])),
        }
    }
}

/// Carries calls as one identity. Cheap to clone; clones share the connections.
#[derive(Clone, Debug)]
pub struct Client {
    transport: Arc<Transport>,
    settings: Settings,
}

impl Client {
    /// A client over `transport`; nothing is connected yet.
    #[must_use]
    pub fn new(transport: Arc<Transport>, settings: Settings) -> Self {
        Self { transport, settings }
    }

    /// What the client was told.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The same connections for another identity or place.
    #[must_use]
    pub fn with(&self, settings: Settings) -> Self {
        Self { transport: self.transport.clone(), settings }
    }

    /// Carries `call` until it succeeds or its policy gives up. Dropping the future ends it.
    ///
    /// # Errors
    /// The last attempt's failure.
    pub async fn call<T>(&self, call: &Call<T>) -> Result<T, ApiError> {
        let started = Instant::now();
        let mut failed = 0;
        loop {
            let left = call.policy.time_left(failed, started.elapsed());
            let error = match self.attempt(call, failed, left).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            failed += 1;
            let next = call.policy.after(failed, &error, started.elapsed(), attempts::random());
            attempts::report(&call.policy, failed, &error, next);
            match next {
                Next::GiveUp => return Err(error),
                Next::Wait(wait) => tokio::time::sleep(wait).await,
            }
        }
    }

    /// Sends a gRPC request to `path` of the endpoint's host; the answer's body has yet to come.
    pub(crate) async fn open_stream(
        &self,
        path: &str,
        request: Vec<u8>,
    ) -> Result<reqwest::Response, reqwest::Error> {
        let client = self.transport.client();
        let url = self.settings.endpoint.host_root() + path;
        let mut call = client
            .post(url)
            .timeout(REQUEST_LIMIT)
            .header(header::USER_AGENT, self.settings.user_agent.as_str())
            .header(header::CONTENT_TYPE, "application/grpc")
            .header(header::TE, "trailers")
            .header(header::ACCEPT_ENCODING, "identity")
            .header("Grpc-Accept-Encoding", "gzip")
            .body(request);
        for (name, value) in self.settings.headers.iter() {
            // As with other calls, what can't be a header is left out.
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
                call = call.header(name, value);
            }
        }
        if !self.settings.token.is_empty() {
            call = call.header(header::AUTHORIZATION, format!("Token {}", self.settings.token.reveal()));
        }
        call.send().await
    }

    async fn attempt<T>(&self, call: &Call<T>, failed: u32, left: Option<Duration>) -> Result<T, ApiError> {
        let mut target = Target::first(call, &self.settings);
        loop {
            let headers = attempts::headers(call, &self.settings, failed, left, &target);
            let body = call.body.bytes().filter(|_| target.has_body);
            let answer = self.exchange(&target, headers, body, left).await?;
            match target.follow(&answer)? {
                Some(next) => target = next,
                None => return call.read(&target.url, &answer),
            }
        }
    }

    async fn exchange(
        &self,
        target: &Target,
        headers: HeaderMap,
        body: Option<&Bytes>,
        left: Option<Duration>,
    ) -> Result<Answer, ApiError> {
        let limit = left.map_or(REQUEST_LIMIT, |left| left.min(REQUEST_LIMIT));
        if limit.is_zero() {
            return Err(ApiError::new(target.method.clone(), &target.url, Failure::DeadlineExceeded));
        }
        let proxy = self.transport.proxy(target)?;
        traffic::request(self.settings.log, target, &headers, body);
        let (mut timing, log) = (Timing::begin(), self.settings.log);
        let answer = self.send(target, headers, body, limit, &mut timing).await.map_err(|error| {
            timing.show(log, target, Outcome::Failed);
            let hopeless = error.is_builder();
            reason::transport(&error, target, proxy, hopeless)
        })?;
        timing.show(log, target, Outcome::Answered);
        traffic::answer(log, target, &answer, timing.elapsed());
        Ok(answer)
    }

    async fn send(
        &self,
        target: &Target,
        headers: HeaderMap,
        body: Option<&Bytes>,
        limit: Duration,
        timing: &mut Timing,
    ) -> Result<Answer, reqwest::Error> {
        let client = self.transport.client();
        let mut request = client.request(target.method.clone(), &target.url).headers(headers).timeout(limit);
        if let Some(bytes) = body {
            request = request.body(bytes.clone());
        } else if target.states_empty_body() {
            request = request.header(header::CONTENT_LENGTH, "0");
        }
        let response = request.send().await?;
        timing.answered();
        let (proto, status, headers) = (response.version(), response.status(), response.headers().clone());
        let body = response.bytes().await.map_err(|error| reason::broken_off(&error));
        let body = if attempts::is_gzip(&headers) { body.and_then(|packed| inflated(&packed)) } else { body };
        Ok(Answer { proto, status, headers, body })
    }
}

fn inflated(packed: &Bytes) -> Result<Bytes, BrokenOff> {
    let mut plain = Vec::new();
    let read = MultiGzDecoder::new(&packed[..]).read_to_end(&mut plain);
    read.map(|_| plain.into()).map_err(|error| reason::broken_off(&error))
}
