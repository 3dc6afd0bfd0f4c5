//! Why there was no answer: in words that say where to look, and whether another attempt can help
//! (spec/agent-api.md §6.2).

use std::error::Error;
use std::fmt::Write as _;

use rustls::{AlertDescription, CertificateError};
use url::{Position, Url};

use crate::attempts::Target;
use crate::call::BrokenOff;
use crate::error::{ApiError, Failure};
use crate::tls::is_authority_s_own;

/// A transport error of an attempt. Everything but a wrong URL, a refusal of TLS or one of a proxy that wants other
/// credentials may heal.
pub(crate) fn transport(
    error: &(dyn Error + 'static),
    target: &Target,
    proxy: Option<&Url>,
    hopeless: bool,
) -> ApiError {
    let reason = words(error, &host(&target.url));
    let retryable = !hopeless && tls_error(error).is_none() && !wants_credentials(&reason);
    let reason = match proxy {
        // The library doesn't tell what the proxy says instead.
        Some(proxy) if reason == "tunnel error: unsuccessful" => {
            format!("the proxy {} refuses to make a tunnel", place(proxy))
        }
        Some(proxy) => format!("through the proxy {}: {reason}", place(proxy)),
        None => reason,
    };
    ApiError::new(target.method.clone(), &target.url, Failure::Transport { reason, retryable })
}

/// A body that did not come to its end.
pub(crate) fn broken_off(error: &(dyn Error + 'static)) -> BrokenOff {
    BrokenOff(words(error, "the server"))
}

/// The cause at the bottom, which is what the reader can act on; `host` is who was asked.
pub(crate) fn words(error: &(dyn Error + 'static), host: &str) -> String {
    match tls_error(error) {
        Some(error) => tls_words(error, host),
        None => chain(error).last().map_or_else(|| error.to_string(), ToString::to_string),
    }
}

/// Host and port of a proxy; what is before them can be a password.
fn place(proxy: &Url) -> &str {
    &proxy[Position::BeforeHost..Position::AfterPort]
}

fn host(url: &str) -> String {
    let url = Url::parse(url).ok();
    url.as_ref().and_then(Url::host_str).unwrap_or("the server").to_owned()
}

/// What the libraries say when a proxy doesn't accept ours, or that there are none. They have no types for it.
fn wants_credentials(reason: &str) -> bool {
    const PHRASES: [&str; 7] = [
        "responded 407",
        "proxy authorization required",
        "no acceptable auth methods",
        "unknown auth method",
        "authentication failed",
        "does not support user/pass authentication",
        "credentials not accepted",
    ];
    PHRASES.iter().any(|phrase| reason.contains(phrase))
}

fn tls_words(error: &rustls::Error, host: &str) -> String {
    match error {
        rustls::Error::InvalidCertificate(error) => certificate_words(error, host),
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            format!("{host} wants a certificate of its clients")
        }
        rustls::Error::AlertReceived(alert) => format!("{host} ended the TLS handshake: {alert:?}"),
        rustls::Error::InvalidMessage(_) => format!("{host} does not speak TLS at this port ({error})"),
        other => format!("TLS with {host}: {other}"),
    }
}

fn certificate_words(error: &CertificateError, host: &str) -> String {
    let mut text = format!("the certificate of {host} ");
    let moment = |time: rustls::pki_types::UnixTime| {
        let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        jiff::Timestamp::from_second(seconds).map_or_else(|_| "?".to_owned(), |time| time.to_string())
    };
    // Writing to text doesn't fail.
    let _ = match error {
        CertificateError::UnknownIssuer => {
            write!(text, "is signed by an authority that is not trusted here; SSL_CERT_FILE can name it")
        }
        CertificateError::Other(other) if is_authority_s_own(other) => {
            write!(text, "is signed by itself and not trusted here; SSL_CERT_FILE can name it")
        }
        CertificateError::ExpiredContext { not_after, .. } => {
            write!(text, "expired at {}", moment(*not_after))
        }
        CertificateError::Expired => write!(text, "has expired"),
        CertificateError::NotValidYetContext { not_before, .. } => {
            write!(text, "is not valid before {}", moment(*not_before))
        }
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
            write!(text, "names no hosts, not even that one")
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            write!(text, "is for other hosts: {}", names(presented))
        }
        other => write!(text, "is not accepted: {other}"),
    };
    text
}

/// `DnsName("a")` is `a`.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| {
        let inner = name.split_once('(').map_or(name.as_str(), |(_, rest)| rest.trim_end_matches(')'));
        inner.trim_matches('"').to_owned()
    };
    presented.iter().map(bare).collect::<Vec<_>>().join(", ")
}

/// A TLS error, wherever the libraries hide it: an `io::Error` doesn't tell what is inside of it as its source.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    chain(error).find_map(|cause| {
        let mut at: &(dyn Error + 'static) = cause;
        loop {
            if let Some(found) = at.downcast_ref::<rustls::Error>() {
                return Some(found);
            }
            at = at.downcast_ref::<std::io::Error>()?.get_ref()?;
        }
    })
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::{ServerName, UnixTime};
    use std::io;
    use std::time::Duration;

    fn hidden(error: rustls::Error) -> io::Error {
        io::Error::other(io::Error::new(io::ErrorKind::InvalidData, error))
    }

    #[test]
    fn tls_is_told_in_words_and_not_tried_again() {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let other_host = CertificateError::NotValidForNameContext {
            expected: ServerName::try_from("h").expect("a name"),
            presented: vec!["DnsName(\"a.test\")".into(), "IpAddress(10.0.0.1)".into()],
        };
        let expired = CertificateError::ExpiredContext { time: at(9), not_after: at(0) };
        for (error, expected) in [
            (CertificateError::UnknownIssuer.into(), "signed by an authority that is not trusted"),
            (expired.into(), "certificate of h expired at 1970-01-01T00:00:00Z"),
            (other_host.into(), "certificate of h is for other hosts: a.test, 10.0.0.1"),
            (rustls::Error::AlertReceived(AlertDescription::HandshakeFailure), "h ended the TLS handshake"),
        ] {
            let error = hidden(error);
            let target = Target::to("https://h/x");
            let error = transport(&error, &target, None, false);
            assert!(error.to_string().contains(expected) && !error.is_retryable(), "{error}");
        }
    }

    #[test]
    fn a_proxy_on_the_way_is_named_without_its_password() {
        let proxy = Url::parse("socks5h://user:do-not-show@proxy.test:1080").expect("a URL");
        for (reason, retryable) in [("connection refused", true), ("password authentication failed", false)] {
            let error = transport(&io::Error::other(reason), &Target::to("http://h/x"), Some(&proxy), false);
            assert_eq!(error.is_retryable(), retryable, "{reason}");
            let text = error.to_string();
            assert_eq!(text, format!("GET http://h/x: through the proxy proxy.test:1080: {reason}"));
        }
    }
}
