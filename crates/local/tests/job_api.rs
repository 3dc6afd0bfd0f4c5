//! The job API served and called over a real socket.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use std::collections::BTreeMap;
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
fn without_the_variables_there_is_no_job_api() {
    let missing = JobApi::of_this_job(|_| None).unwrap_err();
    assert_eq!(missing.to_string(), "BUILDKITE_AGENT_JOB_API_SOCKET empty or undefined");
}
