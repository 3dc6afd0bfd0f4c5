//! What is switched on, and with it.

use std::time::Instant;

use opentelemetry::trace::SpanContext;
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::EnvResourceDetector;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::sync::watch;

use crate::exporter::{Encoding, Exporter};
use crate::logs::{JobLog, RecordKind};
use crate::otlp::{self, OtlpError, Signal};
use crate::span::Naming;
use crate::trace::{Recorder, Trace};
use crate::{SpanStart, datadog, given, job, propagation};

const SCOPE: &str = "buildkite-agent";
const SCHEMA: &str = "https://opentelemetry.io/schemas/1.4.0";

/// Where traces go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A collector that speaks OTLP.
    OpenTelemetry,
    /// Datadog's agent.
    Datadog(TraceContextEncoding),
}

/// What is inside of the base64 of `BUILDKITE_TRACE_CONTEXT` (spec/job.md §18.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceContextEncoding {
    /// Go's own.
    Gob,
    /// JSON.
    Json,
}

/// What a trace is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parent<'a> {
    /// What the process's variables say.
    Inherited,
    /// What the control plane says: a W3C trace context.
    Given {
        /// `traceparent`.
        traceparent: &'a str,
        /// `tracestate`, or nothing.
        tracestate: &'a str,
    },
}

/// Why something is not switched on. The work goes on without.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SetupError(#[from] Reason);

#[derive(Debug, thiserror::Error)]
enum Reason {
    #[error(transparent)]
    Otlp(#[from] OtlpError),
    #[error("starting the exporter's thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// Collects what is wanted; [`for_job`](Self::for_job) and [`for_command`](Self::for_command) make a [`Trace`] of it.
pub struct Setup<'a> {
    service: &'a str,
    version: &'a str,
    variables: &'a dyn Fn(&str) -> Option<String>,
    names: &'a [String],
    closing: watch::Sender<Option<Instant>>,
    recorder: Option<Recorder>,
    job_log: Option<JobLog>,
}

impl<'a> Setup<'a> {
    /// For a process with these variables; `names` are all of theirs.
    pub fn new(
        service: &'a str,
        version: &'a str,
        variables: &'a dyn Fn(&str) -> Option<String>,
        names: &'a [String],
    ) -> Self {
        let service = if service.is_empty() { SCOPE } else { service };
        let closing = watch::Sender::new(None);
        Self { service, version, variables, names, closing, recorder: None, job_log: None }
    }

    /// Records spans.
    ///
    /// # Errors
    /// The variables that say where they go make no sense.
    pub fn traces(&mut self, backend: Backend, parent: Parent<'_>) -> Result<(), SetupError> {
        let parent = match (backend, parent) {
            (_, Parent::Given { traceparent, tracestate }) => propagation::w3c(traceparent, tracestate),
            (Backend::OpenTelemetry, Parent::Inherited) => {
                let value = |name: &str| given(self.variables, name).unwrap_or_default();
                propagation::w3c(&value("TRACEPARENT"), &value("TRACESTATE"))
            }
            (Backend::Datadog(encoding), Parent::Inherited) => {
                let text = given(self.variables, "BUILDKITE_TRACE_CONTEXT");
                text.map_or(SpanContext::NONE, |text| datadog::parent(&text, encoding))
            }
        };
        let attributes = self.job_attributes();
        let recorder = match backend {
            Backend::OpenTelemetry => self.open_telemetry(attributes).map_err(Reason::from)?,
            Backend::Datadog(_) => self.datadog(attributes),
        };
        self.recorder = Some(Recorder { parent, ..recorder });
        Ok(())
    }

    /// Exports the job's log.
    ///
    /// # Errors
    /// The variables that say where it goes make no sense, or there is no thread.
    pub fn job_log(&mut self) -> Result<(), SetupError> {
        let destination = otlp::destination(Signal::Logs, self.variables).map_err(Reason::from)?;
        let kind = RecordKind {
            resource: self.resource(Vec::new()),
            scope: self.scope(),
            attributes: job::record_attributes(self.variables),
        };
        let started = JobLog::start(kind, destination, self.closing.subscribe());
        self.job_log = Some(started.map_err(Reason::from)?);
        Ok(())
    }

    /// The outermost span of a whole job (spec/job.md §18.1).
    #[must_use]
    pub fn job_span(&self) -> SpanStart {
        let name = job::trace_name(self.variables, &["BUILDKITE_STEP_KEY", "BUILDKITE_LABEL"]);
        let start = SpanStart::phase(name).datadog("job.run");
        match self.recorder.as_ref().map(|recorder| recorder.naming) {
            None => start,
            Some(Naming::Datadog) => {
                start.with("resource.name", job::trace_name(self.variables, &["BUILDKITE_LABEL"]))
            }
            Some(Naming::OpenTelemetry) => {
                let attributes = self.job_attributes().into_iter();
                attributes
                    .fold(start, |start, attribute| start.with(attribute.key.to_string(), attribute.value))
            }
        }
    }

    /// What was asked for, running, for a command of a job.
    #[must_use]
    pub fn for_command(self) -> Trace {
        Trace::new(self.recorder, self.job_log, self.closing)
    }

    /// What was asked for, running, for a whole job: whoever analyses jobs looks for these spans.
    #[must_use]
    pub fn for_job(mut self) -> Trace {
        let scope = self.scope();
        if let Some(recorder) = &mut self.recorder {
            recorder.every_span.push(KeyValue::new("analytics.event", "true"));
            recorder.outermost_in(scope);
        }
        Trace::new(self.recorder, self.job_log, self.closing)
    }

    fn open_telemetry(&self, attributes: Vec<KeyValue>) -> Result<Recorder, OtlpError> {
        let destination = otlp::destination(Signal::Traces, self.variables)?;
        let exporter = Exporter::new(destination, Encoding::Otlp, self.closing.subscribe());
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(self.resource(attributes))
            .build();
        Ok(Recorder::new(provider, SCOPE))
    }

    fn datadog(&self, attributes: Vec<KeyValue>) -> Recorder {
        let mut tags = datadog::Tags::of(self.service.to_owned(), self.variables);
        tags.add(attributes);
        let destination = datadog::destination(self.variables, |path| path.exists());
        let exporter = Exporter::new(destination, Encoding::Datadog(tags), self.closing.subscribe());
        let provider = SdkTracerProvider::builder()
            .with_sampler(opentelemetry_sdk::trace::Sampler::AlwaysOn)
            .with_batch_exporter(exporter)
            .build();
        Recorder { naming: Naming::Datadog, ..Recorder::new(provider, SCOPE) }
    }

    /// The job's attributes, if this is one.
    fn job_attributes(&self) -> Vec<KeyValue> {
        match given(self.variables, "BUILDKITE_JOB_ID") {
            Some(_) => job::attributes(self.variables, self.names, self.version),
            None => Vec::new(),
        }
    }

    fn scope(&self) -> InstrumentationScope {
        InstrumentationScope::builder(SCOPE)
            .with_version(self.version.to_owned())
            .with_schema_url(SCHEMA)
            .build()
    }

    /// The variables' attributes, under ours.
    fn resource(&self, attributes: Vec<KeyValue>) -> Resource {
        let ours = [
            KeyValue::new("service.name", self.service.to_owned()),
            KeyValue::new("service.version", self.version.to_owned()),
            KeyValue::new("deployment.environment", "ci"),
        ];
        Resource::builder_empty()
            .with_detector(Box::new(EnvResourceDetector::new()))
            .with_schema_url([], SCHEMA)
            .with_attributes(ours.into_iter().chain(attributes))
            .build()
    }
}
