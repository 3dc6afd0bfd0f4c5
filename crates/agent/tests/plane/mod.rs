//! A control plane that hands out one job and keeps its log and its end.
#![allow(dead_code, reason = "no test file uses all of it")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};

/// What the plane has, and what it was told.
#[derive(Default)]
struct State {
    /// Where agents are told to find it.
    url: String,
    env: Value,
    handed_out: bool,
    /// What agents are told of tracing.
    tracing: Value,
    /// The job's step, as it was signed.
    step: Value,
    /// What the agent is told when it asks for the job's state.
    job: &'static str,
    chunks: BTreeMap<u64, Vec<u8>>,
    finish: Value,
    /// How often each path was asked for.
    asked: BTreeMap<String, usize>,
    /// What is never answered.
    silent: Option<&'static str>,
}

/// The variables that every job has.
fn environment(command: &str) -> Value {
    json!({
        "BUILDKITE_COMMAND": command,
        "BUILDKITE_JOB_ID": "job",
        "BUILDKITE_REPO": "/none",
        "BUILDKITE_SKIP_CHECKOUT": "true",
        "BUILDKITE_AGENT_NAME": "agent",
        "BUILDKITE_COMMIT": "HEAD",
        "BUILDKITE_BRANCH": "main",
        "BUILDKITE_ORGANIZATION_SLUG": "org",
        "BUILDKITE_PIPELINE_SLUG": "pipe",
        "BUILDKITE_PIPELINE_PROVIDER": "git",
    })
}

/// The state, and that it has changed.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// Longer than anything in a test should take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The plane; it answers for as long as the test runs.
pub(crate) struct Plane {
    shared: Arc<Shared>,
    url: String,
}

impl Plane {
    /// A plane with one job, which runs this command and checks nothing out.
    pub(crate) fn new(command: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("http://{}/v3", listener.local_addr().expect("it has one"));
        let state = State {
            url: url.clone(),
            env: environment(command),
            step: json!({}),
            job: "running",
            ..State::default()
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let plane = Self { shared: shared.clone(), url };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = shared.clone();
                // An agent that is gone needs no answer.
                std::thread::spawn(move || drop(serve(&stream.expect("a connection"), &shared)));
            }
        });
        plane
    }

    /// The same plane, whose job has this variable.
    pub(crate) fn with_variable(self, name: &str, value: &str) -> Self {
        self.state().env[name] = value.into();
        self
    }

    /// The same plane, which has no job.
    pub(crate) fn without_job(self) -> Self {
        self.state().handed_out = true;
        self
    }

    /// The same plane, which takes requests for this path and says nothing.
    pub(crate) fn silent_on(self, path: &'static str) -> Self {
        self.state().silent = Some(path);
        self
    }

    /// The same plane, which tells agents this of tracing.
    pub(crate) fn with_tracing(self, tracing: Value) -> Self {
        self.state().tracing = tracing;
        self
    }

    /// The same plane, whose job has this step.
    pub(crate) fn with_step(self, step: Value) -> Self {
        self.state().step = step;
        self
    }

    /// The same plane, which agents are told to find there.
    pub(crate) fn behind(self, url: &str) -> Self {
        self.state().url = url.to_owned();
        self
    }

    /// The port that it listens on.
    pub(crate) fn port(&self) -> u16 {
        let port = self.url.rsplit(':').next().and_then(|rest| rest.split('/').next());
        port.and_then(|port| port.parse().ok()).expect("it has one")
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// How the job ended, as the agent told it.
    pub(crate) fn exit_status(&self) -> String {
        self.finish_of("exit_status")
    }

    /// What the agent told of the job's end under this name; nothing where it told nothing.
    pub(crate) fn finish_of(&self, name: &str) -> String {
        self.state().finish[name].as_str().unwrap_or("").to_owned()
    }

    /// Tells the agent from now on that the job is in this state.
    pub(crate) fn set_job(&self, state: &'static str) {
        self.state().job = state;
    }

    /// Waits until the job's log has these words.
    pub(crate) fn wait_for_log(&self, words: &str) {
        let has = |state: &mut State| String::from_utf8_lossy(&state.log()).contains(words);
        let waited = self.shared.changed.wait_timeout_while(self.state(), PATIENCE, |state| !has(state));
        let (state, timeout) = waited.expect("no thread panics in it");
        assert!(!timeout.timed_out(), "{words:?} never came: {}", String::from_utf8_lossy(&state.log()));
    }

    /// How often this path was asked for.
    pub(crate) fn asked(&self, path: &str) -> usize {
        self.state().asked.get(path).copied().unwrap_or(0)
    }

    /// Waits until this path was asked for so often.
    pub(crate) fn wait_for_asked(&self, path: &str, times: usize) {
        let lacks = |state: &mut State| state.asked.get(path).copied().unwrap_or(0) < times;
        let waited = self.shared.changed.wait_timeout_while(self.state(), PATIENCE, lacks);
        let (state, timeout) = waited.expect("no thread panics in it");
        assert!(!timeout.timed_out(), "{path} was not asked for {times} times: {:?}", state.asked);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().expect("no thread panics in it")
    }

    /// The whole log, in the order of its chunks.
    pub(crate) fn log(&self) -> Vec<u8> {
        let state = self.state();
        let expected: Vec<u64> = (1..=state.chunks.len() as u64).collect();
        assert!(state.chunks.keys().eq(&expected), "a chunk is missing");
        state.log()
    }
}

impl State {
    fn log(&self) -> Vec<u8> {
        let unpacked = self.chunks.values().map(|chunk| {
            let mut bytes = Vec::new();
            flate2::read::GzDecoder::new(chunk.as_slice()).read_to_end(&mut bytes).expect("chunks are gzip");
            bytes
        });
        unpacked.collect::<Vec<_>>().concat()
    }
}

/// Answers one request; the connection goes with it.
fn serve(mut stream: &TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let route = line.clone();
    let mut length = 0;
    while line.trim() != "" {
        line.clear();
        reader.read_line(&mut line)?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a number");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (path, query) = path_of(&route);
    let answer = {
        let mut state = shared.state.lock().expect("no thread panics in it");
        *state.asked.entry(path.to_owned()).or_default() += 1;
        (state.silent != Some(path)).then(|| answer(path, query, body, &mut state).to_string())
    };
    shared.changed.notify_all();
    // Whoever gets no answer goes at last.
    let Some(answer) = answer else { return reader.read_to_end(&mut Vec::new()).map(drop) };
    write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{answer}", answer.len())
}

/// Path and query of a request line.
fn path_of(route: &str) -> (&str, &str) {
    let path = route.split(' ').nth(1).unwrap_or_default().trim_start_matches("/v3/");
    path.split_once('?').unwrap_or((path, ""))
}

fn answer(path: &str, query: &str, body: Vec<u8>, state: &mut State) -> Value {
    let url = state.url.clone();
    match path {
        "register" => json!({"id": "agent-id", "name": "agent", "access_token": "session", "endpoint": url,
            "ping_interval": 1, "job_status_interval": 1, "heartbeat_interval": 60, "meta_data": [], "tracing": state.tracing}),
        "ping" if !std::mem::replace(&mut state.handed_out, true) => {
            json!({"job": {"id": "job", "state": "assigned", "env": state.env}})
        }
        "jobs/job/accept" | "jobs/job/acquire" => {
            state.handed_out = true;
            json!({"id": "job", "endpoint": url, "state": "accepted", "env": state.env, "token": "job-token",
                "chunks_max_size_bytes": 102_400, "log_max_size_bytes": 1 << 30, "step": state.step})
        }
        "jobs/job/chunks" => {
            let sequence = query.split('&').find_map(|pair| pair.strip_prefix("sequence="));
            state.chunks.insert(sequence.and_then(|text| text.parse().ok()).expect("a number"), body);
            json!({})
        }
        "jobs/job/finish" => {
            state.finish = serde_json::from_slice(&body).expect("JSON");
            json!({})
        }
        "jobs/job/data/get" => json!({"value": "found"}),
        "jobs/job" => json!({"id": "job", "state": state.job}),
        _ => json!({}),
    }
}
