//! A plane in this process and a small agent that does by hand what agents do.

#![expect(dead_code, reason = "each test binary uses its part")]

pub(crate) mod processes;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use redkite::{
    BuildView, Config, ControlPlane, Event, Interpolation, JobView, NewBuild, References, Rhythm, Running,
};
use redkite_scheduler::{BuildId, BuildState, JobId, JobState, Source};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// How long a test waits for a fact before it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A control plane on a port of its own, in a folder of its own.
pub(crate) struct Plane {
    pub(crate) runtime: Runtime,
    pub(crate) running: Running,
    pub(crate) url: String,
    config: Config,
    folder: TempDir,
}

impl Plane {
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(adjust: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut config = Config::new(own_address(), folder.path().join("data"));
        config.rhythm = Rhythm { ping: 1, job_status: 1, heartbeat: 1 };
        adjust(&mut config);
        Self::open(config, folder)
    }

    fn open(config: Config, folder: TempDir) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let running = runtime.block_on(ControlPlane::start(config.clone())).expect("the plane starts");
        let url = format!("http://127.0.0.1:{}", running.addr.port());
        Self { runtime, running, url, config, folder }
    }

    /// Ends as a killed process ends, without a word, and starts again on the same port and folder.
    pub(crate) fn restart(self) -> Self {
        let Self { runtime, running, mut config, folder, .. } = self;
        config.listen = running.addr;
        drop(running);
        runtime.shutdown_timeout(PATIENCE);
        Self::open(config, folder)
    }

    /// Ends in order, and starts again on the same port and folder.
    pub(crate) fn shut_down_and_start(self) -> Self {
        let Self { runtime, running, mut config, folder, .. } = self;
        config.listen = running.addr;
        runtime.block_on(running.shutdown());
        Self::open(config, folder)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn token(&self) -> String {
        let issued = self.runtime.block_on(self.running.handle.issue_token("test")).expect("a token");
        issued.secret.expose().to_owned()
    }

    pub(crate) fn create(&self, pipeline: &str) -> BuildView {
        self.try_create(pipeline).expect("the build is made")
    }

    pub(crate) fn try_create(&self, pipeline: &str) -> Result<BuildView, redkite::PlaneError> {
        self.runtime.block_on(self.running.handle.create_build(new_build(pipeline)))
    }

    pub(crate) fn build(&self, id: BuildId) -> BuildView {
        self.runtime.block_on(self.running.handle.build(id)).expect("the build is there")
    }

    pub(crate) fn job(&self, build: BuildId, job: JobId) -> JobView {
        self.build(build).job(job).expect("the job is there").clone()
    }

    pub(crate) fn log(&self, job: JobId) -> String {
        let (mut log, mut from) = (Vec::new(), 0);
        loop {
            let part =
                self.runtime.block_on(self.running.handle.ended_log(job, from)).expect("the log can be read");
            if part.next == from {
                return String::from_utf8_lossy(&log).into_owned();
            }
            log.extend(part.bytes);
            from = part.next;
        }
    }

    /// Waits until a build looks like this.
    pub(crate) fn wait(&self, id: BuildId, what: &str, done: impl Fn(&BuildView) -> bool) -> BuildView {
        let mut events = self.running.handle.subscribe();
        let until = Instant::now() + PATIENCE;
        loop {
            let build = self.build(id);
            if done(&build) {
                return build;
            }
            let left = until.saturating_duration_since(Instant::now());
            let next = self.runtime.block_on(async { tokio::time::timeout(left, next(&mut events)).await });
            assert!(next.is_ok(), "waited in vain for: {what}; the build is {build:#?}");
        }
    }

    pub(crate) fn wait_for_state(&self, id: BuildId, state: BuildState) -> BuildView {
        self.wait(id, state.as_str(), |build| build.summary.state == state)
    }

    pub(crate) fn wait_for_job(&self, build: BuildId, job: JobId, state: JobState) -> BuildView {
        self.wait(build, state.as_str(), |build| build.job(job).is_some_and(|job| job.state == state))
    }

    pub(crate) fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> Answer {
        call(&self.url, method, path, token, body)
    }
}

/// An address to come back to after a restart. Its port is below those that systems give to outgoing
/// connections, one of which could take it in the meantime.
pub(crate) fn own_address() -> SocketAddr {
    loop {
        let port = 15_000 + u16::try_from(random() % 15_000).expect("a small number");
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if std::net::TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// The standard library's own randomness.
pub(crate) fn random() -> u32 {
    u32::try_from(RandomState::new().build_hasher().finish() >> 32).expect("32 bits are left")
}

async fn next(events: &mut tokio::sync::broadcast::Receiver<Event>) {
    // A watcher that is behind reads the build anew, as it does after any event.
    let _ = events.recv().await;
}

pub(crate) fn new_build(pipeline: &str) -> NewBuild {
    NewBuild {
        pipeline: pipeline.as_bytes().to_vec(),
        slug: "app".into(),
        repository: "/srv/app.git".into(),
        branch: "main".into(),
        commit: "HEAD".into(),
        message: "a test".into(),
        env: [("FROM_BUILD".to_owned(), "yes".to_owned())].into_iter().collect(),
        meta_data: Default::default(),
        author: "Ada".into(),
        author_email: "ada@example.com".into(),
        source: Source::Ui,
        references: References::MayCome,
        interpolation: Interpolation::ByPlane,
    }
}

/// Status and body of an answer; a body that is no JSON is null.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.body
    }
}

pub(crate) fn call(url: &str, method: &str, path: &str, token: &str, body: &Value) -> Answer {
    let text = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    send(url, method, path, token, &[("Content-Type", "application/json")], &text)
}

pub(crate) fn send(
    url: &str,
    method: &str,
    path: &str,
    token: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .proxy(None)
        .build()
        .into();
    let mut request = ureq::http::Request::builder().method(method).uri(format!("{url}/v3/{path}"));
    if !token.is_empty() {
        request = request.header("Authorization", format!("Token {token}"));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = agent.run(request.body(body).expect("a request")).expect("an answer");
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_vec().expect("a body");
    Answer { status, body: serde_json::from_slice(&text).unwrap_or(Value::Null) }
}

/// One registered agent.
pub(crate) struct Agent {
    url: String,
    pub(crate) session: String,
    pub(crate) id: String,
    pub(crate) name: String,
}

impl Agent {
    pub(crate) fn connect(plane: &Plane, token: &str, tags: &[&str]) -> Self {
        Self::register(&plane.url, token, &json!({ "name": "agent", "meta_data": tags, "hostname": "host" }))
    }

    pub(crate) fn register(url: &str, token: &str, body: &Value) -> Self {
        let answer = call(url, "POST", "register", token, body).ok();
        let text = |key: &str| answer[key].as_str().expect("text").to_owned();
        let agent =
            Self { url: url.to_owned(), session: text("access_token"), id: text("id"), name: text("name") };
        agent.call("POST", "connect", &Value::Null).ok();
        agent
    }

    pub(crate) fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        call(&self.url, method, path, &self.session, body)
    }

    pub(crate) fn ping(&self) -> Value {
        self.call("GET", "ping", &Value::Null).ok()
    }

    /// Pings until there is a job.
    pub(crate) fn offered(&self) -> String {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(job) = self.ping()["job"]["id"].as_str() {
                return job.to_owned();
            }
        }
        panic!("no job was offered to {}", self.name);
    }

    pub(crate) fn accept(&self, job: &str) -> Job {
        let payload = self.call("PUT", &format!("jobs/{job}/accept"), &Value::Null).ok();
        Job::new(&self.url, payload)
    }

    /// Takes the next job and starts it.
    pub(crate) fn take(&self) -> Job {
        let job = self.accept(&self.offered());
        job.start().ok();
        job
    }

    /// Takes the next job and ends it with this status.
    pub(crate) fn work(&self, status: i32) -> Job {
        let job = self.take();
        job.finish(status).ok();
        job
    }
}

/// One accepted job.
pub(crate) struct Job {
    url: String,
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) payload: Value,
}

impl Job {
    fn new(url: &str, payload: Value) -> Self {
        let text = |key: &str| payload[key].as_str().expect("text").to_owned();
        Self { url: url.to_owned(), id: text("id"), token: text("token"), payload }
    }

    pub(crate) fn job_id(&self) -> JobId {
        self.id.parse().expect("an id")
    }

    pub(crate) fn env(&self, name: &str) -> &str {
        self.payload["env"][name].as_str().unwrap_or_else(|| panic!("{name} is not set"))
    }

    pub(crate) fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        call(&self.url, method, &format!("jobs/{}{path}", self.id), &self.token, body)
    }

    pub(crate) fn at_root(&self, method: &str, path: &str, body: &Value) -> Answer {
        call(&self.url, method, path, &self.token, body)
    }

    pub(crate) fn start(&self) -> Answer {
        self.call("PUT", "/start", &json!({ "started_at": "2026-01-02T03:04:05.123456789Z" }))
    }

    pub(crate) fn finish(&self, status: i32) -> Answer {
        self.call("PUT", "/finish", &finish_body(status))
    }

    pub(crate) fn state(&self) -> String {
        self.call("GET", "", &Value::Null).ok()["state"].as_str().expect("a state").to_owned()
    }

    pub(crate) fn chunk(&self, sequence: u64, offset: u64, text: &str) -> Answer {
        let path = format!("jobs/{}/chunks?sequence={sequence}&offset={offset}&size={}", self.id, text.len());
        let headers = [("Content-Type", "text/plain"), ("Content-Encoding", "gzip")];
        send(&self.url, "POST", &path, &self.token, &headers, &gzip(text.as_bytes()))
    }

    pub(crate) fn upload(&self, pipeline: Value, replace: bool) -> Answer {
        let uuid = uuid::Uuid::new_v4().to_string();
        self.call(
            "POST",
            "/pipelines?async=true",
            &json!({ "uuid": uuid, "pipeline": pipeline, "replace": replace }),
        )
    }
}

pub(crate) fn finish_body(status: i32) -> Value {
    json!({ "exit_status": status.to_string(), "finished_at": "2026-01-02T03:04:06Z", "chunks_failed_count": 0 })
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("compressing");
    encoder.finish().expect("compressing")
}

/// A file beside the test's own binaries.
pub(crate) fn beside(name: &str) -> PathBuf {
    let redkite = Path::new(env!("CARGO_BIN_EXE_redkite"));
    redkite.with_file_name(name)
}
