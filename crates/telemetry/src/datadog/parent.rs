//! The parent that `BUILDKITE_TRACE_CONTEXT` names.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use opentelemetry::trace::SpanContext;

use super::gob;
use crate::TraceContextEncoding as Encoding;
use crate::propagation;

/// The parent that this text names; what can't be read names none, and the job gets a trace of its own.
pub(crate) fn parent(text: &str, encoding: Encoding) -> SpanContext {
    read(text, encoding).unwrap_or(SpanContext::NONE)
}

fn read(text: &str, encoding: Encoding) -> Option<SpanContext> {
    let bytes = URL_SAFE.decode(text.trim()).ok()?;
    let map: Vec<(String, String)> = match encoding {
        Encoding::Gob => gob::string_map(&bytes)?,
        Encoding::Json => {
            let map: std::collections::BTreeMap<String, String> = serde_json::from_slice(&bytes).ok()?;
            map.into_iter().collect()
        }
    };
    let get = |name: &str| {
        map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    };
    propagation::datadog(get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_encodings() {
        let gob = "DX8EAQL_gAABDAEMAAAy_4AAAhJ4LWRhdGFkb2ctdHJhY2UtaWQDMjU1E3gtZGF0YWRvZy1wYXJlbnQtaWQCMTY=";
        let json = URL_SAFE.encode(r#"{"X-Datadog-Trace-Id":"255","x-datadog-parent-id":"16"}"#);
        for (text, encoding) in [(gob, Encoding::Gob), (&json, Encoding::Json)] {
            let found = parent(text, encoding);
            assert_eq!(found.span_id().to_string(), "0000000000000010", "{encoding:?}");
            assert!(found.is_sampled());
        }
        assert!(!parent(gob, Encoding::Json).is_valid());
        assert!(!parent(&json, Encoding::Gob).is_valid());
        assert!(!parent("", Encoding::Gob).is_valid());
    }
}
