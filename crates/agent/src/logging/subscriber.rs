//! The `tracing` subscriber: one write per event, nothing set up beforehand.

use std::io::Write as _;

use redkite_shell::InsideOutput;
use tracing::dispatcher::{DefaultGuard, Dispatch};
use tracing::span;
use tracing::{Event, Metadata, Subscriber};

use super::Level;
use super::fields::Fields;
use super::json::json;
use super::panics::Panics;
use super::spans::Spans;
use super::text::Line;

/// How much is logged, and how it looks.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The lowest level that is written; ERROR and FATAL always are.
    pub(crate) threshold: Level,
    /// Form and place of lines.
    pub(crate) format: Format,
    /// Fields that every line carries, before its own.
    pub(crate) fields: Vec<(String, String)>,
}

/// Form and place of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people, on standard error.
    Text(Colour),
    /// For programs, on standard output.
    Json,
}

/// Whether log lines carry colour codes; they do even when nobody looks at a terminal (§10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    /// With escape sequences.
    Always,
    /// Plain text.
    Never,
}

/// Begins this process's log. A second call changes nothing.
pub(crate) fn install(settings: Settings) {
    let log = AgentLog { settings, spans: Spans::default(), sink: Sink::Streams };
    tracing::subscriber::set_global_default(log).ok();
}

/// Begins the log of work on this thread, and on those that it hands its log to, until the guard is dropped.
/// What panics of these threads say is kept in `panics`.
pub(crate) fn begin_inside(settings: Settings, output: InsideOutput, panics: Panics) -> DefaultGuard {
    let log = AgentLog { settings, spans: Spans::default(), sink: Sink::Inside { output, panics } };
    tracing::dispatcher::set_default(&Dispatch::new(log))
}

pub(super) struct AgentLog {
    settings: Settings,
    spans: Spans,
    sink: Sink,
}

/// Where lines go.
enum Sink {
    /// The streams of this process.
    Streams,
    /// A job's log.
    Inside { output: InsideOutput, panics: Panics },
}

impl AgentLog {
    /// Where what panics say is to be kept.
    pub(super) fn panics(&self) -> Option<&Panics> {
        match &self.sink {
            Sink::Streams => None,
            Sink::Inside { panics, .. } => Some(panics),
        }
    }
}

impl Sink {
    /// A line that can't be written has nowhere else to go.
    fn write(&self, format: Format, text: &str) {
        let _ = match (self, format) {
            (Self::Inside { output, .. }, _) => output.clone().write_all(text.as_bytes()),
            (Self::Streams, Format::Json) => std::io::stdout().lock().write_all(text.as_bytes()),
            (Self::Streams, Format::Text(_)) => std::io::stderr().lock().write_all(text.as_bytes()),
        };
    }
}

impl Subscriber for AgentLog {
    /// Only what this project says: libraries' own events are none of the operator's business.
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let target = metadata.target();
        let ours = target == super::NOTICE || target == super::FATAL;
        let ours = ours || target.starts_with("redkite") || target.starts_with("buildkite_agent");
        ours && Level::of(metadata) >= self.settings.threshold.min(Level::Error)
            && *metadata.level() < tracing::Level::TRACE
    }

    fn event(&self, event: &Event<'_>) {
        let mut seen = Fields::default();
        event.record(&mut seen);
        let mut fields = self.spans.current_fields();
        fields.extend(self.settings.fields.iter().cloned());
        fields.append(&mut seen.rest);
        let level = Level::of(event.metadata());
        if level == Level::Debug {
            fields.push(("agent_version".to_owned(), crate::version::full()));
        }
        let line = |time| Line { time, level, message: &seen.message, fields: &fields };
        let now = jiff::Zoned::now();
        let text = match self.settings.format {
            Format::Json => json(&line(&now.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())),
            Format::Text(colour) => {
                let time = now.strftime("%Y-%m-%d %H:%M:%S").to_string();
                match colour {
                    Colour::Always => line(&time).coloured(),
                    Colour::Never => line(&time).plain(),
                }
            }
        };
        self.sink.write(self.settings.format, &text);
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        self.spans.open(attributes)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, id: &span::Id) {
        Spans::enter(id);
    }

    fn exit(&self, id: &span::Id) {
        Spans::exit(id);
    }

    fn clone_span(&self, id: &span::Id) -> span::Id {
        self.spans.clone_handle(id);
        id.clone()
    }

    fn try_close(&self, id: span::Id) -> bool {
        self.spans.close_handle(&id)
    }
}
