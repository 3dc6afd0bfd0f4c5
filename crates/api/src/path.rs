//! Paths and queries of the Agent API (spec/agent-api.md §2.1, §2.2).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt::{self, Write as _};

/// What a path segment may not hold literally. A dot is unreserved in a URL, but this API encodes it.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'~')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// Cache registry slugs keep their dots.
const SLUG: &AsciiSet = &SEGMENT.remove(b'.');

/// What a query value may not hold literally; a space becomes `+` afterwards.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b' ');

/// A path relative to the endpoint, encoded, with its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    text: String,
    has_query: bool,
}

impl Path {
    /// Joins `segments`, each encoded by the rules of §2.2.
    #[must_use]
    pub fn of(segments: &[&str]) -> Self {
        let encoded: Vec<String> = segments.iter().map(|s| encode_segment(s)).collect();
        Self { text: encoded.join("/"), has_query: false }
    }

    /// `cache_registries/{slug}` and what follows: slugs are encoded without the rule for dots.
    #[must_use]
    pub fn of_cache(slug: &str, action: Option<&str>) -> Self {
        let mut text = format!("cache_registries/{}", utf8_percent_encode(slug, SLUG));
        if let Some(action) = action {
            text.push('/');
            text.push_str(action);
        }
        Self { text, has_query: false }
    }

    /// Adds a query parameter. The caller adds them in the order in which they must appear.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.text.push(if self.has_query { '&' } else { '?' });
        self.has_query = true;
        let _ = write!(self.text, "{name}={}", encode_query(value));
        self
    }

    /// The path as it is appended to an endpoint.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Encodes one path segment (§2.2).
#[must_use]
pub fn encode_segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

fn encode_query(text: &str) -> String {
    utf8_percent_encode(text, QUERY).to_string().replace(' ', "+")
}

/// The base URL of the Agent API, without trailing slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(String);

impl Endpoint {
    /// Where agents connect unless told otherwise.
    pub const DEFAULT: &str = "https://agent-edge.buildkite.com/v3";

    /// The one that a job was told of; nothing means the default.
    #[must_use]
    pub fn of_job(text: &str) -> Self {
        Self(if text.is_empty() { Self::DEFAULT } else { text }.to_owned())
    }

    /// The full URL of `path`.
    #[must_use]
    pub fn join(&self, path: &Path) -> String {
        format!("{}/{}", self.0.trim_end_matches('/'), path.as_str().trim_start_matches('/'))
    }

    /// Scheme, host and port alone.
    #[must_use]
    pub fn host_root(&self) -> String {
        let origin = url::Url::parse(&self.0).map(|url| url.origin().ascii_serialization());
        origin.unwrap_or_else(|_| self.0.clone())
    }

    /// The endpoint as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host name, without port; `None` when this is no URL with a host.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        url::Url::parse(&self.0).ok()?.host_str().map(str::to_owned)
    }

    /// Whether the host is this machine: such targets are never proxied (§2.3).
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match url::Url::parse(&self.0).ok().as_ref().and_then(url::Url::host) {
            Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }
}

impl<T: Into<String>> From<T> for Endpoint {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_encoded_with_their_dots() {
        for (plain, encoded) in [
            (
                "path.segment/containing#various?characters%lol",
                "path%2Esegment%2Fcontaining%23various%3Fcharacters%25lol",
            ),
            ("a.b c", "a%2Eb%20c"),
            ("$&+=:@", "$&+=:@"),
            (";,", "%3B%2C"),
            ("0190-x_~", "0190-x_~"),
        ] {
            assert_eq!(encode_segment(plain), encoded, "{plain}");
        }
    }

    #[test]
    fn slugs_keep_dots() {
        assert_eq!(Path::of_cache("~", Some("peek")).as_str(), "cache_registries/~/peek");
        assert_eq!(Path::of_cache("a.b/c", None).as_str(), "cache_registries/a.b%2Fc");
    }

    #[test]
    fn queries_are_form_encoded() {
        let path = Path::of(&["x"]).query("query", "dir/* y").query("state", "finished");
        assert_eq!(path.as_str(), "x?query=dir%2F%2A+y&state=finished");
    }

    #[test]
    fn an_endpoint_joins_with_one_slash() {
        for base in ["http://h/v3", "http://h/v3/", "http://h/v3//"] {
            assert_eq!(Endpoint::from(base).join(&Path::of(&["ping"])), "http://h/v3/ping");
        }
    }

    #[test]
    fn loopback_endpoints_are_known() {
        for (endpoint, expected) in [
            ("http://127.0.0.1:80/v3", true),
            ("http://localhost/v3", true),
            ("http://[::1]:9/v3", true),
            ("https://agent-edge.buildkite.com/v3", false),
            ("not a url", false),
        ] {
            assert_eq!(Endpoint::from(endpoint).is_loopback(), expected, "{endpoint}");
        }
    }
}
