//! Collectors that are no help: the job ends as it would have, and in time.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::{Machine, text};

/// The job has this long, on a busy machine too. It waits for its log as long as one export may take, which is set to
/// two seconds, and at its end five seconds for everything. Spans alone would have a minute.
const SANE: Duration = Duration::from_secs(20);

/// A collector that does as `each` says with every connection; answers the port and the number of connections.
fn collector(each: impl Fn(TcpStream, usize) + Send + Sync + 'static) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let count = Arc::new(AtomicUsize::new(0));
    let (counted, each) = (count.clone(), Arc::new(each));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, each) = (stream.expect("a connection"), each.clone());
            let number = counted.fetch_add(1, Ordering::SeqCst);
            std::thread::spawn(move || each(stream, number));
        }
    });
    (port, count)
}

/// Runs a job whose spans and lines go there; answers its log.
fn check(protocol: &str, port: u16) -> String {
    let mut machine = Machine::new("seq 1 3000; exit 7");
    machine.set("BUILDKITE_BOOTSTRAP_PHASES", "command");
    machine.set("BUILDKITE_TRACING_BACKEND", "opentelemetry");
    machine.set("BUILDKITE_JOB_LOGS_OTLP", "true");
    machine.set("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
    machine.set("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://127.0.0.1:{port}"));
    machine.set("OTEL_EXPORTER_OTLP_TIMEOUT", "60000");
    machine.set("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "2000");
    let started = Instant::now();
    let ended = machine.run();
    let (took, log) = (started.elapsed(), text(&ended.stderr));
    assert_eq!(ended.status.code(), Some(7), "{log}");
    assert!(text(&ended.stdout).ends_with("2999\n3000\n"));
    assert!(took < SANE, "{took:?}: {log}");
    log
}

/// Reads one request of HTTP/1.1: its head and its body.
fn read_request(stream: &mut TcpStream) -> bool {
    let mut bytes = Vec::new();
    let mut chunk = [0; 65536];
    loop {
        let head = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(head) = head {
            let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if bytes.len() >= head + 4 + length.unwrap_or(0) {
                return true;
            }
        }
        match stream.read(&mut chunk) {
            Ok(count) if count > 0 => bytes.extend_from_slice(&chunk[..count]),
            _ => return false,
        }
    }
}

#[test]
fn one_that_never_answers_is_left() {
    for protocol in ["grpc", "http/protobuf"] {
        let open = Mutex::new(Vec::new());
        let (port, connections) = collector(move |stream, _| open.lock().expect("whole").push(stream));
        let log = check(protocol, port);
        assert!(connections.load(Ordering::SeqCst) > 0);
        assert!(log.contains("Failed to export traces"), "{log}");
        assert!(
            log.contains("Failed to flush the OTLP job log exporter") || log.contains("were not exported"),
            "{log}"
        );
    }
}

#[test]
fn one_that_hangs_up_half_way_is_tried_again_and_left() {
    for protocol in ["grpc", "http/protobuf"] {
        let (port, connections) = collector(|mut stream, _| {
            let _ = stream.read(&mut [0; 64]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12");
        });
        let log = check(protocol, port);
        assert!(connections.load(Ordering::SeqCst) > 0);
        assert!(log.contains("Failed to export traces"), "{log}");
    }
}

#[test]
fn one_that_is_busy_for_long_is_left_to_itself() {
    for status in ["503 Service Unavailable", "429 Too Many Requests"] {
        let (port, _) = collector(move |mut stream, _| {
            while read_request(&mut stream) {
                let answer = format!("HTTP/1.1 {status}\r\nretry-after: 3600\r\ncontent-length: 0\r\n\r\n");
                if stream.write_all(answer.as_bytes()).is_err() {
                    return;
                }
            }
        });
        let log = check("http/protobuf", port);
        assert!(log.contains(&format!("status {}", &status[..3])), "{log}");
    }
}

#[test]
fn one_that_is_busy_for_a_moment_gets_everything() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let (port, _) = collector(move |mut stream, _| {
        while read_request(&mut stream) {
            let answer: &[u8] = match count.fetch_add(1, Ordering::SeqCst) {
                0 => b"HTTP/1.1 503 X\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n",
                _ => b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            };
            if stream.write_all(answer).is_err() {
                return;
            }
        }
    });
    let log = check("http/protobuf", port);
    assert!(asked.load(Ordering::SeqCst) > 2);
    assert!(!log.contains("Failed to export") && !log.contains("not exported"), "{log}");
}
