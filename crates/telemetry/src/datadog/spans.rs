//! Spans in MessagePack, as Datadog's agent takes them (intake v0.4).

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{SpanId, Status, TraceId};
use opentelemetry_sdk::trace::SpanData;
use rmp::encode::{write_array_len, write_f64, write_i32, write_map_len, write_sint, write_str, write_u64};

use super::Tags;

/// The attribute that becomes a span's resource; without it, its name is.
const RESOURCE: &str = "resource.name";
/// What marks a span for analysis, here and there.
const ANALYTICS: &str = "analytics.event";
const ANALYSED: (&str, f64) = ("_dd1.sr.eausr", 1.0);
/// The first span of this process.
const TOP_LEVEL: (&str, f64) = ("_dd.top_level", 1.0);
/// The user wants the trace to be kept.
const KEEP: (&str, f64) = ("_sampling_priority_v1", 2.0);

/// Spans, by trace.
#[derive(Debug)]
pub(crate) struct Traces(Vec<(TraceId, Vec<SpanData>)>);

impl Traces {
    pub(crate) fn of(spans: Vec<SpanData>) -> Self {
        let mut traces: Vec<(TraceId, Vec<SpanData>)> = Vec::new();
        for span in spans {
            let id = span.span_context.trace_id();
            match traces.iter_mut().find(|(trace, _)| *trace == id) {
                Some((_, spans)) => spans.push(span),
                None => traces.push((id, vec![span])),
            }
        }
        Self(traces)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn encode(&self, tags: &Tags) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out, tags).expect("writing to memory does not fail");
        out
    }

    fn write(&self, out: &mut Vec<u8>, tags: &Tags) -> Result<(), rmp::encode::ValueWriteError> {
        write_array_len(out, length(self.0.len()))?;
        for (_, spans) in &self.0 {
            write_array_len(out, length(spans.len()))?;
            for span in spans {
                write_span(out, span, tags)?;
            }
        }
        Ok(())
    }
}

fn length(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn nanos(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

fn write_span(out: &mut Vec<u8>, span: &SpanData, tags: &Tags) -> Result<(), rmp::encode::ValueWriteError> {
    let mut own = Tags { service: tags.service.clone(), ..tags.clone() };
    let told = |name: &str| [RESOURCE, ANALYTICS].contains(&name);
    own.add(span.attributes.iter().filter(|attribute| !told(attribute.key.as_str())).cloned());
    let analysed = span.attributes.iter().any(|attribute| attribute.key.as_str() == ANALYTICS);
    let outermost = span.parent_span_is_remote || span.parent_span_id == SpanId::INVALID;
    let marks = [(analysed, ANALYSED), (outermost, TOP_LEVEL), (true, KEEP)];
    let marks = marks.into_iter().filter(|(holds, _)| *holds);
    own.numbers.extend(marks.map(|(_, (name, number))| (name.to_owned(), number)));
    let trace = u128::from_be_bytes(span.span_context.trace_id().to_bytes());
    let (high, low) = ((trace >> 64) as u64, trace as u64);
    if high != 0 {
        own.texts.push(("_dd.p.tid".into(), format!("{high:016x}")));
    }
    let failed = matches!(span.status, Status::Error { .. });
    own.texts.extend(failed.then(|| error_tags(span)).into_iter().flatten());
    let resource = span.attributes.iter().find(|attribute| attribute.key.as_str() == RESOURCE);
    let resource = resource.map_or_else(|| span.name.to_string(), |attribute| attribute.value.to_string());
    write_map_len(out, 11)?;
    for (key, text) in [("service", tags.service.as_str()), ("name", &span.name), ("resource", &resource)] {
        write_str(out, key)?;
        write_str(out, text)?;
    }
    let parent = u64::from_be_bytes(span.parent_span_id.to_bytes());
    let id = u64::from_be_bytes(span.span_context.span_id().to_bytes());
    for (key, number) in [("trace_id", low), ("span_id", id), ("parent_id", parent)] {
        write_str(out, key)?;
        write_u64(out, number)?;
    }
    let start = nanos(span.start_time);
    for (key, number) in [("start", start), ("duration", (nanos(span.end_time) - start).max(0))] {
        write_str(out, key)?;
        write_sint(out, number)?;
    }
    write_str(out, "error")?;
    write_i32(out, i32::from(failed))?;
    write_tags(out, &own)
}

fn write_tags(out: &mut Vec<u8>, tags: &Tags) -> Result<(), rmp::encode::ValueWriteError> {
    write_str(out, "meta")?;
    write_map_len(out, length(tags.texts.len()))?;
    for (key, text) in &tags.texts {
        write_str(out, key)?;
        write_str(out, text)?;
    }
    write_str(out, "metrics")?;
    write_map_len(out, length(tags.numbers.len()))?;
    for (key, number) in &tags.numbers {
        write_str(out, key)?;
        write_f64(out, *number)?;
    }
    Ok(())
}

/// What the first error of a span says.
fn error_tags(span: &SpanData) -> Vec<(String, String)> {
    let events = span.events.events.iter().filter(|event| event.name == "exception");
    let attributes = events.take(1).flat_map(|event| &event.attributes);
    attributes
        .filter_map(|attribute| {
            let tag = match attribute.key.as_str() {
                "exception.message" => "error.message",
                "exception.type" => "error.type",
                _ => return None,
            };
            Some((tag.to_owned(), attribute.value.to_string()))
        })
        .collect()
}
