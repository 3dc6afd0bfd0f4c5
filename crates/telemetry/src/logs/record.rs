//! Lines as log records.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry::trace::SpanContext;
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs, SeverityNumber};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::transform::common::tonic::{Attributes, ResourceAttributesWithSchema};
use prost::Message as _;

use super::assembler::Line;

/// What all records of a job have in common.
#[derive(Clone, Debug)]
pub(crate) struct RecordKind {
    pub(crate) resource: opentelemetry_sdk::Resource,
    pub(crate) scope: InstrumentationScope,
    pub(crate) attributes: Vec<KeyValue>,
}

impl RecordKind {
    /// A line as a record, written while this span was open.
    pub(super) fn record(&self, line: Line, span: Option<&SpanContext>) -> LogRecord {
        LogRecord {
            time_unix_nano: nanos(line.since),
            observed_time_unix_nano: nanos(SystemTime::now()),
            severity_number: SeverityNumber::Info.into(),
            severity_text: "INFO".into(),
            body: Some(AnyValue { value: Some(Value::StringValue(line.text)) }),
            attributes: Attributes::from(self.attributes.clone()).0,
            flags: span.map_or(0, |span| span.trace_flags().to_u8().into()),
            trace_id: span.map_or_else(Vec::new, |span| span.trace_id().to_bytes().to_vec()),
            span_id: span.map_or_else(Vec::new, |span| span.span_id().to_bytes().to_vec()),
            ..LogRecord::default()
        }
    }

    /// The body of a request with these records.
    pub(super) fn request(&self, log_records: Vec<LogRecord>) -> Vec<u8> {
        let resource = ResourceAttributesWithSchema::from(&self.resource);
        let scope_logs = ScopeLogs {
            schema_url: self.scope.schema_url().unwrap_or_default().to_owned(),
            scope: Some((&self.scope, None).into()),
            log_records,
        };
        let resource_logs = ResourceLogs {
            schema_url: resource.schema_url.unwrap_or_default(),
            resource: Some(Resource { attributes: resource.attributes.0, ..Resource::default() }),
            scope_logs: vec![scope_logs],
        };
        ExportLogsServiceRequest { resource_logs: vec![resource_logs] }.encode_to_vec()
    }
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
