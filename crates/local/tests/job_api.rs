//! The job API served and called over a real socket.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redkite_local::{Changes, ClientError, Declared, Job, JobApi, JobServer};
use redkite_shell::OverrideMode;

#[derive(Default)]
struct Recorded {
    variables: Mutex<BTreeMap<String, String>>,
    redacted: Mutex<Vec<String>>,
    workdir: Mutex<Option<PathBuf>>,
    promises: Mutex<Vec<i64>>,
    /// What a promise of status 99 waits for.
    patience: Mutex<()>,
}

impl Job for Recorded {
    fn environment(&self) -> BTreeMap<String, String> {
        self.variables.lock().unwrap().clone()
    }

    fn checkout_override(&self) -> OverrideMode {
        OverrideMode::Strict
    }

    fn set(&self, name: &str, value: &str) {
        self.variables.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    fn unset(&self, name: &str) {
        self.variables.lock().unwrap().remove(name);
    }

    fn set_workdir(&self, directory: &Path) {
        *self.workdir.lock().unwrap() = Some(directory.to_owned());
    }

    fn redact(&self, text: &str) {
        self.redacted.lock().unwrap().push(text.to_owned());
    }

    fn promise_failure(&self, exit_status: i64, _: &str) -> Declared {
        self.promises.lock().unwrap().push(exit_status);
        if exit_status == 99 {
            drop(self.patience.lock().unwrap());
        }
        Declared::Accepted { upstream_status: 204 }
    }
}

struct Served {
    _folder: tempfile::TempDir,
    job: Arc<Recorded>,
    server: JobServer,
    api: JobApi,
}

fn serve() -> Served {
    let folder = tempfile::tempdir().unwrap();
    let job = Arc::new(Recorded::default());
    let server = JobServer::start(folder.path(), Arc::clone(&job) as Arc<dyn Job>).unwrap();
    let variables = server.variables();
    let api = JobApi::of_this_job(|name| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone()))
        .unwrap();
    Served { _folder: folder, job, server, api }
}

fn strings(items: &[&str]) -> Vec<String> {
    items.iter().map(|&item| item.to_owned()).collect()
}

#[test]
fn variables_are_set_read_and_removed() {
    let served = serve();
    let update = BTreeMap::from([("A".to_owned(), "1 <&> 2".to_owned()), ("B".to_owned(), String::new())]);
    let first = served.api.set(update.clone()).unwrap();
    assert_eq!(first, Changes { added: strings(&["A", "B"]), updated: vec![] });
    assert_eq!(served.api.set(update.clone()).unwrap().updated, strings(&["A", "B"]));
    assert_eq!(served.api.environment().unwrap(), update);
    assert_eq!(served.api.unset(Some(&strings(&["B", "NONE"]))).unwrap(), strings(&["B"]));
    assert_eq!(served.api.unset(None).unwrap(), Vec::<String>::new());
}

#[test]
fn a_protected_name_spoils_the_whole_update() {
    let served = serve();
    let update = ["FREE", "BUILDKITE_SHELL", "BUILDKITE_GIT_CLEAN_FLAGS"]
        .map(|name| (name.to_owned(), "x".to_owned()));
    let Err(ClientError::Refused { status: 422, error }) = served.api.set(BTreeMap::from(update)) else {
        panic!("must be refused")
    };
    assert!(error.contains("[BUILDKITE_GIT_CLEAN_FLAGS BUILDKITE_SHELL]. Checkout-related"), "{error}");
    assert!(served.job.environment().is_empty());
}

#[test]
fn redactions_directories_and_promises_reach_the_job() {
    let served = serve();
    served.api.redact("s").unwrap();
    served.api.redact("").unwrap();
    assert_eq!(*served.job.redacted.lock().unwrap(), strings(&["s"]));
    assert_eq!(served.api.set_workdir("/somewhere").unwrap(), "/somewhere");
    assert!(matches!(served.api.set_workdir("here"), Err(ClientError::Refused { status: 422, .. })));
    let outcomes = [3, 3, 4].map(|status| served.api.promise_failure(status, "why").unwrap().outcome);
    assert_eq!(outcomes, ["declared", "debounced", "declared"]);
    assert_eq!(*served.job.promises.lock().unwrap(), [3, 4]);
    assert!(matches!(served.api.promise_failure(0, ""), Err(ClientError::Refused { status: 400, .. })));
}

#[test]
fn another_token_is_refused_and_the_socket_goes_with_the_server() {
    let served = serve();
    let socket = served.server.socket().to_owned();
    let stranger = JobApi::of_this_job(|name| {
        Some(if name.ends_with("SOCKET") { socket.clone().into() } else { "wrong".into() })
    });
    assert!(matches!(stranger.unwrap().environment(), Err(ClientError::Refused { status: 401, .. })));
    assert!(served.server.stop(Duration::from_secs(5)));
    assert!(!socket.exists());
    assert!(matches!(served.api.environment(), Err(ClientError::Unreachable(_))));
}

#[test]
fn a_request_that_is_being_answered_is_waited_for_but_not_for_ever() {
    for (limit, in_time) in [(Duration::from_millis(20), false), (Duration::from_secs(20), true)] {
        let Served { _folder, job, server, api } = serve();
        let patience = job.patience.lock().unwrap();
        std::thread::scope(|scope| {
            let promise = scope.spawn(move || api.promise_failure(99, ""));
            while job.promises.lock().unwrap().is_empty() {
                std::thread::yield_now();
            }
            let stopped = scope.spawn(move || server.stop(limit));
            if in_time {
                drop(patience);
                assert!(stopped.join().unwrap());
            } else {
                assert!(!stopped.join().unwrap());
                drop(patience);
            }
            assert!(promise.join().unwrap().unwrap().accepted);
        });
    }
}

#[test]
fn without_the_variables_there_is_no_job_api() {
    let missing = JobApi::of_this_job(|_| None).unwrap_err();
    assert_eq!(missing.to_string(), "BUILDKITE_AGENT_JOB_API_SOCKET empty or undefined");
}

/// What the server writes to who sends `bytes` and then no more, without dates.
fn answers(served: &Served, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(served.server.socket()).unwrap();
    // Who is refused early may be hung up on before all is sent.
    stream.write_all(bytes).ok();
    stream.shutdown(Shutdown::Write).ok();
    let mut answers = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        answers.extend_from_slice(&buffer[..read]);
    }
    let answers = String::from_utf8(answers).unwrap();
    let lines = answers.split("\r\n").filter(|line| !line.starts_with("Date: "));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn http_is_spoken_as_its_callers_do() {
    let served = serve();
    let token = format!("Authorization: Bearer {}", served.server.token());
    let base = "/api/current-job/v0";
    let close = "Connection: close";
    let not_found = "404 Not Found\nContent-Type: text/plain; charset=utf-8\nX-Content-Type-Options: nosniff";
    let no_bearer = r#"{"error":"authorization header is required"}"#;
    let cases = [
        (
            format!("POST {base}/workdir HTTP/1.1\n{token}\n{close}\n\n"),
            format!(
                "HTTP/1.1 405 Method Not Allowed\nContent-Type: application/json\nAllow: PUT\n{close}\nContent-Length: 0\n\n"
            ),
        ),
        (
            format!(
                "HEAD /nowhere HTTP/1.1\n{token}\n\nGET /nowhere HTTP/1.1\n{token}\nConnection: x, Close\n\n"
            ),
            format!(
                "HTTP/1.1 {not_found}\nContent-Length: 19\n\n\
                 HTTP/1.1 {not_found}\n{close}\nContent-Length: 19\n\n404 page not found\n"
            ),
        ),
        (
            format!(
                "GET /nowhere HTTP/1.0\n{token}\nConnection: keep-alive\n\nGET /nowhere HTTP/1.0\n{token}\n\n"
            ),
            format!(
                "HTTP/1.0 {not_found}\nConnection: keep-alive\nContent-Length: 19\n\n404 page not found\n\
                 HTTP/1.0 {not_found}\nContent-Length: 19\n\n404 page not found\n"
            ),
        ),
        (
            format!(
                "POST {base}/redactions HTTP/1.1\n{token}\n{close}\nContent-Length: 16\nExpect: 100-continue\n\n{{\"redact\":\"<x>\"}}"
            ),
            format!(
                "HTTP/1.1 100 Continue\n\nHTTP/1.1 201 Created\nContent-Type: application/json\n{close}\nContent-Length: 29\n\n\
                 {{\"redacted\":\"\\u003cx\\u003e\"}}\n"
            ),
        ),
        (
            format!("GET /nowhere HTTP/1.1\nContent-Length: 16777216\n\n{}", "x".repeat(16 << 20)),
            format!(
                "HTTP/1.1 401 Unauthorized\nContent-Type: application/json\n{close}\nContent-Length: 45\n\n{no_bearer}\n"
            ),
        ),
        (
            "GET / HTTP/1.1\nContent-Length: 1\n\nxnonsense\n\n".to_owned(),
            format!(
                "HTTP/1.1 401 Unauthorized\nContent-Type: application/json\nContent-Length: 45\n\n{no_bearer}\n\
                 HTTP/1.1 400 Bad Request\nContent-Type: text/plain; charset=utf-8\n{close}\nContent-Length: 15\n\n400 Bad Request"
            ),
        ),
    ];
    for (request, expected) in cases {
        assert_eq!(answers(&served, request.as_bytes()), expected, "{request:.100}");
    }
    assert_eq!(*served.job.redacted.lock().unwrap(), strings(&["<x>"]));
}

#[test]
fn many_call_at_once() {
    let served = serve();
    std::thread::scope(|scope| {
        for number in 0..50 {
            let api = served.api.clone();
            scope.spawn(move || {
                let update = BTreeMap::from([(format!("V{number}"), "x".repeat(100_000))]);
                assert_eq!(api.set(update).unwrap().added, [format!("V{number}")]);
            });
        }
    });
    assert_eq!(served.api.environment().unwrap().len(), 50);
}
