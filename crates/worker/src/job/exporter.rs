//! Where the server wants a job's spans to go (spec/agent.md §15.4).

use super::environment::{Sources, Variables};
use redkite_api::encode_segment;

/// Variables by which an operator or a job chooses a destination; then the server's doesn't count.
pub(crate) const OWN_DESTINATION: [&str; 4] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
];

/// The variables that carry the server's exporter, if it counts for this job.
pub(crate) fn variables(sources: &Sources<'_>, from_job: &Variables) -> Variables {
    let tracing = &sources.settings.tracing;
    let Some(exporter) = tracing.exporter.as_ref().filter(|_| tracing.backend == "opentelemetry") else {
        return Variables::new();
    };
    if OWN_DESTINATION.iter().any(|name| from_job.contains_key(*name)) {
        tracing::info!("The job exports its spans itself; the server's exporter is left out");
        return Variables::new();
    }
    let headers: Vec<_> =
        exporter.headers.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    [
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", exporter.endpoint.clone()),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", exporter.protocol.clone()),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", headers.join(",")),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// A header's value as the OTLP variables want it: a path segment, with dots, without plus signs.
fn escaped(value: &str) -> String {
    encode_segment(value).replace("%2E", ".").replace('+', "%2B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_values_are_escaped() {
        for (value, expected) in [("1+2,3", "1%2B2%2C3"), ("x y", "x%20y"), ("a.b", "a.b")] {
            assert_eq!(escaped(value), expected);
        }
    }
}
