//! The variables that say where Datadog's agent is and what it is told of every span.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::tls::TlsFiles;
use crate::transport::{Compression, Destination, Framing};
use crate::{Variables, given};

/// What every span says: its service, and tags.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tags {
    pub(crate) service: String,
    pub(crate) texts: Vec<(String, String)>,
    pub(crate) numbers: Vec<(String, f64)>,
}

const TIMEOUT: Duration = Duration::from_secs(10);

/// Where Datadog's agent listens when nobody says otherwise and the socket is there.
const USUAL_SOCKET: &str = "/var/run/datadog/apm.socket";

/// Where Datadog's agent listens, as its own libraries find it.
pub(crate) fn destination(variables: Variables<'_>, is_there: impl Fn(&Path) -> bool) -> Destination {
    let (root, socket) = place(variables, is_there);
    let meta = [("datadog-meta-lang", "rust"), ("datadog-meta-tracer-version", env!("CARGO_PKG_VERSION"))];
    Destination {
        url: format!("{root}/v0.4/traces"),
        socket,
        framing: Framing::Plain("application/msgpack"),
        headers: meta.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        timeout: TIMEOUT,
        compression: Compression::None,
        tls: TlsFiles::default(),
    }
}

/// The root of its addresses, and its socket.
fn place(variables: Variables<'_>, is_there: impl Fn(&Path) -> bool) -> (String, Option<PathBuf>) {
    let get = |name: &str| given(variables, name);
    let by_socket = |path: &str| ("http://localhost".to_owned(), Some(PathBuf::from(path)));
    let url = get("DD_TRACE_AGENT_URL");
    match url.as_deref().and_then(|url| url.split_once("://")) {
        Some(("unix", path)) => return by_socket(path),
        Some((scheme @ ("http" | "https"), rest)) => {
            return (format!("{scheme}://{}", rest.trim_end_matches('/')), None);
        }
        _ => {}
    }
    if url.is_some() {
        tracing::warn!("Ignoring DD_TRACE_AGENT_URL: its scheme is none of unix, http and https");
    }
    match (get("DD_AGENT_HOST"), get("DD_TRACE_AGENT_PORT")) {
        (None, None) if is_there(Path::new(USUAL_SOCKET)) => by_socket(USUAL_SOCKET),
        (host, port) => {
            let host = host.unwrap_or_else(|| "localhost".into());
            (format!("http://{host}:{}", port.unwrap_or_else(|| "8126".into())), None)
        }
    }
}

impl Tags {
    /// The tags that `DD_ENV`, `DD_VERSION` and `DD_TAGS` add.
    pub(crate) fn of(service: String, variables: Variables<'_>) -> Self {
        let single = [("env", "DD_ENV"), ("version", "DD_VERSION")];
        let single =
            single.into_iter().filter_map(|(tag, name)| Some((tag.to_owned(), given(variables, name)?)));
        let list = given(variables, "DD_TAGS").unwrap_or_default();
        let pair =
            |entry: &str| entry.split_once(':').map(|(k, v)| (k.trim().to_owned(), v.trim().to_owned()));
        let listed = list.split(if list.contains(',') { ',' } else { ' ' }).filter_map(pair);
        Self { service, texts: listed.chain(single).collect(), numbers: Vec::new() }
    }

    /// Adds what OpenTelemetry calls attributes.
    pub(crate) fn add(&mut self, attributes: impl IntoIterator<Item = opentelemetry::KeyValue>) {
        for attribute in attributes {
            let key = attribute.key.to_string();
            match attribute.value {
                #[expect(clippy::cast_precision_loss, reason = "Datadog's numbers are floating point")]
                opentelemetry::Value::I64(number) => self.numbers.push((key, number as f64)),
                opentelemetry::Value::F64(number) => self.numbers.push((key, number)),
                other => self.texts.push((key, other.to_string())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(entries: &[(&str, &str)], url: &str, socket: Option<&str>) {
        let get = |name: &str| {
            entries.iter().find(|(entry, _)| *entry == name).map(|(_, value)| (*value).to_owned())
        };
        let found = destination(&get, |path| entries.is_empty() && path == Path::new(USUAL_SOCKET));
        assert_eq!((found.url.as_str(), found.socket), (url, socket.map(PathBuf::from)), "{entries:?}");
    }

    #[test]
    fn where_the_agent_is() {
        check(&[("DD_ENV", "x")], "http://localhost:8126/v0.4/traces", None);
        check(&[("DD_AGENT_HOST", "h"), ("DD_TRACE_AGENT_PORT", "1")], "http://h:1/v0.4/traces", None);
        check(&[("DD_AGENT_HOST", "h"), ("DD_TRACE_AGENT_URL", "https://x/")], "https://x/v0.4/traces", None);
        check(
            &[("DD_AGENT_HOST", "h"), ("DD_TRACE_AGENT_URL", "ftp://x")],
            "http://h:8126/v0.4/traces",
            None,
        );
        let local = "http://localhost/v0.4/traces";
        check(&[("DD_TRACE_AGENT_URL", "unix:///run/dd.sock")], local, Some("/run/dd.sock"));
        check(&[], local, Some(USUAL_SOCKET));
    }

    #[test]
    fn tags_of_everything() {
        let check = |list: &'static str, expected: &[(&str, &str)]| {
            let get = |name: &str| (name == "DD_TAGS").then(|| list.to_owned());
            let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
            let expected: Vec<_> = expected.iter().map(pair).collect();
            assert_eq!(Tags::of("s".into(), &get).texts, expected, "{list:?}");
        };
        check("", &[]);
        check("a:b c:d", &[("a", "b"), ("c", "d")]);
        check("a:b, c:d e,f", &[("a", "b"), ("c", "d e")]);
    }
}
