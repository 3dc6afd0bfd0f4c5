//! What a server may decide about the tracing of jobs (spec/agent.md §6.5).

use crate::job::OWN_DESTINATION;
use crate::settings::{Settings, TracingSettings};
use redkite_api::Endpoint;
use redkite_api::wire::{TracingExporter, TracingPolicy};

const OPENTELEMETRY: &str = "opentelemetry";

/// What became of a policy, for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    /// The agent's own settings differ.
    LocalWins,
    /// There is no such backend.
    UnknownBackend(String),
    /// It counts; the text says what of it.
    Yes(String),
}

/// Applies a policy to the agent's own settings.
pub(crate) fn apply(policy: &TracingPolicy, settings: &Settings) -> (TracingSettings, Applied) {
    let own = settings.job.tracing.clone();
    if !own.backend.is_empty() && own.backend != OPENTELEMETRY {
        return (own, Applied::LocalWins);
    }
    if policy.backend != OPENTELEMETRY {
        return (own, Applied::UnknownBackend(policy.backend.clone()));
    }
    let exporter = policy.exporter.clone().filter(|exporter| !exporter.endpoint.is_empty());
    let has_own_destination = OWN_DESTINATION.iter().any(|name| settings.has_variable(name));
    let described = match &exporter {
        None => String::new(),
        Some(_) if has_own_destination => {
            ", exporter=ignored (the agent's environment names a destination)".to_owned()
        }
        Some(exporter) => format!(", exporter={}", origin(exporter)),
    };
    let propagate =
        own.propagate || (policy.propagate_traceparent && !settings.identity.propagation_is_explicit);
    let text = format!(
        "Control-plane tracing configuration applied: backend={OPENTELEMETRY}, \
         propagate_traceparent={propagate}{described}"
    );
    let exporter = exporter.filter(|_| !has_own_destination);
    (TracingSettings { backend: OPENTELEMETRY.to_owned(), propagate, exporter, ..own }, Applied::Yes(text))
}

/// Scheme and host only: the rest may hold credentials.
fn origin(exporter: &TracingExporter) -> String {
    let scheme = exporter.endpoint.split_once("://").map(|(scheme, _)| scheme);
    let host = Endpoint::from(exporter.endpoint.as_str()).host();
    match (scheme, host) {
        (Some(scheme), Some(host)) => format!("{scheme}://{host}"),
        _ => "(unparseable endpoint)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::test_settings;

    fn policy(backend: &str) -> TracingPolicy {
        let exporter = TracingExporter { endpoint: "https://u:p@h/x".into(), ..TracingExporter::default() };
        TracingPolicy { backend: backend.into(), propagate_traceparent: true, exporter: Some(exporter) }
    }

    #[test]
    fn local_settings_win_where_they_exist() {
        let mut settings = test_settings();
        let (applied, _) = apply(&policy(OPENTELEMETRY), &settings);
        assert!(applied.propagate && applied.exporter.is_some() && applied.backend == OPENTELEMETRY);

        assert_eq!(apply(&policy("zipkin"), &settings).1, Applied::UnknownBackend("zipkin".into()));

        settings.identity.propagation_is_explicit = true;
        settings.environment.push(("OTEL_EXPORTER_OTLP_HEADERS".into(), "".into()));
        let (applied, _) = apply(&policy(OPENTELEMETRY), &settings);
        assert!(!applied.propagate && applied.exporter.is_none());

        settings.job.tracing.backend = "datadog".into();
        assert_eq!(apply(&policy(OPENTELEMETRY), &settings).1, Applied::LocalWins);
    }

    #[test]
    fn nothing_secret_is_shown() {
        let (_, applied) = apply(&policy(OPENTELEMETRY), &test_settings());
        let Applied::Yes(text) = applied else { panic!("it applies") };
        assert!(text.ends_with("exporter=https://h"), "{text}");
    }
}
