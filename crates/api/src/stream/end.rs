//! How a ping stream ends, and what that means.

use http::{HeaderMap, StatusCode};
use std::fmt;

/// A gRPC status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code(pub u32);

impl Code {
    const OK: Self = Self(0);
    const UNKNOWN: Self = Self(2);
    const DEADLINE_EXCEEDED: Self = Self(4);
    const PERMISSION_DENIED: Self = Self(7);
    const UNIMPLEMENTED: Self = Self(12);
    const INTERNAL: Self = Self(13);
    const UNAVAILABLE: Self = Self(14);
    const UNAUTHENTICATED: Self = Self(16);
}

/// The end of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEnd {
    code: Code,
    reason: String,
}

impl StreamEnd {
    /// The stream broke in some way that has no code of its own.
    pub(super) fn broken(reason: impl Into<String>) -> Self {
        Self { code: Code::UNKNOWN, reason: reason.into() }
    }

    /// An HTTP status in the place of a gRPC one.
    pub(super) fn of_status(status: StatusCode) -> Self {
        let code = match status.as_u16() {
            400 => Code::INTERNAL,
            401 => Code::UNAUTHENTICATED,
            403 => Code::PERMISSION_DENIED,
            404 => Code::UNIMPLEMENTED,
            429 | 502..=504 => Code::UNAVAILABLE,
            _ => Code::UNKNOWN,
        };
        Self { code, reason: status.to_string() }
    }

    /// What trailers, or headers in their place, say; `None` when they say nothing.
    pub(super) fn of_trailers(trailers: &HeaderMap) -> Option<Self> {
        let text = |name: &str| trailers.get(name).and_then(|value| value.to_str().ok());
        let code = text("grpc-status")?.trim().parse().map_or(Code::UNKNOWN, Code);
        let message = text("grpc-message").unwrap_or_default();
        let reason = percent_encoding::percent_decode_str(message).decode_utf8_lossy().into_owned();
        Some(Self { code, reason })
    }

    /// An error of the connection; one of time is the ordinary end of a stream that nobody else ended.
    pub(super) fn of_transport(error: &reqwest::Error) -> Self {
        let code = if error.is_timeout() { Code::DEADLINE_EXCEEDED } else { Code::UNAVAILABLE };
        Self { code, reason: crate::reason::words(error, "the server") }
    }

    /// The stream ended as streams do: open the next one.
    #[must_use]
    pub fn is_ordinary(&self) -> bool {
        matches!(self.code, Code::OK | Code::DEADLINE_EXCEEDED)
    }

    /// Time was up before anybody ended the stream.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.code == Code::DEADLINE_EXCEEDED
    }

    /// There will be no stream, now or later.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self.code, Code::UNAUTHENTICATED | Code::PERMISSION_DENIED | Code::UNIMPLEMENTED)
    }
}

impl fmt::Display for StreamEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ping stream ended with code {}: {}", self.code.0, self.reason)
    }
}

impl std::error::Error for StreamEnd {}

#[cfg(test)]
mod tests {
    use super::*;

    /// `o`rdinary, `f`inal, or broken.
    fn kind(end: &StreamEnd) -> char {
        match (end.is_ordinary(), end.is_final()) {
            (true, _) => 'o',
            (_, true) => 'f',
            _ => 'b',
        }
    }

    #[test]
    fn every_code_has_its_meaning() {
        let kinds: String =
            (0..=16).map(|code| kind(&StreamEnd { code: Code(code), reason: String::new() })).collect();
        assert_eq!(kinds, "obbbobbfbbbbfbbbf");
    }

    #[test]
    fn http_statuses_stand_for_codes() {
        for (status, expected) in
            [(400, 'b'), (401, 'f'), (403, 'f'), (404, 'f'), (429, 'b'), (500, 'b'), (503, 'b')]
        {
            assert_eq!(
                kind(&StreamEnd::of_status(StatusCode::from_u16(status).unwrap())),
                expected,
                "{status}"
            );
        }
    }

    #[test]
    fn messages_are_percent_encoded() {
        let trailers: HeaderMap = [("grpc-status", "14"), ("grpc-message", "a%20b")]
            .iter()
            .map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap()))
            .collect();
        let end = StreamEnd::of_trailers(&trailers).unwrap();
        assert_eq!(end.to_string(), "ping stream ended with code 14: a b");
        assert_eq!(StreamEnd::of_trailers(&HeaderMap::new()), None);
    }
}
