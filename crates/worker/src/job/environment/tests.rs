//! The table of variables, row by row where a row has a rule.

use super::*;
use crate::settings::{Settings, test_settings};
use redkite_api::wire::TracingExporter;
use redkite_process::Signal;

struct Case {
    settings: Settings,
    job: Job,
    step: StepParts,
    log_tmpfile: Option<PathBuf>,
}

impl Case {
    fn new(env: &[(&str, &str)]) -> Self {
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let job = Job { id: "J".into(), env, ..Job::default() };
        Self { settings: test_settings(), job, step: StepParts::default(), log_tmpfile: None }
    }

    fn with(mut self, change: impl FnOnce(&mut JobSettings)) -> Self {
        change(&mut self.settings.job);
        self
    }

    fn variables(&self) -> JobVariables {
        let files =
            JobFiles { env: "/f/env".into(), env_json: "/f/json".into(), timeout: "/f/timeout".into() };
        let (endpoint, token) = (Endpoint::from("http://h/v3"), Token::from("job-token"));
        let headers = RequestHeaders::from_environment([(
            "BUILDKITE_REQUEST_HEADER_BUILDKITE_SHARD".to_owned(),
            "s1".to_owned(),
        )]);
        let access = Access {
            endpoint: &endpoint,
            token: &token,
            headers: &headers,
            http2: Http2::Offered,
            log: HttpLog::default(),
        };
        let sources = Sources {
            settings: &self.settings.job,
            experiments: &self.settings.experiments,
            job: &self.job,
            step: &self.step,
            files: &files,
            access,
            log_tmpfile: self.log_tmpfile.as_deref(),
        };
        job_variables(&received(&self.job, |_| true), &sources)
    }

    /// `name=value` pairs that must be there; without `=` the name must be absent.
    fn check(&self, expected: &[&str]) {
        let variables = self.variables();
        for pair in expected {
            match pair.split_once('=') {
                Some((name, value)) => {
                    assert_eq!(variables.get(name).map(OsString::as_os_str), Some(value.as_ref()), "{name}");
                }
                None => assert_eq!(variables.get(*pair), None, "{pair}"),
            }
        }
    }
}

#[test]
fn defaults_of_an_ordinary_agent() {
    Case::new(&[("BUILDKITE_AGENT_TOKEN", "secret"), ("MINE", "kept")]).check(&[
        "MINE=kept",
        "BUILDKITE_AGENT_TOKEN",
        "BUILDKITE_ENV_FILE=/f/env",
        "BUILDKITE_AGENT_ENDPOINT=http://h/v3",
        "BUILDKITE_AGENT_ACCESS_TOKEN=job-token",
        "BUILDKITE_REQUEST_HEADER_BUILDKITE_SHARD=s1",
        "BUILDKITE_NO_HTTP2=false",
        "BUILDKITE_GIT_REMOTE_MIRROR_URL=",
        "BUILDKITE_SSH_KEYSCAN=true",
        "BUILDKITE_COMMAND_EVAL=true",
        "BUILDKITE_PLUGIN_VALIDATION=false",
        "BUILDKITE_CANCEL_GRACE_PERIOD=10",
        "BUILDKITE_SIGNAL_GRACE_PERIOD_SECONDS=9",
        "BUILDKITE_CHECKOUT_OVERRIDE_MODE=from-job",
        "BUILDKITE_GIT_SUBMODULES",
        "BUILDKITE_SKIP_CHECKOUT",
        "BUILDKITE_CANCEL_SIGNAL",
        "BUILDKITE_PTY",
        "BUILDKITE_TRACING_BACKEND",
        "BUILDKITE_SECRETS_CONFIG",
        "BUILDKITE_IGNORED_ENV",
    ]);
}

#[test]
fn the_agent_wins_and_names_what_it_ignored() {
    Case::new(&[
        ("BUILDKITE_SHELL", "evil"),
        ("BUILDKITE_BUILD_PATH", "/evil"),
        ("BUILDKITE_AGENT_PID", "1"),
    ])
    .check(&[
        "BUILDKITE_BUILD_PATH=/builds",
        "BUILDKITE_IGNORED_ENV=BUILDKITE_AGENT_PID,BUILDKITE_BUILD_PATH,BUILDKITE_SHELL",
    ]);
}

#[test]
fn the_override_mode_decides_about_checkout_settings() {
    let job = [("BUILDKITE_GIT_CLONE_FLAGS", "--job"), ("BUILDKITE_GIT_SPARSE_CHECKOUT_PATHS", "src")];
    let mode = |mode| Case::new(&job).with(|settings| settings.checkout.override_mode = mode);
    mode(OverrideMode::FromJob).check(&[
        "BUILDKITE_GIT_CLONE_FLAGS=-v",
        "BUILDKITE_GIT_SPARSE_CHECKOUT_PATHS=src",
        "BUILDKITE_IGNORED_ENV=BUILDKITE_GIT_CLONE_FLAGS",
    ]);
    mode(OverrideMode::None).check(&["BUILDKITE_GIT_CLONE_FLAGS=--job", "BUILDKITE_IGNORED_ENV"]);
    mode(OverrideMode::Strict).check(&[
        "BUILDKITE_GIT_SPARSE_CHECKOUT_PATHS=",
        "BUILDKITE_GIT_SUBMODULES=true",
        "BUILDKITE_SKIP_CHECKOUT=false",
        "BUILDKITE_GIT_CHECKOUT_TIMEOUT=0",
    ]);
}

#[test]
fn a_job_may_turn_validation_on_but_not_off() {
    let on = Case::new(&[("BUILDKITE_PLUGIN_VALIDATION", "on")]);
    on.check(&["BUILDKITE_PLUGIN_VALIDATION=true", "BUILDKITE_IGNORED_ENV"]);
    let off = Case::new(&[("BUILDKITE_PLUGIN_VALIDATION", "false")])
        .with(|settings| settings.permissions.plugin_validation = true);
    off.check(&["BUILDKITE_PLUGIN_VALIDATION=true", "BUILDKITE_IGNORED_ENV=BUILDKITE_PLUGIN_VALIDATION"]);
}

#[test]
fn traces_are_handed_on_only_where_both_sides_want_it() {
    let traced = |propagate| {
        let mut case = Case::new(&[]).with(|settings| {
            settings.tracing.backend = "opentelemetry".to_owned();
            settings.tracing.propagate = propagate;
        });
        case.job.traceparent = "00-t-s-01".to_owned();
        case
    };
    traced(true).check(&[
        "BUILDKITE_TRACING_TRACEPARENT=00-t-s-01",
        "BUILDKITE_TRACING_PROPAGATE_TRACEPARENT=true",
        "BUILDKITE_TRACING_TRACESTATE",
    ]);
    traced(false).check(&["BUILDKITE_TRACING_BACKEND=opentelemetry", "BUILDKITE_TRACING_TRACEPARENT"]);
}

#[test]
fn unusual_settings_show() {
    Case::new(&[("BUILDKITE_ARTIFACT_UPLOAD_CONCURRENCY", "3")])
        .check(&["BUILDKITE_ARTIFACT_UPLOAD_CONCURRENCY=3"]);
    Case::new(&[])
        .with(|settings| {
            settings.cancel.signal = Signal::INT;
            settings.pty = false;
            settings.checkout.no_submodules = true;
            settings.artifact_upload_concurrency = 7;
        })
        .check(&[
            "BUILDKITE_CANCEL_SIGNAL=SIGINT",
            "BUILDKITE_PTY=false",
            "BUILDKITE_GIT_SUBMODULES=false",
            "BUILDKITE_ARTIFACT_UPLOAD_CONCURRENCY=7",
        ]);
}

/// §15.4.
#[test]
fn the_planes_exporter_gives_way_to_the_jobs_own() {
    const INJECTED: [&str; 3] = [
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=https://c/x",
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS==e,A=1%2B2%2C3,b=x%20y,c d=%25=%3B",
    ];
    let headers = [("b", "x y"), ("A", "1+2,3"), ("c d", "%=;"), ("", "e")];
    let exported = |backend: &str, env: &[(&str, &str)]| {
        Case::new(env).with(|settings| {
            settings.tracing.backend = backend.to_owned();
            settings.tracing.exporter = Some(TracingExporter {
                endpoint: "https://c/x".to_owned(),
                protocol: "http/protobuf".to_owned(),
                headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            });
        })
    };
    exported("opentelemetry", &[]).check(&INJECTED);
    let others = ["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL"];
    others.iter().for_each(|name| exported("opentelemetry", &[(name, "x")]).check(&INJECTED));
    exported("datadog", &[]).check(&["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]);
    for name in [
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_HEADERS",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    ] {
        let variables = exported("opentelemetry", &[(name, "")]).variables();
        let there: Vec<_> = variables.iter().filter(|(name, _)| name.starts_with("OTEL_")).collect();
        assert_eq!(there, [(&name.to_owned(), &OsString::new())]);
    }
}

/// §15.5.
#[test]
fn a_long_message_is_cut_at_a_byte() {
    for (message, cut) in [
        ("a".repeat(65_536), None),
        ("é".repeat(32_768), None),
        ("a".repeat(65_537), Some(("a".repeat(65_479), "[value truncated 65537 -> 65517 bytes]"))),
        ("é".repeat(40_000), Some(("é".repeat(32_739), "\u{fffd}[value truncated 80000 -> 65517 bytes]"))),
        (
            "😀".repeat(20_000),
            Some(("😀".repeat(16_369), "\u{fffd}\u{fffd}\u{fffd}[value truncated 80000 -> 65517 bytes]")),
        ),
    ] {
        let value = Case::new(&[("BUILDKITE_MESSAGE", &message)]).variables()["BUILDKITE_MESSAGE"].clone();
        let (kept, note) = cut.unwrap_or((message, ""));
        assert!(redkite_text::shown(&value) == format!("{kept}{note}"), "{note}: {} bytes", value.len());
    }
}

/// §17.6: as if the agent had it in its own environment.
#[test]
fn a_job_may_have_another_file_for_its_log() {
    let with_file = |env: &[(&str, &str)]| {
        let mut case = Case::new(env);
        case.log_tmpfile = Some("/f/log".into());
        case
    };
    with_file(&[]).check(&["BUILDKITE_JOB_LOG_TMPFILE=/f/log"]);
    let own = [("BUILDKITE_JOB_LOG_TMPFILE", "/mine")];
    with_file(&own).check(&["BUILDKITE_JOB_LOG_TMPFILE=/mine", "BUILDKITE_IGNORED_ENV"]);
    Case::new(&own).check(&["BUILDKITE_JOB_LOG_TMPFILE=/mine"]);
}

#[test]
fn the_kubernetes_plugin_is_taken_out() {
    let k8s = r#"{"github.com/buildkite-plugins/kubernetes-buildkite-plugin":{"podSpec":{}}}"#;
    let check = |plugins: &str, expected: &str| {
        let mut variables = Variables::from([("BUILDKITE_PLUGINS".to_owned(), plugins.to_owned())]);
        without_kubernetes_plugin(&mut variables);
        assert_eq!(variables["BUILDKITE_PLUGINS"], expected);
    };
    check(&format!("[{k8s}]"), "[]");
    check(&format!(r#"[{{"a#v1":{{"n": 1.50}}}}, {k8s}, "b"]"#), r#"[{"a#v1":{"n": 1.50}},"b"]"#);
    check("[]", "[]");
    check("", "");
    check("no JSON", "no JSON");
}
