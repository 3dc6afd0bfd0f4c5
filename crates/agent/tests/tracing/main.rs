//! Whole bootstraps whose spans and log lines go to a collector in this test (docs/spec/job.md §18, §19).
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "the test is the parent of the program under test")]

mod collector;
mod destinations;
mod outages;
#[path = "../plane/mod.rs"]
mod plane;
mod plane_s_choice;
#[path = "../web/mod.rs"]
mod web;

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use collector::{Collector, value};
use tempfile::TempDir;

const AGENT: &str = env!("CARGO_BIN_EXE_buildkite-agent");

/// A build machine with a repository and hooks, and a job for it.
struct Machine {
    root: TempDir,
    env: Vec<(String, String)>,
}

impl Machine {
    fn new(command: &str) -> Self {
        let root = tempfile::tempdir().expect("a directory");
        let mut this = Self { root, env: Vec::new() };
        for directory in ["build", "hooks", "home", "tmp", "repo"] {
            std::fs::create_dir_all(this.at(directory)).expect("made");
        }
        this.file("repo/.buildkite/hooks/pre-command", "true");
        this.file("repo/ven/hooks/pre-command", "true");
        let bin = Path::new(AGENT).parent().expect("it is in a directory").to_string_lossy().into_owned();
        for (name, text) in [
            ("PATH", format!("{bin}:/usr/bin:/bin")),
            ("HOME", this.at("home").to_string_lossy().into_owned()),
            ("TMPDIR", this.at("tmp").to_string_lossy().into_owned()),
            ("GIT_CONFIG_GLOBAL", "/dev/null".into()),
            ("BUILDKITE_BUILD_PATH", this.at("build").to_string_lossy().into_owned()),
            ("BUILDKITE_HOOKS_PATH", this.at("hooks").to_string_lossy().into_owned()),
            ("BUILDKITE_SOCKETS_PATH", this.at("s").to_string_lossy().into_owned()),
            ("BUILDKITE_REPO", this.at("repo").to_string_lossy().into_owned()),
            ("BUILDKITE_COMMAND", command.into()),
        ] {
            this.set(name, &text);
        }
        for (name, text) in [
            ("BUILDKITE_JOB_ID", "job"),
            ("BUILDKITE_COMMIT", "HEAD"),
            ("BUILDKITE_BRANCH", "main"),
            ("BUILDKITE_AGENT_NAME", "agent"),
            ("BUILDKITE_ORGANIZATION_SLUG", "org"),
            ("BUILDKITE_PIPELINE_SLUG", "pipe"),
            ("BUILDKITE_PIPELINE_PROVIDER", "git"),
            ("BUILDKITE_STEP_KEY", "key"),
            ("BUILDKITE_SSH_KEYSCAN", "false"),
            ("BUILDKITE_PTY", "false"),
            ("BUILDKITE_PULL_REQUEST", "false"),
        ] {
            this.set(name, text);
        }
        this.git(&["init", "-q", "-b", "main"]);
        this.git(&["add", "."]);
        this.git(&["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "m"]);
        this
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn set(&mut self, name: &str, value: &str) {
        self.env.push((name.to_owned(), value.to_owned()));
    }

    fn file(&self, path: &str, content: &str) {
        let path = self.at(path);
        std::fs::create_dir_all(path.parent().expect("below the root")).expect("made");
        std::fs::write(&path, content).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("set");
    }

    fn git(&self, words: &[&str]) {
        let mut git = Command::new("git");
        git.args(words).current_dir(self.at("repo")).env_clear().envs(self.env.iter().cloned());
        assert!(git.status().expect("git runs").success(), "{words:?}");
    }

    fn start(&self) -> Child {
        let mut command = Command::new(AGENT);
        command.arg("bootstrap").env_clear().envs(self.env.iter().cloned());
        command.current_dir(self.at("build")).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the agent starts")
    }

    fn run(&self) -> Output {
        self.start().wait_with_output().expect("it ends")
    }

    /// To this collector, by gRPC.
    fn traced(&mut self, collector: &Collector) {
        self.set("BUILDKITE_TRACING_BACKEND", "opentelemetry");
        self.set("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://127.0.0.1:{}", collector.grpc));
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const TREE: &str = "\
org/pipe/key !exit status 3
  environment
    agent environment hook hook.name=environment hook.type=agent
  checkout
    repo-checkout git.remote_mirror.outcome=skipped git.remote_mirror.site=none git.remote_mirror.skip_reason=no-url
      git.clone git.blobless_filter=false git.mirror_mode=none git.sparse=false
      git.clean.pre
      git.fetch git.pull_request=false git.refspec_kind=branch git.skipped=false
      git.verify_commit
      git.sparse_checkout git.path_count=0 git.sparse_mode=none
      git.checkout
      git.clean.post
  command !exit status 3
    pre-command
      repository pre-command hook hook.name=pre-command hook.type=repository
      plugin pre-command hook hook.name=pre-command hook.type=plugin plugin.is_vendored=true plugin.location=./ven plugin.name=ven plugin.version=
    default command hook hook.name=command hook.type=default !exit status 3
      artifact-upload
    post-command
  artifacts !exit status 1
    pre-artifact
    artifact-upload !exit status 1
  pre-exit
    agent pre-exit hook hook.name=pre-exit hook.type=agent
";

/// A job with hooks, a plugin, a checkout, a command that calls the agent and fails, and an upload that fails.
fn check_tree(protocol: &str) {
    let collector = Collector::start();
    let mut machine = Machine::new(
        "echo parent=$TRACEPARENT\n\
         BUILDKITE_AGENT_ACCESS_TOKEN=x buildkite-agent artifact upload 'none*' --endpoint http://127.0.0.1:1\n\
         exit 3",
    );
    machine.traced(&collector);
    if protocol != "grpc" {
        machine.set("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
        machine.set("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://127.0.0.1:{}", collector.http));
    }
    machine.set("BUILDKITE_PLUGINS", r#"["./ven"]"#);
    machine.set("BUILDKITE_ARTIFACT_PATHS", "none*");
    machine.set("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    machine.file("hooks/environment", "true");
    machine.file("hooks/pre-exit", "true");
    let ended = machine.run();
    assert_eq!(ended.status.code(), Some(3), "{}{}", text(&ended.stdout), text(&ended.stderr));
    let shown = ["git.", "hook.name", "hook.type", "plugin."];
    assert_eq!(collector.collected.tree(&shown), TREE, "{}", text(&ended.stderr));

    let spans = collector.collected.spans();
    let named = |name: &str| spans.iter().find(|span| span.name == name).expect("it is there");
    let ids: Vec<String> = spans.iter().map(|span| hex::encode(&span.trace_id)).collect();
    assert!(ids.iter().all(|id| id == "0af7651916cd43dd8448eb211c80319c"), "{ids:?}");
    assert_eq!(hex::encode(&named("org/pipe/key").parent_span_id), "b7ad6b7169203331");
    let seen = format!("parent=00-{}-{}-01", ids[0], hex::encode(&named("default command hook").span_id));
    assert!(text(&ended.stdout).contains(&seen), "{seen} is not in {}", text(&ended.stdout));
    check_resource(&collector);
}

fn check_resource(collector: &Collector) {
    for resource in collector.collected.traces().into_iter().flat_map(|request| request.resource_spans) {
        assert_eq!(resource.schema_url, "https://opentelemetry.io/schemas/1.4.0");
        let attributes = resource.resource.expect("one").attributes;
        let get = |key: &str| attributes.iter().find(|attribute| attribute.key == key).map(value);
        for (key, expected) in [
            ("service.name", "buildkite-agent"),
            ("deployment.environment", "ci"),
            ("buildkite.job_key", "key"),
            ("buildkite.job_label", "n/a"),
            ("buildkite.retry", "0"),
        ] {
            assert_eq!(get(key).as_deref(), Some(expected), "{key}");
        }
        assert!(
            resource
                .scope_spans
                .iter()
                .all(|scope| scope.scope.as_ref().expect("one").name == "buildkite-agent")
        );
    }
}

#[test]
fn a_job_s_spans_by_grpc() {
    check_tree("grpc");
}

#[test]
fn a_job_s_spans_by_http() {
    check_tree("http/protobuf");
}

#[test]
fn a_job_that_is_cancelled_sends_its_spans() {
    let collector = Collector::start();
    let mut machine = Machine::new("echo ready; sleep 60");
    machine.traced(&collector);
    machine.set("BUILDKITE_BOOTSTRAP_PHASES", "command");
    let mut child = machine.start();
    let mut output = std::io::BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    while !line.contains("ready") {
        line.clear();
        assert!(std::io::BufRead::read_line(&mut output, &mut line).expect("read") > 0, "it ended early");
    }
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
    assert_eq!(child.wait().expect("it ends").signal(), Some(15));
    let tree = collector.collected.tree(&[]);
    assert!(tree.starts_with("org/pipe/key !signal: terminated\n"), "{tree}");
    assert!(tree.contains("  pre-exit\n"), "{tree}");
}

#[test]
fn a_collector_that_is_gone_does_not_matter() {
    let mut machine = Machine::new("seq 1 3000");
    machine.set("BUILDKITE_TRACING_BACKEND", "opentelemetry");
    machine.set("BUILDKITE_JOB_LOGS_OTLP", "true");
    machine.set("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1");
    // Long enough that the job would not end in time if it waited for this.
    machine.set("OTEL_EXPORTER_OTLP_TIMEOUT", "3000");
    machine.set("BUILDKITE_BOOTSTRAP_PHASES", "command");
    let started = Instant::now();
    let ended = machine.run();
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    assert_eq!(ended.status.code(), Some(0));
    assert!(text(&ended.stdout).ends_with("2999\n3000\n"));
    let log = text(&ended.stderr);
    assert!(log.contains("Failed to export traces: sending to http://127.0.0.1:1/"), "{log}");
    assert!(log.contains("lines of the job's log were not exported"), "{log}");
}

#[test]
fn the_log_is_exported_line_by_line() {
    let collector = Collector::start();
    let mut machine = Machine::new("printf 'one\\r\\n\\nMYSECRET tail'");
    machine.traced(&collector);
    machine.set("BUILDKITE_JOB_LOGS_OTLP", "true");
    machine.set("BUILDKITE_BOOTSTRAP_PHASES", "command");
    machine.set("MY_SECRET", "MYSECRET");
    machine.set("BUILDKITE_REDACTED_VARS", "*_SECRET");
    machine.file("hooks/post-command", "echo post");
    let ended = machine.run();
    assert_eq!(ended.status.code(), Some(0), "{}", text(&ended.stderr));
    let spans = collector.collected.spans();
    let lines: Vec<(String, String)> = collector
        .collected
        .records()
        .into_iter()
        .map(|record| {
            let of = spans.iter().find(|span| span.span_id == record.span_id);
            let body = record.body.map(|body| opentelemetry_proto::tonic::common::v1::KeyValue {
                value: Some(body),
                ..Default::default()
            });
            (value(&body.expect("a body")), of.expect("a span").name.clone())
        })
        .collect();
    let of_command: Vec<&str> =
        lines.iter().filter(|(_, of)| of == "default command hook").map(|(line, _)| line.as_str()).collect();
    assert_eq!(of_command[0], "~~~ Running commands");
    assert_eq!(of_command[of_command.len() - 3..], ["one", "", "[REDACTED] tail"]);
    assert!(lines.contains(&("post".into(), "agent post-command hook".into())), "{lines:?}");
}

#[test]
fn datadog_gets_the_job_as_one_trace() {
    let collector = Collector::start();
    let mut machine = Machine::new("exit 3");
    machine.set("BUILDKITE_TRACING_BACKEND", "datadog");
    machine.set("BUILDKITE_BOOTSTRAP_PHASES", "command");
    machine.set("DD_TRACE_AGENT_URL", &format!("http://127.0.0.1:{}", collector.http));
    // Trace 255, parent 16.
    let context = "DX8EAQL_gAABDAEMAAAy_4AAAhJ4LWRhdGFkb2ctdHJhY2UtaWQDMjU1E3gtZGF0YWRvZy1wYXJlbnQtaWQCMTY=";
    machine.set("BUILDKITE_TRACE_CONTEXT", context);
    assert_eq!(machine.run().status.code(), Some(3));
    let requests = collector.collected.datadog();
    let [body] = requests.as_slice() else { panic!("{} requests", requests.len()) };
    // One trace of seven spans: environment, pre-command, the command, post-command, command, pre-exit, the job.
    assert_eq!(body[..2], [0x91, 0x97]);
    let has = |bytes: &[u8]| body.windows(bytes.len()).any(|window| window == bytes);
    let pair = |key: &str, value: &str| {
        let text =
            |text: &str| [&[0xa0 | u8::try_from(text.len()).expect("short")], text.as_bytes()].concat();
        [text(key), text(value)].concat()
    };
    for (key, value) in [
        ("name", "job.run"),
        ("resource", "org/pipe/job"),
        ("name", "hook.execute"),
        ("name", "pre-command hooks"),
        ("service", "buildkite-agent"),
        ("error.message", "exit status 3"),
    ] {
        assert!(has(&pair(key, value)), "{key}={value}");
    }
    let id = |key: &str, id: u64| {
        [&[0xa0 | u8::try_from(key.len()).expect("short")], key.as_bytes(), &[0xcf], &id.to_be_bytes()]
            .concat()
    };
    assert!(has(&id("trace_id", 255)) && has(&id("parent_id", 16)));
}

#[test]
fn what_makes_no_sense_is_said() {
    let check = |name: &str, value: &str, expected: &str| {
        let mut machine = Machine::new("true");
        machine.set("BUILDKITE_TRACING_BACKEND", "opentelemetry");
        machine.set("BUILDKITE_BOOTSTRAP_PHASES", "command");
        machine.set(name, value);
        let ended = machine.run();
        let log = text(&ended.stderr);
        assert!(ended.status.success() && log.contains(expected), "{expected:?} is not in {log}");
    };
    check("OTEL_EXPORTER_OTLP_PROTOCOL", "x", "Failed to initialize tracing: unsupported OTLP protocol: x");
    check(
        "BUILDKITE_TRACING_BACKEND",
        "zipkin",
        "An invalid tracing backend was provided: \"zipkin\". Tracing will not occur.",
    );
}
