//! Datadog's traces: where its agent is, what it is sent, and the parent that a job's environment names
//! (spec/job.md §18.2). No kept library fits: the exporter for the OpenTelemetry SDK was given up by its makers, its
//! successor brings a client of its own with another HTTP stack. The intake of version 0.4 is one request.

mod gob;
mod parent;
mod settings;
mod spans;

pub(crate) use parent::parent;
pub(crate) use settings::{Tags, destination};
pub(crate) use spans::Traces;
