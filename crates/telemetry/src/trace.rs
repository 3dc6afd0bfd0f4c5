//! The trace of this process: which spans are open, and what children are told of the innermost.

use std::fmt::{self, Display};
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanContext, Status, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, InstrumentationScope, KeyValue, Value};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tokio::sync::watch;

use crate::logs::{JobLog, Mirror};
use crate::propagation;
use crate::span::{Lines, Naming, Place, SpanStart};

/// How long the end of the job may wait for what is still to be sent (spec/job.md §18.1, §19).
const LAST_EXPORTS: Duration = Duration::from_secs(5);
/// What the exporter gets to say that it gave up.
const LAST_WORD: Duration = Duration::from_millis(500);

/// The trace of this process and the export of its log. Clones are the same; the default one is off and does nothing.
///
/// Spans are entered and ended by one thread, as a stack.
#[derive(Clone, Default)]
pub struct Trace(Option<Arc<Inner>>);

pub(crate) struct Inner {
    recorder: Option<Recorder>,
    job_log: Option<JobLog>,
    closing: watch::Sender<Option<Instant>>,
    open: Mutex<Vec<Open>>,
}

/// What makes and keeps spans.
pub(crate) struct Recorder {
    pub(crate) provider: SdkTracerProvider,
    /// Of the outermost span.
    pub(crate) root: SdkTracer,
    /// Of all others.
    pub(crate) inner: SdkTracer,
    pub(crate) naming: Naming,
    /// What the outermost span is a part of.
    pub(crate) parent: SpanContext,
    /// Attributes of every span.
    pub(crate) every_span: Vec<KeyValue>,
}

struct Open {
    span: Option<opentelemetry_sdk::trace::Span>,
    lines: Lines,
    place: Place,
}

/// The span that what happens now is a part of.
fn innermost(open: &[Open]) -> Option<&opentelemetry_sdk::trace::Span> {
    let around = open.iter().rev().filter(|open| open.place == Place::Around);
    around.filter_map(|open| open.span.as_ref()).next()
}

impl Recorder {
    pub(crate) fn new(provider: SdkTracerProvider, scope: &'static str) -> Self {
        Self {
            root: provider.tracer(scope),
            inner: provider.tracer(scope),
            provider,
            naming: Naming::OpenTelemetry,
            parent: SpanContext::NONE,
            every_span: Vec::new(),
        }
    }

    /// The outermost span has a scope of its own.
    pub(crate) fn outermost_in(&mut self, scope: InstrumentationScope) {
        self.root = self.provider.tracer_with_scope(scope);
    }

    fn start(&self, open: &[Open], start: SpanStart) -> opentelemetry_sdk::trace::Span {
        let (tracer, parent) = match innermost(open) {
            Some(span) => (&self.inner, span.span_context()),
            None => (&self.root, &self.parent),
        };
        let (name, attributes) = start.resolve(self.naming);
        let attributes: Vec<KeyValue> = self.every_span.iter().cloned().chain(attributes).collect();
        // A parent that is none would be taken for one that isn't sampled.
        let context = match parent.is_valid() {
            true => Context::new().with_remote_span_context(parent.clone()),
            false => Context::new(),
        };
        tracer.build_with_context(SpanBuilder::from_name(name).with_attributes(attributes), &context)
    }
}

impl Trace {
    pub(crate) fn new(
        recorder: Option<Recorder>,
        job_log: Option<JobLog>,
        closing: watch::Sender<Option<Instant>>,
    ) -> Self {
        if recorder.is_none() && job_log.is_none() {
            return Self::default();
        }
        Self(Some(Arc::new(Inner { recorder, job_log, closing, open: Mutex::default() })))
    }

    /// Enters a span inside of the one that is open; it ends with the value that this answers.
    pub fn enter(&self, start: SpanStart) -> Span {
        let Some(inner) = &self.0 else { return Span(None) };
        if start.lines == Lines::Own {
            inner.flush_lines();
        }
        let mut open = inner.open();
        let (lines, place) = (start.lines, start.place);
        let span = inner.recorder.as_ref().map(|recorder| recorder.start(&open, start));
        open.push(Open { span, lines, place });
        let depth = open.len();
        drop(open);
        Span(Some((inner.clone(), depth)))
    }

    /// Does some work inside of a span, which fails as the work does.
    ///
    /// # Errors
    /// Those of the work.
    pub fn within<T, E: Display>(
        &self,
        start: SpanStart,
        work: impl FnOnce(&Span) -> Result<T, E>,
    ) -> Result<T, E> {
        let span = self.enter(start);
        let result = work(&span);
        if let Err(error) = &result {
            span.fail(error);
        }
        result
    }

    /// What a child of this process is told of the innermost span (spec/job.md §18.1).
    #[must_use]
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let Some(inner) = &self.0 else { return Vec::new() };
        let Some(recorder) = &inner.recorder else { return Vec::new() };
        if recorder.naming == Naming::Datadog {
            return Vec::new();
        }
        let open = inner.open();
        propagation::variables(innermost(&open).map_or(&recorder.parent, |span| span.span_context()))
    }

    /// `sink`, whose lines are exported as well when the job's log is to be.
    pub fn mirrored(&self, sink: impl Write + Send + 'static) -> Box<dyn Write + Send> {
        match &self.0 {
            Some(inner) if inner.job_log.is_some() => Box::new(Mirror::new(sink, inner.clone())),
            _ => Box::new(sink),
        }
    }

    /// Ends what is still open and sends what has not been sent, for at most five seconds. Nothing is recorded after it.
    pub fn finish(&self) {
        let Some(inner) = &self.0 else { return };
        inner.flush_lines();
        while inner.open().pop().is_some() {}
        let end = Instant::now() + LAST_EXPORTS;
        inner.closing.send_replace(Some(end));
        if let Some(log) = &inner.job_log {
            log.detach();
        }
        if let Some(recorder) = &inner.recorder {
            // What could not be sent is said by the exporter, which knows why: it gives up at the end by itself.
            let left = end.saturating_duration_since(Instant::now());
            let _ = recorder.provider.shutdown_with_timeout(left + LAST_WORD);
        }
        if let Some(log) = &inner.job_log {
            log.wait_until(end);
        }
    }
}

impl Inner {
    fn open(&self) -> MutexGuard<'_, Vec<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn job_log(&self) -> Option<&JobLog> {
        self.job_log.as_ref()
    }

    /// The span that lines belong to now.
    pub(crate) fn lines_of(&self) -> Option<SpanContext> {
        let open = self.open();
        let owners = open.iter().rev().filter(|open| open.lines == Lines::Own);
        owners.filter_map(|open| open.span.as_ref()).map(|span| span.span_context().clone()).next()
    }

    /// What has no line end yet belongs to the span that is open, not to the next.
    fn flush_lines(&self) {
        if let Some(log) = &self.job_log {
            log.flush_lines(self.lines_of().as_ref());
        }
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").field("on", &self.0.is_some()).finish()
    }
}

/// A span that is open; it ends when this is dropped, and with it whatever was entered inside of it.
#[must_use = "the span ends when this is dropped"]
pub struct Span(Option<(Arc<Inner>, usize)>);

impl Span {
    /// Sets an attribute.
    pub fn set(&self, key: &'static str, value: impl Into<Value>) {
        self.with(|span| span.set_attribute(KeyValue::new(key, value)));
    }

    /// Notes an error that what the span stands for has met.
    pub fn fail(&self, error: &dyn Display) {
        self.with(|span| {
            let message = error.to_string();
            let attributes = vec![
                KeyValue::new("exception.type", exception_type(&message)),
                KeyValue::new("exception.message", message),
            ];
            span.add_event("exception", attributes);
            span.set_status(Status::error("failed"));
        });
    }

    fn with(&self, change: impl FnOnce(&mut opentelemetry_sdk::trace::Span)) {
        let Some((inner, depth)) = &self.0 else { return };
        if let Some(Open { span: Some(span), .. }) = inner.open().get_mut(depth - 1) {
            change(span);
        }
    }
}

/// The type that dashboards made for the reference look for: a process that failed, or something around that.
fn exception_type(message: &str) -> &'static str {
    let process = message.starts_with("exit status ") || message.starts_with("signal: ");
    if process { "*exec.ExitError" } else { "*fmt.wrapError" }
}

impl Drop for Span {
    fn drop(&mut self) {
        let Some((inner, depth)) = self.0.take() else { return };
        if inner.open().get(depth - 1).is_some_and(|open| open.lines == Lines::Own) {
            inner.flush_lines();
        }
        // Spans end as they are dropped.
        inner.open().truncate(depth - 1);
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Span").field("on", &self.0.is_some()).finish()
    }
}
