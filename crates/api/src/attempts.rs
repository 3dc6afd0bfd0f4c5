//! What both clients share: the request of one attempt, the words about a failed one, the dice of jitter.

use crate::call::{Answer, Call};
use crate::error::{ApiError, Failure};
use crate::policy::{Next, Policy, Report};
use crate::redirect;
use crate::settings::Settings;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::time::Duration;
use url::Url;

/// What bounds each request, whatever a call's own limits are (spec/agent-api.md §2.3).
pub(crate) const REQUEST_LIMIT: Duration = Duration::from_secs(60);
/// What bounds the making of a connection.
pub(crate) const CONNECT_LIMIT: Duration = Duration::from_secs(30);

const WANTED: &str = "an address begins with http:// or https:// and a host";

/// The target of one request: an attempt's first, or one it was redirected to.
pub(crate) struct Target {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) has_body: bool,
    /// Where a redirect came from.
    referer: Option<String>,
    hops: u32,
}

impl Target {
    pub(crate) fn first<T>(call: &Call<T>, settings: &Settings) -> Self {
        let has_body = call.body.bytes().is_some();
        let url = call.url(&settings.endpoint);
        Self { method: call.method.clone(), url, has_body, referer: None, hops: 0 }
    }

    #[cfg(test)]
    pub(crate) fn to(url: &str) -> Self {
        Self { method: Method::GET, url: url.to_owned(), has_body: false, referer: None, hops: 0 }
    }

    /// Where the answer leads, if anywhere.
    ///
    /// # Errors
    /// It leads on and on.
    pub(crate) fn follow(&self, answer: &Answer) -> Result<Option<Self>, ApiError> {
        let hop = redirect::next(&self.method, &self.url, answer.status, &answer.headers);
        let Some(hop) = hop else { return Ok(None) };
        if self.hops == redirect::LIMIT {
            return Err(self.refused(format!("stopped after {} redirects", self.hops + 1)));
        }
        let has_body = self.has_body && hop.keeps_body;
        let referer = redirect::referer(&self.url, &hop.url);
        Ok(Some(Self { method: hop.method, url: hop.url, has_body, referer, hops: self.hops + 1 }))
    }

    /// An address that can be asked at all.
    ///
    /// # Errors
    /// It is none of HTTP, or names no host.
    pub(crate) fn check(&self) -> Result<Url, ApiError> {
        let url = Url::parse(&self.url).map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => self.refused(WANTED.into()),
            other => self.refused(format!("{other}: {WANTED}")),
        })?;
        // `http:/x` and `http:///x` have the host `x`, for whoever is generous.
        let names_host =
            self.url.split_once("://").is_some_and(|(_, rest)| !rest.starts_with(['/', '?', '#']));
        match url.scheme() {
            "http" | "https" if names_host => Ok(url),
            _ => Err(self.refused(WANTED.into())),
        }
    }

    fn refused(&self, reason: String) -> ApiError {
        let failure = Failure::Transport { reason, retryable: false };
        ApiError::new(self.method.clone(), &self.url, failure)
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
    add("Accept-Encoding", "gzip");
    settings.headers.iter().for_each(|(name, value)| add(name, value));
    call.headers.iter().for_each(|(name, value)| add(name, value));
    call.attempt_headers(failed, left).for_each(|(name, value)| add(name, &value));
    if target.has_body {
        call.body.headers().iter().for_each(|(name, value)| add(name, value));
    }
    if let Some(referer) = &target.referer {
        add("Referer", referer);
    }
    if !settings.token.is_empty() {
        add("Authorization", &format!("Token {}", settings.token.reveal()));
    }
    if let Some(authorization) = headers.get_mut(http::header::AUTHORIZATION) {
        authorization.set_sensitive(true);
    }
    headers
}

/// Whether a body is still compressed: names of encodings have no case.
pub(crate) fn is_gzip(headers: &HeaderMap) -> bool {
    let encoding = headers.get(http::header::CONTENT_ENCODING);
    encoding.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"gzip"))
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
