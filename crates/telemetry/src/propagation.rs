//! Trace contexts as variables: those of our parent, and those that children get (spec/job.md §18.1).

use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use opentelemetry::{Context, propagation::Extractor, propagation::TextMapPropagator as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;

/// A W3C trace context: `traceparent`, and `tracestate` if there is one.
struct W3c<'a> {
    parent: &'a str,
    state: &'a str,
}

impl Extractor for W3c<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            "traceparent" => Some(self.parent),
            "tracestate" => Some(self.state).filter(|state| !state.is_empty()),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate"]
    }
}

/// The context that W3C headers carry; [`SpanContext::NONE`] if they carry none.
pub(crate) fn w3c(parent: &str, state: &str) -> SpanContext {
    let carrier = W3c { parent: parent.trim(), state: state.trim() };
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier);
    context.span().span_context().clone()
}

/// The context that Datadog's headers carry (names in lower case); `None` if they carry none.
pub(crate) fn datadog<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Option<SpanContext> {
    let low: u64 = get("x-datadog-trace-id")?.parse().ok().filter(|id| *id != 0)?;
    let parent: u64 = get("x-datadog-parent-id")?.parse().ok()?;
    let tags = get("x-datadog-tags").unwrap_or_default();
    let high = tags.split(',').find_map(|tag| tag.strip_prefix("_dd.p.tid="));
    let high = high.and_then(|high| u64::from_str_radix(high, 16).ok()).unwrap_or(0);
    let trace = TraceId::from(u128::from(high) << 64 | u128::from(low));
    Some(SpanContext::new(trace, SpanId::from(parent), TraceFlags::SAMPLED, true, TraceState::NONE))
}

/// The variables of W3C trace context, B3 (one header), Jaeger, OpenTracing and X-Ray. Baggage is the environment's
/// own already.
pub(crate) fn variables(context: &SpanContext) -> Vec<(&'static str, String)> {
    if !context.is_valid() {
        return Vec::new();
    }
    let (trace, span) = (context.trace_id().to_string(), context.span_id().to_string());
    let sampled = context.is_sampled();
    let bit = u8::from(sampled);
    let mut variables = vec![
        ("TRACEPARENT", format!("00-{trace}-{span}-{bit:02x}")),
        ("B3", format!("{trace}-{span}-{bit}")),
        ("UBER_TRACE_ID", format!("{trace}:{span}:0:{bit}")),
        // OpenTracing's trace ids have 64 bits.
        ("OT_TRACER_TRACEID", trace[16..].to_owned()),
        ("OT_TRACER_SPANID", span.clone()),
        ("OT_TRACER_SAMPLED", sampled.to_string()),
        ("X_AMZN_TRACE_ID", format!("Root=1-{}-{};Parent={span};Sampled={bit}", &trace[..8], &trace[8..])),
    ];
    let state = context.trace_state().header();
    if !state.is_empty() {
        variables.push(("TRACESTATE", state));
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

    #[test]
    fn what_w3c_headers_carry() {
        let check = |parent: &str, expected: Option<(&str, bool)>| {
            let context = w3c(parent, "a=b");
            let found = context.is_valid().then(|| (context.span_id().to_string(), context.is_sampled()));
            assert_eq!(found, expected.map(|(span, sampled)| (span.to_owned(), sampled)), "{parent}");
        };
        check(&format!("00-{TRACE}-b7ad6b7169203331-01"), Some(("b7ad6b7169203331", true)));
        check(&format!("00-{TRACE}-b7ad6b7169203331-00"), Some(("b7ad6b7169203331", false)));
        check(&format!(" 00-{TRACE}-b7ad6b7169203331-01\n"), Some(("b7ad6b7169203331", true)));
        check(&format!("ff-{TRACE}-b7ad6b7169203331-01"), None);
        check(&format!("00-{TRACE}-0000000000000000-01"), None);
        check(&format!("00-{TRACE}"), None);
        check("", None);
    }

    #[test]
    fn what_children_get() {
        let check = |flags: &str, state: &str, expected: &str| {
            let found = variables(&w3c(&format!("00-{TRACE}-b7ad6b7169203331-{flags}"), state));
            let lines: Vec<String> = found.iter().map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!(lines.join("\n"), expected);
        };
        check(
            "01",
            "a=b,c=d",
            "TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n\
             B3=0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1\n\
             UBER_TRACE_ID=0af7651916cd43dd8448eb211c80319c:b7ad6b7169203331:0:1\n\
             OT_TRACER_TRACEID=8448eb211c80319c\n\
             OT_TRACER_SPANID=b7ad6b7169203331\n\
             OT_TRACER_SAMPLED=true\n\
             X_AMZN_TRACE_ID=Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1\n\
             TRACESTATE=a=b,c=d",
        );
        check(
            "00",
            "",
            "TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00\n\
             B3=0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0\n\
             UBER_TRACE_ID=0af7651916cd43dd8448eb211c80319c:b7ad6b7169203331:0:0\n\
             OT_TRACER_TRACEID=8448eb211c80319c\n\
             OT_TRACER_SPANID=b7ad6b7169203331\n\
             OT_TRACER_SAMPLED=false\n\
             X_AMZN_TRACE_ID=Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=0",
        );
        assert_eq!(variables(&SpanContext::NONE), []);
    }

    #[test]
    fn what_datadogs_headers_carry() {
        let check = |headers: &[(&str, &str)], expected: Option<(&str, &str)>| {
            let get =
                |name: &str| headers.iter().find(|(header, _)| *header == name).map(|(_, value)| *value);
            let found =
                datadog(get).map(|context| (context.trace_id().to_string(), context.span_id().to_string()));
            assert_eq!(found, expected.map(|(trace, span)| (trace.to_owned(), span.to_owned())));
        };
        let ids = [("x-datadog-trace-id", "255"), ("x-datadog-parent-id", "16")];
        check(&ids, Some(("000000000000000000000000000000ff", "0000000000000010")));
        let tagged = [ids[0], ids[1], ("x-datadog-tags", "_dd.p.dm=-4,_dd.p.tid=0000000000000abc")];
        check(&tagged, Some(("0000000000000abc00000000000000ff", "0000000000000010")));
        check(&ids[..1], None);
        check(&[("x-datadog-trace-id", "0"), ids[1]], None);
        check(&[("x-datadog-trace-id", "x"), ids[1]], None);
    }
}
