//! Where spans and log lines go, and how: compression, TLS, client certificates, proxies, headers, sockets.

use std::os::unix::net::UnixListener;
use std::process::Output;

use crate::collector::{Collected, Collector, serve_http, value};
use crate::web::{Authority, Clients, Fault, Manners, Proxy, Socks};
use crate::{Machine, text};

/// A job without anything but its command, traced.
fn job(variables: &[(&str, &str)]) -> (Machine, Output) {
    let mut machine = Machine::new("exit 7");
    machine.set("BUILDKITE_BOOTSTRAP_PHASES", "command");
    machine.set("BUILDKITE_TRACING_BACKEND", "opentelemetry");
    for (name, value) in variables {
        machine.set(name, value);
    }
    let ended = machine.run();
    assert_eq!(ended.status.code(), Some(7), "{}", text(&ended.stderr));
    (machine, ended)
}

/// The job's spans have arrived, all of them.
fn check_arrived(collected: &Collected, ended: &Output) {
    let tree = collected.tree(&[]);
    let log = text(&ended.stderr);
    assert!(
        tree.starts_with("org/pipe/key !exit status 7\n") && tree.contains("  pre-exit\n"),
        "{tree}{log}"
    );
    assert!(!log.contains("Failed to export"), "{log}");
}

fn check_lost(collected: &Collected, ended: &Output, reason: &str) {
    let log = text(&ended.stderr);
    assert!(log.contains("Failed to export traces: ") && log.contains(reason), "{reason:?} is not in {log}");
    assert!(collected.traces().is_empty());
}

const PROTOCOLS: [(&str, &str); 2] = [("grpc", "h2"), ("http/protobuf", "http/1.1")];

#[test]
fn what_is_sent_is_compressed_and_has_the_headers_that_were_asked_for() {
    for (protocol, _) in PROTOCOLS {
        let collector = Collector::start();
        let port = if protocol == "grpc" { collector.grpc } else { collector.http };
        let (_machine, ended) = job(&[
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://127.0.0.1:{port}")),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=none"),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "api-key=a%20b,x-more=1"),
        ]);
        check_arrived(&collector.collected, &ended);
        let headers = collector.collected.headers();
        let encoding = if protocol == "grpc" { "grpc-encoding: gzip" } else { "content-encoding: gzip" };
        for line in [encoding, "api-key: a b", "x-more: 1"] {
            assert!(headers.contains(&line.to_owned()), "{line} is not in {headers:?}");
        }
    }
}

#[test]
fn a_collector_s_own_authority_is_trusted_once_it_is_named() {
    for (protocol, alpn) in PROTOCOLS {
        let collector = Collector::start();
        let backend = if protocol == "grpc" { collector.grpc } else { collector.http };
        let directory = tempfile::tempdir().expect("a directory");
        let authority = Authority::new(directory.path());
        let front = authority.front("collector.test", &[(alpn, backend)], Clients::All);
        let endpoint = format!("https://localhost:{}", front.port);
        let to = [("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)];
        let (_machine, ended) = job(&to);
        check_lost(&collector.collected, &ended, "certificate");
        let roots = authority.roots();
        for name in
            ["OTEL_EXPORTER_OTLP_CERTIFICATE", "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "SSL_CERT_FILE"]
        {
            let before = collector.collected.traces().len();
            let (_machine, ended) = job(&[to[0], to[1], (name, &roots)]);
            check_arrived(&collector.collected, &ended);
            assert!(collector.collected.traces().len() > before, "{name}");
        }
        let protocols = front.protocols.lock().expect("whole").clone();
        assert!(protocols.iter().all(|protocol| protocol == alpn), "{protocols:?}");
    }
}

#[test]
fn a_collector_that_knows_its_clients_is_shown_a_certificate() {
    for (protocol, alpn) in PROTOCOLS {
        let collector = Collector::start();
        let backend = if protocol == "grpc" { collector.grpc } else { collector.http };
        let directory = tempfile::tempdir().expect("a directory");
        let authority = Authority::new(directory.path());
        let front = authority.front("collector.test", &[(alpn, backend)], Clients::Known);
        let (roots, [certificate, key]) = (authority.roots(), authority.client());
        let endpoint = format!("https://127.0.0.1:{}", front.port);
        let to = [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", &roots),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "2000"),
        ];
        let (_machine, ended) = job(&to);
        check_lost(&collector.collected, &ended, "");
        let identity = [
            ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", certificate.as_str()),
            ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", &key),
        ];
        let (_machine, ended) = job(&[&to[..], &identity].concat());
        check_arrived(&collector.collected, &ended);
    }
}

#[test]
fn a_collector_s_own_certificate_is_trusted_once_it_is_named() {
    for (protocol, alpn) in PROTOCOLS {
        for (fault, trusted) in
            [(Fault::SelfSigned, true), (Fault::None, true), (Fault::SelfSignedExpired, false)]
        {
            let collector = Collector::start();
            let backend = if protocol == "grpc" { collector.grpc } else { collector.http };
            let directory = tempfile::tempdir().expect("a directory");
            let authority = Authority::new(directory.path());
            let front = authority.faulty_front("c.test", &[(alpn, backend)], Clients::All, fault);
            let own = directory.path().join("server.pem").display().to_string();
            let (_machine, ended) = job(&[
                ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("https://127.0.0.1:{}", front.port)),
                ("OTEL_EXPORTER_OTLP_CERTIFICATE", &own),
                ("OTEL_EXPORTER_OTLP_TIMEOUT", "2000"),
            ]);
            match trusted {
                true => check_arrived(&collector.collected, &ended),
                false => check_lost(&collector.collected, &ended, "certificate expired"),
            }
        }
    }
}

#[test]
fn a_certificate_that_is_none_is_named() {
    let (_machine, ended) = job(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://127.0.0.1:1"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/none/ca.pem"),
    ]);
    check_lost(&Collected::default(), &ended, "reading /none/ca.pem");
}

#[test]
fn proxies_lead_to_collectors() {
    let collector = Collector::start();
    let directory = tempfile::tempdir().expect("a directory");
    let authority = Authority::new(directory.path());
    let roots = authority.roots();
    for (protocol, alpn) in PROTOCOLS {
        let backend = if protocol == "grpc" { collector.grpc } else { collector.http };
        let front = authority.front("collector.test", &[(alpn, backend)], Clients::All);
        let proxy = Proxy::start(front.port, Some("Basic dXNlcjpwQHNz"));
        let url = format!("http://user:p%40ss@127.0.0.1:{}", proxy.port);
        let (_machine, ended) = job(&[
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.test:4317"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", &roots),
            ("HTTPS_PROXY", &url),
            ("HTTP_PROXY", "http://127.0.0.1:1"),
        ]);
        check_arrived(&collector.collected, &ended);
        assert_eq!(proxy.seen()[0], "CONNECT collector.test:4317 HTTP/1.1");
    }
    let proxy = Proxy::start(collector.http, None);
    let (_machine, ended) = job(&[
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.test"),
        ("http_proxy", &proxy.url()),
    ]);
    check_arrived(&collector.collected, &ended);
    assert_eq!(proxy.seen()[0], "POST http://collector.test/v1/traces HTTP/1.1");
}

/// As Go's gRPC does it: by the proxy of `https`, whatever the address says.
#[test]
fn calls_without_tls_go_through_a_tunnel() {
    let collector = Collector::start();
    let proxy = Proxy::start(collector.grpc, Some("Basic dXNlcjpwQHNz"));
    let url = format!("http://user:p%40ss@127.0.0.1:{}", proxy.port);
    let (_machine, ended) = job(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.test:4317"),
        ("BUILDKITE_JOB_LOGS_OTLP", "true"),
        ("https_proxy", &url),
        ("HTTP_PROXY", "http://127.0.0.1:1"),
    ]);
    check_arrived(&collector.collected, &ended);
    let seen = proxy.seen();
    assert!(seen.iter().all(|line| line == "CONNECT collector.test:4317 HTTP/1.1"), "{seen:?}");
    assert_eq!(seen.len(), 2, "one for spans, one for lines");
}

#[test]
fn socks_proxies_lead_to_collectors() {
    let directory = tempfile::tempdir().expect("a directory");
    let authority = Authority::new(directory.path());
    let roots = authority.roots();
    let guarded = Manners::Guarded("us:er", "p@ss");
    for (protocol, alpn) in PROTOCOLS {
        for (scheme, host, place) in [
            ("http", "collector.test:4317", "collector.test 4317"),
            ("https", "collector.test:4317", "collector.test 4317"),
            ("http", "[fd00::1]:4317", "v6 fd00::1 4317"),
        ] {
            let collector = Collector::start();
            let backend = if protocol == "grpc" { collector.grpc } else { collector.http };
            let front = authority.front("collector.test", &[(alpn, backend)], Clients::All);
            let socks = Socks::start(if scheme == "https" { front.port } else { backend }, guarded);
            let url = format!("socks5://us%3Aer:p%40ss@127.0.0.1:{}", socks.port);
            let (_machine, ended) = job(&[
                ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("{scheme}://{host}")),
                ("OTEL_EXPORTER_OTLP_CERTIFICATE", &roots),
                ("HTTPS_PROXY", &url),
                ("HTTP_PROXY", &url),
            ]);
            check_arrived(&collector.collected, &ended);
            assert_eq!(socks.seen(), [place], "{protocol} {scheme}");
        }
    }
}

#[test]
fn a_socks_proxy_that_refuses_is_named() {
    for manners in [Manners::Guarded("a", "b"), Manners::Refusing(2), Manners::Garbage, Manners::Leaving] {
        let socks = Socks::start(1, manners);
        let url = format!("socks5://user:do-not-show@127.0.0.1:{}", socks.port);
        let (_machine, ended) =
            job(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.test:4317"), ("HTTPS_PROXY", &url)]);
        check_lost(&Collected::default(), &ended, &format!("through the proxy 127.0.0.1:{}: ", socks.port));
        assert!(!text(&ended.stderr).contains("do-not-show"));
    }
}

#[test]
fn a_proxy_that_refuses_is_named() {
    let collector = Collector::start();
    for endpoint in ["http://collector.test:4317", "https://collector.test:4317"] {
        let proxy = Proxy::start(collector.grpc, Some("Basic none"));
        let url = format!("http://user:do-not-show@127.0.0.1:{}", proxy.port);
        let (_machine, ended) = job(&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), ("HTTPS_PROXY", &url)]);
        check_lost(&collector.collected, &ended, &format!("through the proxy 127.0.0.1:{}: ", proxy.port));
        let log = text(&ended.stderr);
        assert!(log.contains("proxy authorization required") && !log.contains("do-not-show"), "{log}");
    }
}

/// 0.0.0.0 leads to this machine, and isn't one of the addresses that no proxy is asked for.
#[test]
fn no_proxy_is_heeded() {
    let direct = "1.0.0.0/8,0.0.0.0/8";
    for (protocol, variable) in [("http/protobuf", "HTTP_PROXY"), ("grpc", "HTTPS_PROXY")] {
        for (list, host, proxied) in [
            ("", "0.0.0.0", true),
            (direct, "0.0.0.0", false),
            ("", "127.0.0.1", false),
            ("", "localhost", false),
        ] {
            let collector = Collector::start();
            let port = if protocol == "grpc" { collector.grpc } else { collector.http };
            let proxy = Proxy::start(port, None);
            let (_machine, ended) = job(&[
                ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{host}:{port}")),
                (variable, &proxy.url()),
                ("NO_PROXY", list),
            ]);
            check_arrived(&collector.collected, &ended);
            assert_eq!(proxy.seen().is_empty(), !proxied, "{protocol} {list} {host}");
        }
    }
}

#[test]
fn the_service_has_the_name_it_was_given() {
    let collector = Collector::start();
    let (_machine, _) = job(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://127.0.0.1:{}", collector.grpc)),
        ("BUILDKITE_TRACING_SERVICE_NAME", "builds"),
        ("OTEL_SERVICE_NAME", "other"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=another,team=kites"),
    ]);
    let traces = collector.collected.traces();
    let resource = traces[0].resource_spans[0].resource.as_ref().expect("one");
    let get = |key: &str| resource.attributes.iter().find(|attribute| attribute.key == key).map(value);
    assert_eq!(get("service.name").as_deref(), Some("builds"));
    assert_eq!(get("team").as_deref(), Some("kites"));
}

#[test]
fn datadog_s_agent_is_found_at_a_socket() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("apm.socket");
    let listener = UnixListener::bind(&path).expect("bound");
    let collected = Collected::default();
    let to = collected.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            serve_http(stream.expect("a connection"), &to);
        }
    });
    let (_machine, ended) = job(&[
        ("BUILDKITE_TRACING_BACKEND", "datadog"),
        ("DD_TRACE_AGENT_URL", &format!("unix://{}", path.display())),
        ("HTTP_PROXY", "http://127.0.0.1:1"),
    ]);
    assert_eq!(collected.datadog().len(), 1, "{}", text(&ended.stderr));
}
