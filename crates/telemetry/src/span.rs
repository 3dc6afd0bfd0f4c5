//! What is known of a span when it begins.

use std::borrow::Cow;

use opentelemetry::{KeyValue, Value};

/// A span that is about to begin: its name, and what is known of it already.
#[derive(Clone, Debug)]
pub struct SpanStart {
    name: Cow<'static, str>,
    datadog: Option<&'static str>,
    pub(crate) lines: Lines,
    pub(crate) place: Place,
    attributes: Vec<Attribute>,
}

/// Whose the lines are that the job log gets while a span runs (spec/job.md §19).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lines {
    /// The span's own.
    Own,
    /// Those of the span around it.
    Parents,
}

/// Where a span stands to what happens while it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It is the parent.
    Around,
    /// Its own parent is.
    Beside,
}

#[derive(Clone, Debug)]
struct Attribute {
    key: Cow<'static, str>,
    value: Value,
    /// What Datadog is told in its place.
    datadog: Option<&'static str>,
}

/// Which of a span's names counts (spec/job.md §18.1, the table).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Naming {
    OpenTelemetry,
    Datadog,
}

impl SpanStart {
    /// A phase of the job, a hook or the command: what is logged meanwhile is its own.
    pub fn phase(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            datadog: None,
            lines: Lines::Own,
            place: Place::Around,
            attributes: Vec::new(),
        }
    }

    /// A step of something larger, to which the lines belong.
    pub fn step(name: impl Into<Cow<'static, str>>) -> Self {
        Self { lines: Lines::Parents, ..Self::phase(name) }
    }

    /// Something to be measured, of which nothing is a part: what happens meanwhile belongs to the span around it.
    pub fn beside(name: impl Into<Cow<'static, str>>) -> Self {
        Self { place: Place::Beside, ..Self::step(name) }
    }

    /// Datadog knows it by another name.
    #[must_use]
    pub fn datadog(mut self, name: &'static str) -> Self {
        self.datadog = Some(name);
        self
    }

    /// With an attribute.
    #[must_use]
    pub fn with(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Self {
        self.attributes.push(Attribute { key: key.into(), value: value.into(), datadog: None });
        self
    }

    /// With an attribute that has another value for Datadog.
    #[must_use]
    pub fn with_either(mut self, key: &'static str, value: impl Into<Value>, datadog: &'static str) -> Self {
        let (key, value) = (key.into(), value.into());
        self.attributes.push(Attribute { key, value, datadog: Some(datadog) });
        self
    }

    pub(crate) fn resolve(self, naming: Naming) -> (Cow<'static, str>, Vec<KeyValue>) {
        let name = match (naming, self.datadog) {
            (Naming::Datadog, Some(name)) => name.into(),
            _ => self.name,
        };
        let value = |attribute: Attribute| match (naming, attribute.datadog) {
            (Naming::Datadog, Some(value)) => KeyValue::new(attribute.key, value),
            _ => KeyValue::new(attribute.key, attribute.value),
        };
        (name, self.attributes.into_iter().map(value).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_both_kinds() {
        let start = SpanStart::phase("agent pre-exit hook").datadog("hook.execute");
        let start = start.with_either("hook.type", "agent", "global").with("hook.name", "pre-exit");
        let check = |naming, name: &str, kind: &str| {
            let (found, attributes) = start.clone().resolve(naming);
            assert_eq!(found, name);
            let expected =
                [KeyValue::new("hook.type", kind.to_owned()), KeyValue::new("hook.name", "pre-exit")];
            assert_eq!(attributes, expected);
        };
        check(Naming::OpenTelemetry, "agent pre-exit hook", "agent");
        check(Naming::Datadog, "hook.execute", "global");
    }
}
