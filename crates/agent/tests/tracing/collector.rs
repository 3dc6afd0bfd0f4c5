//! A collector of OTLP: gRPC on one port, HTTP on another.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

/// What has come in.
#[derive(Clone, Default)]
pub(crate) struct Collected {
    traces: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
    logs: Arc<Mutex<Vec<ExportLogsServiceRequest>>>,
    /// As they came.
    datadog: Arc<Mutex<Vec<Vec<u8>>>>,
    /// The header lines of each request.
    headers: Arc<Mutex<Vec<Vec<String>>>>,
}

/// The collector; its threads end with the test's process.
pub(crate) struct Collector {
    pub(crate) collected: Collected,
    pub(crate) grpc: u16,
    pub(crate) http: u16,
}

impl Collector {
    pub(crate) fn start() -> Self {
        let collected = Collected::default();
        let bind = || TcpListener::bind("127.0.0.1:0").expect("a port");
        let (http, grpc) = (bind(), bind());
        let port = |listener: &TcpListener| listener.local_addr().expect("bound").port();
        let this = Self { collected: collected.clone(), grpc: port(&grpc), http: port(&http) };
        let other = collected.clone();
        std::thread::spawn(move || {
            for stream in http.incoming() {
                let (stream, collected) = (stream.expect("a connection"), collected.clone());
                std::thread::spawn(move || serve_http(stream, &collected));
            }
        });
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("made");
            grpc.set_nonblocking(true).expect("set");
            runtime.block_on(serve_grpc(grpc, other));
        });
        this
    }
}

pub(crate) fn serve_http(stream: impl Read + Write, collected: &Collected) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|count| count > 0) {
        let path = line.split(' ').nth(1).expect("a path").to_owned();
        let (mut length, mut headers) = (0, Vec::new());
        loop {
            line.clear();
            reader.read_line(&mut line).expect("a header");
            if line == "\r\n" {
                break;
            }
            headers.push(line.trim().to_owned());
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a number");
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        if headers.contains(&"content-encoding: gzip".to_owned()) {
            body = unpacked(&body);
        }
        collected.headers.lock().expect("whole").push(headers);
        collected.take(&path, &body);
        reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").expect("answered");
        line.clear();
    }
}

async fn serve_grpc(listener: TcpListener, collected: Collected) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            while let Ok((stream, _)) = listener.accept().await {
                let collected = collected.clone();
                tokio::task::spawn_local(async move {
                    let mut connection = h2::server::handshake(stream).await.expect("HTTP/2");
                    while let Some(Ok((request, mut respond))) = connection.accept().await {
                        let collected = collected.clone();
                        tokio::task::spawn_local(async move {
                            let path = request.uri().path().to_owned();
                            let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
                                format!("{name}: {}", value.to_str().expect("text"))
                            };
                            let headers = request.headers().iter().map(line).collect();
                            collected.headers.lock().expect("whole").push(headers);
                            let mut body = request.into_body();
                            let mut bytes = Vec::new();
                            while let Some(Ok(data)) = body.data().await {
                                body.flow_control().release_capacity(data.len()).expect("released");
                                bytes.extend_from_slice(&data);
                            }
                            let message = &bytes[5..];
                            match bytes[0] {
                                0 => collected.take(&path, message),
                                _ => collected.take(&path, &unpacked(message)),
                            }
                            let response =
                                http::Response::builder().header("content-type", "application/grpc");
                            let response = response.body(()).expect("made");
                            let mut stream = respond.send_response(response, false).expect("sent");
                            stream.send_data(vec![0; 5].into(), false).expect("sent");
                            let trailers = [("grpc-status", "0")].map(|(name, value)| {
                                (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))
                            });
                            stream.send_trailers(trailers.into_iter().collect()).expect("sent");
                        });
                    }
                });
            }
        })
        .await;
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut whole).expect("gzip");
    whole
}

impl Collected {
    fn take(&self, path: &str, body: &[u8]) {
        match path {
            "/v1/traces" | "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => {
                self.traces
                    .lock()
                    .expect("whole")
                    .push(ExportTraceServiceRequest::decode(body).expect("spans"));
            }
            "/v1/logs" | "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => {
                self.logs
                    .lock()
                    .expect("whole")
                    .push(ExportLogsServiceRequest::decode(body).expect("records"));
            }
            "/v0.4/traces" => self.datadog.lock().expect("whole").push(body.to_vec()),
            other => panic!("nothing is at {other}"),
        }
    }

    pub(crate) fn traces(&self) -> Vec<ExportTraceServiceRequest> {
        self.traces.lock().expect("whole").clone()
    }

    pub(crate) fn datadog(&self) -> Vec<Vec<u8>> {
        self.datadog.lock().expect("whole").clone()
    }

    /// The header lines of the first request.
    pub(crate) fn headers(&self) -> Vec<String> {
        self.headers.lock().expect("whole").first().expect("a request").clone()
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        let resources = self.traces().into_iter().flat_map(|request| request.resource_spans);
        resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
    }

    pub(crate) fn records(&self) -> Vec<LogRecord> {
        let requests = self.logs.lock().expect("whole").clone();
        let resources = requests.into_iter().flat_map(|request| request.resource_logs);
        resources.flat_map(|resource| resource.scope_logs).flat_map(|scope| scope.log_records).collect()
    }

    /// Each span on a line, below its parent, with the attributes whose names begin so, and its error.
    pub(crate) fn tree(&self, prefixes: &[&str]) -> String {
        let mut spans = self.spans();
        spans.sort_by_key(|span| (span.start_time_unix_nano, u64::MAX - span.end_time_unix_nano));
        let mut lines = String::new();
        let known = |id: &[u8]| spans.iter().any(|span| span.span_id == id);
        for root in spans.iter().filter(|span| !known(&span.parent_span_id)) {
            branch(&spans, root, 0, prefixes, &mut lines);
        }
        lines
    }
}

fn branch(spans: &[Span], span: &Span, depth: usize, prefixes: &[&str], lines: &mut String) {
    let shown = |attribute: &&KeyValue| prefixes.iter().any(|prefix| attribute.key.starts_with(prefix));
    let mut attributes: Vec<String> = span.attributes.iter().filter(shown).map(text).collect();
    attributes.sort();
    let error = span.events.iter().flat_map(|event| &event.attributes);
    let error =
        error.filter(|attribute| attribute.key == "exception.message").map(|a| format!(" !{}", value(a)));
    let indent = "  ".repeat(depth);
    let attributes = attributes.iter().map(|attribute| format!(" {attribute}")).collect::<String>();
    lines.push_str(&format!("{indent}{}{attributes}{}\n", span.name, error.collect::<String>()));
    for child in spans.iter().filter(|child| child.parent_span_id == span.span_id) {
        branch(spans, child, depth + 1, prefixes, lines);
    }
}

fn text(attribute: &KeyValue) -> String {
    format!("{}={}", attribute.key, value(attribute))
}

/// An attribute's value as text.
pub(crate) fn value(attribute: &KeyValue) -> String {
    match attribute.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    }
}
