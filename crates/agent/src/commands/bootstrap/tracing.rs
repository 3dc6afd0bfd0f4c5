//! What of the job is traced and exported (docs/spec/job.md §18, §19).

use redkite_api::AGENT_VERSION;
use redkite_executor::Notice;
use redkite_telemetry::{Backend, Parent, Setup, SpanStart, Trace, TraceContextEncoding};

use super::options::Args;
use crate::cli::Context;

/// What the job is recorded in, and what its log has to say about that.
pub(super) struct Recording {
    pub(super) trace: Trace,
    pub(super) span: SpanStart,
    pub(super) notices: Vec<Notice>,
}

impl Args {
    /// Switches on what is asked for. What can't be is said: the job goes on without.
    pub(super) fn recording(&self, cx: &Context) -> Recording {
        let options = &self.tracing;
        let mut notices = Vec::new();
        if options.tracing_backend.is_empty() && !self.job_logs_otlp {
            return Recording { trace: Trace::default(), span: SpanStart::phase("job.run"), notices };
        }
        let names: Vec<String> = cx.environment.texts().map(|(name, _)| name).collect();
        let variables = |name: &str| cx.environment.get(name);
        let mut setup = Setup::new(&options.tracing_service_name, AGENT_VERSION, &variables, &names);
        if let Some(backend) = self.backend(&mut notices)
            && let Err(error) = setup.traces(backend, self.parent(backend, &mut notices))
        {
            tracing::warn!("Failed to initialize tracing: {error}");
        }
        if self.job_logs_otlp
            && let Err(error) = setup.job_log()
        {
            notices.push(Notice::Warning(format!("Failed to initialize OTLP job log exporter: {error}")));
        }
        Recording { span: setup.job_span(), trace: setup.for_job(), notices }
    }

    fn backend(&self, notices: &mut Vec<Notice>) -> Option<Backend> {
        match self.tracing.tracing_backend.as_str() {
            "" => None,
            "opentelemetry" => Some(Backend::OpenTelemetry),
            "datadog" if self.tracing.trace_context_encoding == "json" => {
                Some(Backend::Datadog(TraceContextEncoding::Json))
            }
            "datadog" => Some(Backend::Datadog(TraceContextEncoding::Gob)),
            other => {
                notices.push(Notice::Comment(format!(
                    "An invalid tracing backend was provided: {other:?}. Tracing will not occur."
                )));
                None
            }
        }
    }

    /// What the service hands over counts only for OpenTelemetry, and only when it is wanted.
    fn parent(&self, backend: Backend, notices: &mut Vec<Notice>) -> Parent<'_> {
        let options = &self.tracing;
        if backend != Backend::OpenTelemetry || !options.tracing_propagate_traceparent {
            return Parent::Inherited;
        }
        if options.tracing_traceparent.is_empty() {
            notices.push(Notice::Warning(
                "tracing-propagate-traceparent enabled, but no traceparent provided by server".into(),
            ));
            return Parent::Inherited;
        }
        Parent::Given { traceparent: &options.tracing_traceparent, tracestate: &options.tracing_tracestate }
    }
}
