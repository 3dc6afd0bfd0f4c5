//! The variables that say where Datadog's agent is and what it is told of every span.

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

/// Where Datadog's agent listens.
pub(crate) fn destination(variables: Variables<'_>) -> Destination {
    let get = |name: &str| given(variables, name);
    let root =
        get("DD_TRACE_AGENT_URL").map(|url| url.trim_end_matches('/').to_owned()).unwrap_or_else(|| {
            let host = get("DD_AGENT_HOST").unwrap_or_else(|| "localhost".into());
            let port = get("DD_TRACE_AGENT_PORT").unwrap_or_else(|| "8126".into());
            format!("http://{host}:{port}")
        });
    let meta = [("datadog-meta-lang", "rust"), ("datadog-meta-tracer-version", env!("CARGO_PKG_VERSION"))];
    Destination {
        url: format!("{root}/v0.4/traces"),
        framing: Framing::Plain("application/msgpack"),
        headers: meta.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        timeout: TIMEOUT,
        compression: Compression::None,
        tls: TlsFiles::default(),
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

    #[test]
    fn where_the_agent_is() {
        let check = |entries: &[(&str, &str)], url: &str| {
            let get = |name: &str| {
                entries.iter().find(|(entry, _)| *entry == name).map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(destination(&get).url, url);
        };
        check(&[], "http://localhost:8126/v0.4/traces");
        check(&[("DD_AGENT_HOST", "h"), ("DD_TRACE_AGENT_PORT", "1")], "http://h:1/v0.4/traces");
        check(&[("DD_AGENT_HOST", "h"), ("DD_TRACE_AGENT_URL", "https://x/")], "https://x/v0.4/traces");
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
