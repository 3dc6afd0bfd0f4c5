//! What both clients share: the request of one attempt, the words about a failed one, the dice of jitter.

use crate::call::{Answer, BrokenOff, Call};
use crate::error::{ApiError, Failure};
use crate::policy::{Next, Policy, Report};
use crate::redirect;
use crate::settings::Settings;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::error::Error;
use std::time::Duration;

/// What bounds each request, whatever a call's own limits are (spec/agent-api.md §2.3).
pub(crate) const REQUEST_LIMIT: Duration = Duration::from_secs(60);
/// What bounds the making of a connection.
pub(crate) const CONNECT_LIMIT: Duration = Duration::from_secs(30);

/// The target of one request: an attempt's first, or one it was redirected to.
pub(crate) struct Target {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) has_body: bool,
    hops: u32,
}

impl Target {
    pub(crate) fn first<T>(call: &Call<T>, settings: &Settings) -> Self {
        let has_body = call.body.bytes().is_some();
        Self { method: call.method.clone(), url: call.url(&settings.endpoint), has_body, hops: 0 }
    }

    /// Where the answer leads, if anywhere.
    pub(crate) fn follow(&self, answer: &Answer) -> Option<Self> {
        if self.hops == redirect::LIMIT {
            return None;
        }
        let hop = redirect::next(&self.method, &self.url, answer.status, &answer.headers)?;
        let has_body = self.has_body && hop.keeps_body;
        Some(Self { method: hop.method, url: hop.url, has_body, hops: self.hops + 1 })
    }

    /// Whether a request without body says so with `Content-Length: 0`.
    pub(crate) fn states_empty_body(&self) -> bool {
        !self.has_body && matches!(self.method, Method::POST | Method::PUT)
    }
}

/// All headers of attempt `failed` but those the client sets itself.
pub(crate) fn headers<T>(
    call: &Call<T>,
    settings: &Settings,
    failed: u32,
    left: Option<Duration>,
    target: &Target,
) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut add = |name: &str, value: &str| {
        // What can't be a header (an odd server-specified one) is left out, as it could never be sent.
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            headers.insert(name, value);
        }
    };
    add("User-Agent", settings.user_agent.as_str());
    settings.headers.iter().for_each(|(name, value)| add(name, value));
    call.headers.iter().for_each(|(name, value)| add(name, value));
    call.attempt_headers(failed, left).for_each(|(name, value)| add(name, &value));
    if target.has_body {
        call.body.headers().iter().for_each(|(name, value)| add(name, value));
    }
    if !settings.token.is_empty() {
        add("Authorization", &format!("Token {}", settings.token.reveal()));
    }
    if let Some(authorization) = headers.get_mut(http::header::AUTHORIZATION) {
        authorization.set_sensitive(true);
    }
    headers
}

/// A transport error of an attempt; everything but a wrong URL or certificate may heal (§6.2).
pub(crate) fn transport(error: &(dyn Error + 'static), target: &Target, hopeless: bool) -> ApiError {
    let retryable = !hopeless && !is_tls_refusal(error);
    let failure = Failure::Transport { reason: innermost(error), retryable };
    ApiError::new(target.method.clone(), &target.url, failure)
}

/// A body that did not come to its end.
pub(crate) fn broken_off(error: &(dyn Error + 'static)) -> BrokenOff {
    BrokenOff(innermost(error))
}

/// The waits' dice: uniform in [0, 1).
pub(crate) fn random() -> f64 {
    /// As many bits as a double holds.
    const BITS: u32 = 53;
    let bits = getrandom::u64().unwrap_or(0) >> (u64::BITS - BITS);
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact in a double")]
    let fraction = bits as f64 / (1u64 << BITS) as f64;
    fraction
}

/// Says that attempt number `failed` failed and what follows, where the policy wants that. A failure that no other
/// attempt could have healed is the caller's to tell.
pub(crate) fn report(policy: &Policy, failed: u32, error: &ApiError, next: Next) {
    let attempts = policy.attempts;
    if policy.report == Report::Silent || attempts == 1 {
        return;
    }
    match next {
        Next::Wait(Duration::ZERO) => {
            tracing::warn!("{error} (Attempt {failed}/{attempts} Retrying immediately)");
        }
        Next::Wait(wait) => tracing::warn!("{error} (Attempt {failed}/{attempts} Retrying in {wait:?})"),
        Next::GiveUp if failed == attempts => tracing::warn!("{error} (Attempt {failed}/{attempts})"),
        Next::GiveUp => {}
    }
}

/// A failure of the certificate or of the protocol, as opposed to one of the network.
fn is_tls_refusal(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(|cause| match tls_error(cause) {
        Some(rustls::Error::AlertReceived(rustls::AlertDescription::HandshakeFailure)) | None => false,
        Some(_) => true,
    })
}

/// A TLS error, wherever the libraries hide it.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let hidden = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    let inside = hidden.and_then(|inner| inner.downcast_ref::<rustls::Error>());
    error.downcast_ref::<rustls::Error>().or(inside)
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

/// The cause at the bottom, which is what the reader can act on.
fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}
