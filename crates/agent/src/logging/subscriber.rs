//! The `tracing` subscriber of commands that jobs call: one write per event, nothing set up beforehand.

use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::field::{Field, Visit};
use tracing::span;
use tracing::{Event, Metadata, Subscriber};

use super::Level;
use super::text::Line;

/// How much is logged, and how it looks.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The lowest level that is written; ERROR and FATAL always are.
    pub(crate) threshold: Level,
    /// Whether lines are coloured.
    pub(crate) colour: Colour,
    /// Fields that every line carries.
    pub(crate) fields: Vec<(String, String)>,
}

/// Whether log lines carry colour codes; they do even when nobody looks at a terminal (§10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    /// With escape sequences.
    Always,
    /// Plain text.
    Never,
}

/// Makes standard error the place of this process's log lines. A second call changes nothing.
pub(crate) fn install(settings: Settings) {
    tracing::subscriber::set_global_default(TextLog { settings, spans: AtomicU64::new(1) }).ok();
}

struct TextLog {
    settings: Settings,
    spans: AtomicU64,
}

impl Subscriber for TextLog {
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
        seen.rest.extend(self.settings.fields.iter().cloned());
        let time = jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S").to_string();
        let level = Level::of(event.metadata());
        let line = Line { time: &time, level, message: &seen.message, fields: &seen.rest };
        let text = match self.settings.colour {
            Colour::Always => line.coloured(),
            Colour::Never => line.plain(),
        };
        std::io::stderr().lock().write_all(text.as_bytes()).ok();
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed))
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[derive(Default)]
struct Fields {
    message: String,
    rest: Vec<(String, String)>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.keep(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep(field, value.to_owned());
    }
}

impl Fields {
    fn keep(&mut self, field: &Field, value: String) {
        match field.name() {
            "message" => self.message = value,
            name => self.rest.push((name.to_owned(), value)),
        }
    }
}
