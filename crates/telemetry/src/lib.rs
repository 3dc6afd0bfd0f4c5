//! Traces of a job and the export of its log (spec/job.md §18, §19).
//!
//! [`Trace`] is what the rest of the program sees: a span is entered, work is done, the span ends with what came of
//! it. What is switched off is an empty handle: no thread, no runtime, no allocation. [`Setup`] switches it on. The
//! OpenTelemetry SDK keeps, samples and batches spans; `otlp` and `datadog` send them, `logs` sends lines.

mod client;
mod datadog;
mod exporter;
mod job;
mod logs;
mod otlp;
mod propagation;
mod retry;
mod setup;
mod socket;
mod span;
mod tls;
mod trace;
mod transport;

pub use setup::{Backend, Parent, Setup, SetupError, TraceContextEncoding};
pub use span::SpanStart;
pub use trace::{Span, Trace};

/// A variable of this process, by name.
pub(crate) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A variable that is there and says something.
pub(crate) fn given(variables: Variables<'_>, name: &str) -> Option<String> {
    variables(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}
