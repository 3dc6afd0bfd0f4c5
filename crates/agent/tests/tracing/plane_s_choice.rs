//! The exporter that the control plane names (docs/spec/agent.md §6.5, §15.4).

use std::process::{Command, Output, Stdio};

use serde_json::json;

use crate::collector::Collector;
use crate::plane::Plane;
use crate::{AGENT, text};

/// A real agent with these variables, for one job of a plane that wants traces at this collector.
fn run(collector: &Collector, variables: &[(&str, &str)]) -> Output {
    let root = tempfile::tempdir().expect("a directory");
    let at = |path: &str| root.path().join(path).display().to_string();
    let plane = Plane::new("exit 7");
    let plane = plane.with_tracing(json!({ "backend": "opentelemetry", "exporter": {
        "endpoint": format!("http://127.0.0.1:{}/v1/traces", collector.http),
        "protocol": "http/protobuf",
        "headers": { "api-key": "a+b, c" },
    }}));
    let mut start = Command::new(AGENT);
    start.args(["start", "--token", "token", "--disconnect-after-job", "--ping-mode", "ping-only"]);
    start.args(["--endpoint", plane.url(), "--build-path", &at("builds"), "--sockets-path", &at("s")]);
    start.env_clear().env("HOME", root.path()).env("TMPDIR", root.path()).env("PATH", "/usr/bin:/bin");
    start.envs(variables.iter().copied()).stdin(Stdio::null());
    let ended = start.output().expect("the agent starts");
    assert!(ended.status.success(), "{}", text(&ended.stderr));
    assert_eq!(plane.exit_status(), "7", "{}", text(&plane.log()));
    ended
}

#[test]
fn spans_go_where_the_plane_says() {
    let collector = Collector::start();
    let ended = run(&collector, &[]);
    let tree = collector.collected.tree(&[]);
    assert!(tree.starts_with("org/pipe/job !exit status 7\n"), "{tree}{}", text(&ended.stderr));
    let headers = collector.collected.headers();
    assert!(headers.contains(&"api-key: a+b, c".to_owned()), "{headers:?}");
}

#[test]
fn a_destination_of_the_machine_s_own_counts_more() {
    let (named, own) = (Collector::start(), Collector::start());
    let endpoint = format!("http://127.0.0.1:{}", own.grpc);
    run(&named, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
    assert!(named.collected.traces().is_empty());
    assert!(own.collected.tree(&[]).starts_with("org/pipe/job !exit status 7\n"));
}
