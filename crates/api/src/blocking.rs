//! The client of one-request commands: no runtime, no thread; TLS is set up when a URL needs it.

use crate::attempts::{self, CONNECT_LIMIT, REQUEST_LIMIT, Target};
use crate::call::{Answer, Call};
use crate::connections::Connections;
use crate::error::{ApiError, Failure};
use crate::halt::Halt;
use crate::policy::Next;
use crate::proxies::ProxyError;
use crate::settings::Settings;
use crate::traffic::{Outcome, Timing};
use crate::{reason, traffic};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::{HeaderMap, Request, Response};
use std::io::Read as _;
use std::time::{Duration, Instant};
use ureq::config::AutoHeaderValue;

/// Carries calls one after another, waiting as their policies say. Connections are kept between calls.
#[derive(Clone, Debug)]
pub struct Client {
    connections: Connections,
    settings: Settings,
    halt: Halt,
}

impl Client {
    /// A client for `settings`; nothing is connected yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let connections = Connections::new(|| {
            ureq::Agent::config_builder()
                .http_status_as_error(false)
                .user_agent(AutoHeaderValue::None)
                .accept(AutoHeaderValue::None)
                .accept_encoding(AutoHeaderValue::None)
                .timeout_connect(Some(CONNECT_LIMIT))
                .allow_non_standard_methods(true)
        });
        Self { connections, settings, halt: Halt::default() }
    }

    /// The same client, which begins no attempt and ends each wait once `halt` is given.
    #[must_use]
    pub fn until(self, halt: Halt) -> Self {
        Self { halt, ..self }
    }

    /// What it heeds: those who do more than calls with it heed it, too.
    #[must_use]
    pub fn halt(&self) -> &Halt {
        &self.halt
    }

    /// What the client was told.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Carries `call` until it succeeds or its policy gives up.
    ///
    /// # Errors
    /// The last attempt's failure, or that there was to be none.
    pub fn call<T>(&self, call: &Call<T>) -> Result<T, ApiError> {
        let started = Instant::now();
        let mut failed = 0;
        loop {
            let left = call.policy.time_left(failed, started.elapsed());
            let error = match self.attempt(call, failed, left) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            failed += 1;
            let next = call.policy.after(failed, &error, started.elapsed(), attempts::random());
            attempts::report(&call.policy, failed, &error, next);
            match next {
                Next::GiveUp => return Err(error),
                Next::Wait(wait) => {
                    if self.halt.wait(wait) {
                        return Err(error);
                    }
                }
            }
        }
    }

    fn attempt<T>(&self, call: &Call<T>, failed: u32, left: Option<Duration>) -> Result<T, ApiError> {
        let mut target = Target::first(call, &self.settings);
        if self.halt.is_given() {
            return Err(ApiError::new(target.method, target.url, Failure::Halted));
        }
        loop {
            let headers = attempts::headers(call, &self.settings, failed, left, &target);
            let body = call.body.bytes().filter(|_| target.has_body);
            let answer = self.exchange(&target, headers, body, left)?;
            match target.follow(&answer)? {
                Some(next) => target = next,
                None => return call.read(&target.url, &answer),
            }
        }
    }

    fn exchange(
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
        let url = target.check()?;
        traffic::request(self.settings.log, target, &headers, body);
        let (mut timing, log) = (Timing::begin(), self.settings.log);
        let answer = match (body, target.states_empty_body()) {
            (Some(bytes), _) => self.send(target, headers, &bytes[..], limit, &mut timing),
            (None, true) => self.send(target, headers, &b""[..], limit, &mut timing),
            (None, false) => self.send(target, headers, (), limit, &mut timing),
        };
        let outcome = if answer.is_ok() { Outcome::Answered } else { Outcome::Failed };
        timing.show(log, target, outcome);
        let answer = answer.map_err(|error| {
            let proxy = self.connections.proxy(&url);
            reason::transport(cause(&error), target, proxy, is_hopeless(&error))
        })?;
        traffic::answer(log, target, &answer, timing.elapsed());
        Ok(answer)
    }

    fn send(
        &self,
        target: &Target,
        headers: HeaderMap,
        body: impl ureq::AsSendBody,
        limit: Duration,
        timing: &mut Timing,
    ) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(&target.method).uri(&target.url).body(body)?;
        *request.headers_mut() = headers;
        let response = self.connections.configured(request, |config| config.timeout_global(Some(limit)))?;
        timing.answered();
        Ok(read(response))
    }
}

/// An answer whose body breaks off is one all the same: what the call was for has been done.
fn read(response: Response<ureq::Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let mut bytes = Vec::new();
    let mut reader = body.into_reader();
    let end = match attempts::is_gzip(&parts.headers) {
        true => MultiGzDecoder::new(reader).read_to_end(&mut bytes),
        false => reader.read_to_end(&mut bytes),
    };
    let body = end.map(|_| bytes.into()).map_err(|error| reason::broken_off(&error));
    Answer { proto: parts.version, status: parts.status, headers: parts.headers, body }
}

/// What ureq wraps without telling it as a cause.
fn cause(error: &ureq::Error) -> &(dyn std::error::Error + 'static) {
    use ureq::Error::{Io, Other, Rustls};
    match error {
        Io(inner) => inner,
        Rustls(inner) => inner,
        Other(inner) => inner.as_ref(),
        other => other,
    }
}

/// An error that no repetition heals: the URL itself, or the proxy's, is at fault, or what answers there speaks
/// something else.
fn is_hopeless(error: &ureq::Error) -> bool {
    use ureq::Error::{BadUri, Http, InvalidProxyUrl, Other, Protocol, RequireHttpsOnly, TlsRequired};
    match error {
        Other(inner) => inner.is::<ProxyError>(),
        BadUri(_) | Http(_) | InvalidProxyUrl | Protocol(_) | RequireHttpsOnly(_) | TlsRequired => true,
        _ => false,
    }
}
