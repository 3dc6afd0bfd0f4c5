//! The real binaries: a server that can be killed, and agents.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::beside;

/// A command whose environment holds nothing of this machine but the search path.
pub(crate) fn sealed(program: &Path, home: &Path) -> Command {
    #[expect(clippy::disallowed_methods, reason = "the test starts the binaries it tests")]
    let mut command = Command::new(program);
    #[expect(clippy::disallowed_methods, reason = "git and a shell are found there")]
    let path = std::env::var_os("PATH").unwrap_or_default();
    command
        .env_clear()
        .env("PATH", path)
        .env("HOME", home)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdin(Stdio::null());
    command
}

/// Runs a `redkite` command to its end.
pub(crate) fn redkite<S: AsRef<OsStr>>(home: &Path, args: impl IntoIterator<Item = S>) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_redkite"));
    sealed(program, home).args(args).output().expect("redkite runs")
}

/// The agent under test: the one built beside this binary, or the one named by the variable.
pub(crate) fn agent_binary() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "the one setting of this test")]
    let named = std::env::var_os("REDKITE_TEST_AGENT").map(PathBuf::from);
    let agent = named.unwrap_or_else(|| beside("buildkite-agent"));
    assert!(
        agent.is_file(),
        "{} is missing: run `cargo build -p buildkite-agent` first, or name another one in REDKITE_TEST_AGENT",
        agent.display()
    );
    agent
}

/// A `redkite server` process; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) endpoint: String,
    data: PathBuf,
    home: PathBuf,
}

impl Server {
    /// Starts a server and waits until it serves.
    pub(crate) fn start(home: &Path, listen: &str) -> Self {
        let data = home.join("data");
        let program = Path::new(env!("CARGO_BIN_EXE_redkite"));
        let rhythm = ["--ping-interval", "1", "--job-status-interval", "1", "--heartbeat-interval", "5"];
        let mut child = sealed(program, home)
            .args(["server", "--listen", listen, "--data"])
            .arg(&data)
            .args(rhythm)
            .stdout(Stdio::piped())
            .stderr(
                std::fs::File::options()
                    .create(true)
                    .append(true)
                    .open(home.join("server.log"))
                    .expect("a log"),
            )
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        out.read_line(&mut line).expect("a first line");
        let endpoint = line.trim().strip_prefix("Agents connect to ").expect("the endpoint").to_owned();
        Self { child, endpoint, data, home: home.to_path_buf() }
    }

    /// SIGKILL, and a new process on the same port and folder.
    pub(crate) fn kill_and_restart(&mut self) {
        self.child.kill().expect("it is killed");
        self.child.wait().expect("it has ended");
        let listen = self.endpoint.trim_start_matches("http://").trim_end_matches("/v3").to_owned();
        *self = Self::start(&self.home, &listen);
    }

    /// Runs a command on this server's folder.
    pub(crate) fn command(&self, args: &[&str]) -> Output {
        let data = self.data.to_str().expect("a path in UTF-8");
        redkite(&self.home, args.iter().copied().chain(["--data", data]))
    }

    /// The same for one whose result is JSON.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let output = self.command(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// Whether a build may go on by itself.
    pub(crate) fn is_running(&self, build: &str) -> bool {
        is_under_way(&self.json(&["build", "show", "--json", build]))
    }

    /// How much of a build's logs is stored.
    pub(crate) fn log_bytes(&self, build: &str) -> u64 {
        // Before the first chunk there is no folder.
        let files = std::fs::read_dir(self.data.join("logs").join(build)).into_iter().flatten();
        files.map(|file| file.and_then(|file| file.metadata()).expect("a log file").len()).sum()
    }

    /// Waits until a build is in a state from which it goes nowhere by itself.
    pub(crate) fn wait_for_end(&self, build: &str, patience: Duration) -> Value {
        let until = Instant::now() + patience;
        loop {
            let view = self.json(&["build", "show", "--json", build]);
            if !is_under_way(&view) {
                return view;
            }
            assert!(Instant::now() < until, "the build does not end: {view:#}");
            pause();
        }
    }
}

fn is_under_way(view: &Value) -> bool {
    matches!(view["state"].as_str(), Some("scheduled" | "running" | "failing" | "canceling"))
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A `buildkite-agent start` process; stopped when dropped.
pub(crate) struct AgentProcess(Child);

impl AgentProcess {
    /// Starts an agent with so many workers.
    pub(crate) fn start(home: &Path, endpoint: &str, token: &str, workers: u32) -> Self {
        let log = std::fs::File::create(home.join("agent.log")).expect("a log");
        let child = sealed(&agent_binary(), home)
            .args(["start", "--endpoint", endpoint, "--token", token, "--name", "agent-%spawn"])
            .args(["--spawn", &workers.to_string(), "--no-color", "--build-path"])
            .arg(home.join("builds"))
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("the agent starts");
        Self(child)
    }
}

impl Drop for AgentProcess {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A git repository with one commit.
pub(crate) fn repository(home: &Path) -> PathBuf {
    let repository = home.join("repository");
    std::fs::create_dir(&repository).expect("a folder");
    std::fs::write(repository.join("README"), "text\n").expect("a file");
    let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
    for args in [&["init", "-q", "-b", "main"][..], &["add", "."], &["commit", "-q", "-m", "first"]] {
        let mut git = sealed(Path::new("git"), home);
        let output = git.current_dir(&repository).args(identity).args(args).output().expect("git runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    repository
}

/// Between two looks at another process.
#[expect(clippy::disallowed_methods, reason = "another process is looked at until a deadline")]
pub(crate) fn pause() {
    std::thread::sleep(Duration::from_millis(50));
}

/// What a file holds so far.
pub(crate) fn text(path: &Path) -> String {
    let mut text = String::new();
    if let Ok(mut file) = std::fs::File::open(path) {
        let _ = file.read_to_string(&mut text);
    }
    text
}
