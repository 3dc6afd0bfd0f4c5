//! Traces of jobs and of the commands that jobs call (docs/spec/job.md §18, docs/spec/cli.md §9).

use redkite_api::AGENT_VERSION;
use redkite_telemetry::{Backend, Parent, Setup, SpanStart, Trace};

use crate::environment::Environment;

/// Commands that are spans of the job that calls them.
const TRACED: [&str; 18] = [
    "annotate",
    "annotation remove",
    "artifact upload",
    "artifact download",
    "artifact search",
    "artifact shasum",
    "cache save",
    "cache restore",
    "meta-data set",
    "meta-data get",
    "meta-data exists",
    "meta-data keys",
    "oidc request-token",
    "pipeline upload",
    "secret get",
    "step get",
    "step update",
    "step cancel",
];

const BACKEND: &str = "BUILDKITE_TRACING_BACKEND";
const SERVICE: &str = "BUILDKITE_TRACING_SERVICE_NAME";

/// The trace that a command continues, if it is called by a job that is traced.
pub(crate) fn of_command(path: &str, environment: &Environment) -> Trace {
    if !TRACED.contains(&path) || environment.get(BACKEND).as_deref() != Some("opentelemetry") {
        return Trace::default();
    }
    let service = environment.get(SERVICE).unwrap_or_default();
    let names: Vec<String> = environment.texts().map(|(name, _)| name).collect();
    let variables = |name: &str| environment.get(name);
    let mut setup = Setup::new(&service, AGENT_VERSION, &variables, &names);
    if let Err(error) = setup.traces(Backend::OpenTelemetry, Parent::Inherited) {
        tracing::warn!("Failed to initialize tracing: {error}");
    }
    setup.for_command()
}

/// The span of a command: its words, joined.
pub(crate) fn command_span(path: &'static str) -> SpanStart {
    if path.contains(' ') { SpanStart::phase(path.replace(' ', "-")) } else { SpanStart::phase(path) }
}
