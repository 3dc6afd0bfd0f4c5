//! The variables that say where OTLP goes (spec/job.md §18.1; the OpenTelemetry specification of exporters).

use std::time::Duration;

use http::Uri;

use crate::tls::TlsFiles;
use crate::transport::{Compression, Destination, Framing};
use crate::{Variables, given};

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Traces,
    Logs,
}

impl Signal {
    const fn infix(self) -> &'static str {
        match self {
            Self::Traces => "TRACES_",
            Self::Logs => "LOGS_",
        }
    }

    const fn http_path(self) -> &'static str {
        match self {
            Self::Traces => "/v1/traces",
            Self::Logs => "/v1/logs",
        }
    }

    const fn grpc_path(self) -> &'static str {
        match self {
            Self::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            Self::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        }
    }

    /// As in `unsupported OTLP <words>protocol`.
    const fn words(self) -> &'static str {
        match self {
            Self::Traces => "",
            Self::Logs => "logs ",
        }
    }
}

/// Variables that make no sense.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OtlpError {
    #[error("unsupported OTLP {}protocol: {protocol}", signal.words())]
    Protocol { signal: Signal, protocol: String },
    #[error("unusable OTLP endpoint {endpoint:?}")]
    Endpoint { endpoint: String },
}

const PROTOBUF: &str = "application/x-protobuf";
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// The variables of one signal: its own, else those of all.
struct Settings<'a> {
    signal: Signal,
    variables: Variables<'a>,
}

impl Settings<'_> {
    fn own(&self, name: &str) -> Option<String> {
        given(self.variables, &format!("OTEL_EXPORTER_OTLP_{}{name}", self.signal.infix()))
    }

    fn common(&self, name: &str) -> Option<String> {
        given(self.variables, &format!("OTEL_EXPORTER_OTLP_{name}"))
    }

    fn get(&self, name: &str) -> Option<String> {
        self.own(name).or_else(|| self.common(name))
    }

    fn framing(&self) -> Result<Framing, OtlpError> {
        let protocol = self.get("PROTOCOL").unwrap_or_else(|| "grpc".into());
        match protocol.as_str() {
            "grpc" => Ok(Framing::Grpc),
            "http/protobuf" | "http" => Ok(Framing::Plain(PROTOBUF)),
            _ => Err(OtlpError::Protocol { signal: self.signal, protocol }),
        }
    }

    fn url(&self, framing: Framing) -> Result<String, OtlpError> {
        let (own, common) = (self.own("ENDPOINT"), self.common("ENDPOINT"));
        let path = match framing {
            Framing::Grpc => self.signal.grpc_path(),
            Framing::Plain(_) => self.signal.http_path(),
        };
        let port = if framing == Framing::Grpc { 4317 } else { 4318 };
        match (framing, own, common) {
            (_, None, None) => Ok(format!("http://localhost:{port}{path}")),
            (Framing::Plain(_), Some(own), _) => {
                let (root, given) = self.split(&own)?;
                Ok(format!("{root}{}", if given.is_empty() { "/" } else { &given }))
            }
            (Framing::Plain(_), None, Some(common)) => {
                let (root, given) = self.split(&common)?;
                Ok(format!("{root}{}{path}", given.trim_end_matches('/')))
            }
            // A call's path is its name: one that is given does not matter.
            (Framing::Grpc, own, common) => {
                let (root, _) = self.split(&own.or(common).unwrap_or_default())?;
                // Go's gRPC knows one port, whether with TLS or without.
                let root: Uri = root.parse().map_err(|_| OtlpError::Endpoint { endpoint: root })?;
                let port = if root.port().is_none() { ":443" } else { "" };
                Ok(format!("{}{port}{path}", root.to_string().trim_end_matches('/')))
            }
        }
    }

    /// An endpoint's root and the rest of it.
    fn split(&self, endpoint: &str) -> Result<(String, String), OtlpError> {
        let refused = || OtlpError::Endpoint { endpoint: without_password(endpoint) };
        let uri: Uri = endpoint.parse().map_err(|_| refused())?;
        let authority = uri.authority().ok_or_else(refused)?;
        let scheme = match uri.scheme_str() {
            Some(scheme @ ("http" | "https")) => scheme,
            Some(_) => return Err(refused()),
            None if self.get("INSECURE").is_some_and(|value| value.eq_ignore_ascii_case("true")) => "http",
            None => "https",
        };
        let path = uri.path_and_query().map_or("", |path| path.as_str());
        Ok((format!("{scheme}://{authority}"), path.trim_start_matches('/').to_owned()))
            .map(|(root, path)| (root, if path.is_empty() { path } else { format!("/{path}") }))
    }

    fn headers(&self) -> Vec<(String, String)> {
        let list = self.get("HEADERS").unwrap_or_default();
        list.split(',').filter_map(header).collect()
    }

    fn timeout(&self) -> Duration {
        let millis = self.get("TIMEOUT").and_then(|value| value.parse().ok());
        millis.filter(|millis| *millis > 0).map_or(DEFAULT_TIMEOUT, Duration::from_millis)
    }

    fn tls(&self) -> TlsFiles {
        TlsFiles {
            roots: self.get("CERTIFICATE").map(Into::into),
            identity: self
                .get("CLIENT_CERTIFICATE")
                .zip(self.get("CLIENT_KEY"))
                .map(|(c, k)| (c.into(), k.into())),
        }
    }
}

/// `name=value`, both percent-encoded; what is none is said and left out.
fn header(entry: &str) -> Option<(String, String)> {
    let entry = entry.trim();
    let decoded =
        |text: &str| percent_encoding::percent_decode_str(text.trim()).decode_utf8_lossy().into_owned();
    let header = entry.split_once('=').map(|(name, value)| (decoded(name).to_lowercase(), decoded(value)));
    let usable = header.filter(|(name, value)| {
        name.parse::<http::HeaderName>().is_ok() && http::HeaderValue::from_str(value).is_ok()
    });
    if usable.is_none() && !entry.is_empty() {
        // Its value can be a secret.
        tracing::warn!("Ignoring an entry of OTEL_EXPORTER_OTLP_HEADERS that is no header");
    }
    usable
}

fn without_password(endpoint: &str) -> String {
    match endpoint.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => endpoint.to_owned(),
    }
}

/// Where a signal goes.
///
/// # Errors
/// A protocol that there isn't, an endpoint that is none.
pub(crate) fn destination(signal: Signal, variables: Variables<'_>) -> Result<Destination, OtlpError> {
    let settings = Settings { signal, variables };
    let framing = settings.framing()?;
    Ok(Destination {
        url: settings.url(framing)?,
        socket: None,
        framing,
        headers: settings.headers(),
        timeout: settings.timeout(),
        compression: match settings.get("COMPRESSION").as_deref() {
            Some("gzip") => Compression::Gzip,
            _ => Compression::None,
        },
        tls: settings.tls(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(signal: Signal, entries: &[(&str, &str)]) -> Result<Destination, OtlpError> {
        let get = |name: &str| {
            let short = name.strip_prefix("OTEL_EXPORTER_OTLP_")?;
            entries.iter().find(|(entry, _)| *entry == short).map(|(_, value)| (*value).to_owned())
        };
        destination(signal, &get)
    }

    const SPANS: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

    #[test]
    fn where_it_goes() {
        let check = |entries: &[(&str, &str)], url: &str| {
            assert_eq!(of(Signal::Traces, entries).expect("a destination").url, url, "{entries:?}");
        };
        check(&[], &format!("http://localhost:4317{SPANS}"));
        check(&[("ENDPOINT", "")], &format!("http://localhost:4317{SPANS}"));
        check(&[("ENDPOINT", "https://c:1/x")], &format!("https://c:1{SPANS}"));
        check(&[("ENDPOINT", "c:1")], &format!("https://c:1{SPANS}"));
        check(&[("ENDPOINT", "c:1"), ("INSECURE", "true")], &format!("http://c:1{SPANS}"));
        check(&[("ENDPOINT", "http://c")], &format!("http://c:443{SPANS}"));
        check(&[("ENDPOINT", "http://[fd00::1]")], &format!("http://[fd00::1]:443{SPANS}"));
        check(
            &[("ENDPOINT", "http://a:1"), ("TRACES_ENDPOINT", "http://b:1")],
            &format!("http://b:1{SPANS}"),
        );
        let http = ("PROTOCOL", "http/protobuf");
        check(&[http], "http://localhost:4318/v1/traces");
        check(&[http, ("ENDPOINT", "http://c:1")], "http://c:1/v1/traces");
        check(&[http, ("ENDPOINT", "http://c:1/otlp/")], "http://c:1/otlp/v1/traces");
        check(&[http, ("TRACES_ENDPOINT", "http://c:1")], "http://c:1/");
        check(&[http, ("TRACES_ENDPOINT", "http://c:1/in?x=y")], "http://c:1/in?x=y");
        check(&[("PROTOCOL", "grpc"), ("TRACES_PROTOCOL", "http")], "http://localhost:4318/v1/traces");
    }

    #[test]
    fn what_makes_no_sense() {
        let protocol = |signal, text: &str| {
            let error = of(signal, &[("PROTOCOL", "http/json")]).expect_err("refused");
            assert_eq!(error.to_string(), text);
        };
        protocol(Signal::Traces, "unsupported OTLP protocol: http/json");
        protocol(Signal::Logs, "unsupported OTLP logs protocol: http/json");
        for endpoint in ["ftp://c:1", "/path", "http://u:secret@h h"] {
            let error = of(Signal::Traces, &[("ENDPOINT", endpoint)]).expect_err("refused");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn everything_else() {
        let found = of(
            Signal::Logs,
            &[
                ("HEADERS", "a=b"),
                ("LOGS_HEADERS", "Api-Key=x%20y%3D, z = 1,bad"),
                ("TIMEOUT", "2500"),
                ("COMPRESSION", "gzip"),
                ("CERTIFICATE", "/ca"),
                ("CLIENT_CERTIFICATE", "/c"),
                ("CLIENT_KEY", "/k"),
            ],
        );
        let found = found.expect("a destination");
        let expected =
            [("api-key", "x y="), ("z", "1")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(found.headers, expected);
        assert_eq!(found.timeout, Duration::from_millis(2500));
        assert_eq!(found.compression, Compression::Gzip);
        let identity = Some(("/c".into(), "/k".into()));
        assert_eq!(found.tls, TlsFiles { roots: Some("/ca".into()), identity });
        assert_eq!(of(Signal::Logs, &[("TIMEOUT", "x")]).expect("a destination").timeout, DEFAULT_TIMEOUT);
    }
}
