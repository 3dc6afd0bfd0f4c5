//! One job over the containers of a pod (docs/spec/local-apis.md §7–§11): the real agent, and processes that stand for
//! containers, each with a directory and an environment of its own.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "the test is the parent of the programs under test")]

mod plane;

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use plane::Plane;
use tempfile::TempDir;

const AGENT: &str = env!("CARGO_BIN_EXE_buildkite-agent");

/// What all containers of a pod share, and the plane that has the job.
struct Pod {
    root: TempDir,
    plane: Plane,
    containers: usize,
}

impl Pod {
    /// A pod for a job with the repository of the pod; `containers` is how many the agent waits for.
    fn new(containers: usize) -> Self {
        let root = tempfile::tempdir().expect("a directory");
        for directory in ["build", "plugins", "hooks", "sockets", "tmp"] {
            std::fs::create_dir(root.path().join(directory)).expect("made");
        }
        let repository = root.path().join("repository").display().to_string();
        let plugins = r#"[{"github.com/buildkite-plugins/kubernetes-buildkite-plugin":{"podSpec":{}}}]"#;
        let plane = Plane::new("echo the command of the step")
            .with_variable("BUILDKITE_SKIP_CHECKOUT", "false")
            .with_variable("BUILDKITE_REPO", &repository)
            .with_variable("BUILDKITE_PLUGINS", plugins)
            .with_variable("OF_THE_JOB", "from the plane");
        Self { root, plane, containers }
    }

    /// Lays the repository that the checkout container clones.
    fn with_repository(self) -> Self {
        let repository = self.root.path().join("repository");
        std::fs::create_dir(&repository).expect("made");
        std::fs::write(repository.join("file"), "of the repository\n").expect("written");
        for args in [
            &["init", "--quiet", "--initial-branch", "main"][..],
            &["add", "file"],
            &["-c", "user.name=t", "-c", "user.email=t@t", "commit", "--quiet", "-m", "first"],
        ] {
            let mut git = self.sealed("git", &repository);
            assert!(git.current_dir(&repository).args(args).status().expect("git runs").success());
        }
        self
    }

    fn at(&self, path: &str) -> String {
        self.root.path().join(path).display().to_string()
    }

    /// A program that sees nothing of this machine but where programs are.
    fn sealed(&self, program: &str, home: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home).env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("TMPDIR", self.root.path().join("tmp")).stdin(Stdio::null());
        command
    }

    /// The agent's container.
    fn agent(&self, more: &[&str]) -> Running {
        let mut command = self.sealed(AGENT, self.root.path());
        command.args(["start", "--kubernetes-exec", "--acquire-job", "job", "--token", "token"]);
        command.args(["--ping-mode", "ping-only", "--no-ansi-timestamps", "--shell", "/bin/sh -ec"]);
        command.args(["--endpoint", self.plane.url(), "--job-context-dir", &self.at("")]);
        command.args(["--build-path", &self.at("build"), "--plugins-path", &self.at("plugins")]);
        command.args(["--hooks-path", &self.at("hooks"), "--sockets-path", &self.at("sockets/agent")]);
        command.args(more).env("BUILDKITE_CONTAINER_COUNT", self.containers.to_string());
        command.env("OF_THE_AGENT", "from the agent");
        Running::start(command)
    }

    /// A container that runs these phases and, if there is one, this command.
    fn container(&self, id: usize, phases: &str, script: &str) -> Running {
        let home = self.root.path().join(format!("container-{id}"));
        std::fs::create_dir_all(&home).expect("made");
        let mut command = self.sealed(AGENT, &home);
        command.arg("kubernetes-bootstrap").current_dir(&home);
        command.env("BUILDKITE_CONTAINER_ID", id.to_string()).env("BUILDKITE_BOOTSTRAP_PHASES", phases);
        command.env("BUILDKITE_JOB_CONTEXT_DIR", self.root.path()).env("OF_THE_CONTAINER", id.to_string());
        command.env("BUILDKITE_SOCKETS_PATH", self.at(&format!("sockets/{id}")));
        if !script.is_empty() {
            command.env("BUILDKITE_COMMAND", script);
        }
        Running::start(command)
    }

    /// A container that only runs a command, in a directory that is there.
    fn command(&self, id: usize, script: &str) -> Running {
        self.container(id, "command", script)
    }

    /// Compares what the plane was told, `status signal_reason`, and that the log has these words in this order.
    fn check(&self, end: &str, words: &[&str]) {
        let log = String::from_utf8_lossy(&self.plane.log()).into_owned();
        let told = format!("{} {}", self.plane.exit_status(), self.plane.finish_of("signal_reason"));
        assert_eq!(told.trim(), end, "{log}");
        assert_eq!(self.plane.finish_of("signal"), "", "{log}");
        let mut rest = log.as_str();
        for word in words {
            let at =
                rest.find(word).unwrap_or_else(|| panic!("{word:?} is missing or out of order in\n{log}"));
            rest = &rest[at + word.len()..];
        }
        assert!(!self.root.path().join("buildkite.sock").exists(), "the socket is removed");
        assert!(!log.contains("kubernetes-buildkite-plugin"), "the plugin is taken out\n{log}");
    }
}

/// A process of the pod; killed when the test fails before its end.
struct Running(Option<Child>);

impl Running {
    fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(Some(command.spawn().expect("the program starts")))
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let child = self.0.as_ref().expect("it runs");
        let pid = rustix::process::Pid::from_child(child);
        rustix::process::kill_process(pid, signal).expect("it is there");
    }

    /// Its end: status and everything that it wrote.
    fn end(mut self) -> (Option<i32>, String) {
        let Output { status, stdout, stderr } =
            self.0.take().expect("it runs").wait_with_output().expect("it ends");
        let written = [stdout, stderr].concat();
        (
            status.code().or(status.signal().map(|signal| -signal)),
            String::from_utf8_lossy(&written).into_owned(),
        )
    }

    fn ends_with(self, expected: i32) -> String {
        let (status, written) = self.end();
        assert_eq!(status, Some(expected), "{written}");
        written
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

const TERM: rustix::process::Signal = rustix::process::Signal::TERM;
const KILL: rustix::process::Signal = rustix::process::Signal::KILL;

#[test]
fn a_checkout_and_two_commands() {
    let pod = Pod::new(3).with_repository();
    // In the wrong order, and before the agent: each waits for its turn.
    let show = r#"cat file; echo "of $OF_THE_CONTAINER: $OF_THE_JOB, $OF_THE_AGENT, $HOME, $BUILDKITE_SOCKETS_PATH""#;
    let second = pod.container(
        2,
        "plugin,command",
        &format!("{show}; cat left; tty && echo \"nice $(nice) in a terminal\""),
    );
    let first = pod.container(1, "plugin,command", &format!("{show}; echo left behind > left"));
    let checkout = pod.container(0, "plugin,checkout", "");
    let agent = pod.agent(&[]);
    let written = checkout.ends_with(0) + &first.ends_with(0) + &second.ends_with(0);
    agent.ends_with(0);
    let (one, two) = (pod.at("container-1"), pod.at("container-2"));
    let (sockets_one, sockets_two) = (pod.at("sockets/1"), pod.at("sockets/2"));
    pod.check(
        "0",
        &[
            "~~~ Bootstrapping phases plugin,checkout",
            "~~~ Bootstrapping phases plugin,command",
            "of the repository",
            &format!("of 1: from the plane, from the agent, {one}, {sockets_one}"),
            "~~~ Bootstrapping phases plugin,command",
            "of the repository",
            &format!("of 2: from the plane, from the agent, {two}, {sockets_two}"),
            "left behind",
            &format!("nice {} in a terminal", (niceness() + 5).min(19)),
        ],
    );
    // Each writes to its own output as well.
    assert!(written.contains("left behind") && !written.contains("Bootstrapping"), "{written}");
}

/// Of this process and the containers; their bootstraps give way to them.
fn niceness() -> i32 {
    rustix::process::getpriority_process(None).expect("it has one")
}

#[test]
fn the_first_failure_ends_the_job() {
    let pod = Pod::new(3);
    let agent = pod.agent(&["--reflect-exit-status"]);
    let last = pod.command(2, "echo never");
    let first = pod.command(0, "echo zero");
    let second = pod.command(1, "echo one; exit 42");
    first.ends_with(0);
    second.ends_with(42);
    let words = last.ends_with(1);
    assert!(words.contains("waiting for client to become ready"), "{words}");
    let words = agent.ends_with(42);
    assert!(!words.contains("counts as lost"), "nobody is missed when it is over: {words}");
    pod.check("42", &["zero", "one"]);
    assert!(!String::from_utf8_lossy(&pod.plane.log()).contains("never"));
}

#[test]
fn a_container_that_never_comes() {
    let pod = Pod::new(2);
    let agent = pod.agent(&["--kubernetes-container-start-timeout", "2s"]);
    let first = pod.command(0, "echo here; sleep 60");
    agent.ends_with(0);
    // Its work is cancelled when the agent is gone.
    first.ends_with(255);
    pod.check(
        "-1 process_run_error",
        &["here", "Error running job: timed out waiting 2s for all containers to connect"],
    );
}

#[test]
fn a_container_that_is_killed() {
    let pod = Pod::new(1);
    let agent = pod.agent(&[]);
    let first = pod.command(0, "echo ready; sleep 3");
    pod.plane.wait_for_log("\nready");
    first.signal(KILL);
    first.ends_with(-9);
    agent.ends_with(0);
    pod.check("-7", &["ready", "+++ Unknown container exit status", "OOM"]);
}

#[test]
fn a_bootstrap_that_is_killed() {
    let pod = Pod::new(1);
    let agent = pod.agent(&[]);
    // The shell's parent is the bootstrap.
    let first = pod.command(0, "echo ready; kill -9 $PPID; sleep 3");
    first.ends_with(255);
    agent.ends_with(0);
    pod.check("-1", &["ready"]);
}

#[test]
fn a_cancelled_job() {
    let pod = Pod::new(3);
    let agent = pod.agent(&[]);
    let first = pod.command(0, "true");
    let second = pod.command(1, "trap 'echo trapped; exit 5' TERM; echo ready; while :; do sleep 0.1; done");
    let third = pod.command(2, "echo never");
    first.ends_with(0);
    pod.plane.wait_for_log("\nready");
    pod.plane.set_job("canceling");
    let words = third.ends_with(1);
    assert!(words.contains("job interrupted before starting"), "{words}");
    second.ends_with(255);
    agent.ends_with(0);
    pod.check("-1 cancel", &["ready", "trapped"]);
}

#[test]
fn a_cancelled_job_that_does_not_want_to_end() {
    let pod = Pod::new(2);
    let agent = pod.agent(&["--signal-grace-period-seconds", "1"]);
    let first = pod.command(0, "trap '' TERM; echo ready; while :; do sleep 0.1; done");
    pod.plane.wait_for_log("\nready");
    pod.plane.set_job("canceling");
    agent.ends_with(0);
    first.ends_with(255);
    pod.check("137 cancel", &["ready", "+++ Unknown container exit status", "image"]);
}

#[test]
fn a_job_that_is_cancelled_before_any_container_comes() {
    let pod = Pod::new(1);
    pod.plane.set_job("canceled");
    pod.agent(&["--signal-grace-period-seconds", "1"]).ends_with(0);
    pod.check("-10 cancel", &["+++ Unknown container exit status", "image"]);
}

#[test]
fn an_agent_that_is_stopped() {
    let pod = Pod::new(1);
    let agent = pod.agent(&[]);
    let first = pod.command(0, "trap 'echo trapped; exit 5' TERM; echo ready; while :; do sleep 0.1; done");
    pod.plane.wait_for_log("\nready");
    let mode =
        std::fs::metadata(pod.root.path().join("buildkite.sock")).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o777, "any user can connect");
    // What Kubernetes sends to every container; the first one to the agent is enough.
    first.signal(TERM);
    agent.signal(TERM);
    first.ends_with(255);
    agent.ends_with(0);
    pod.check("-1 agent_stop", &["ready", "trapped"]);
}

#[test]
fn an_agent_that_is_killed() {
    let pod = Pod::new(1);
    let agent = pod.agent(&[]);
    let first = pod.command(0, "trap 'echo trapped; exit 5' TERM; echo ready; while :; do sleep 0.1; done");
    pod.plane.wait_for_log("\nready");
    agent.signal(KILL);
    agent.ends_with(-9);
    let written = first.ends_with(255);
    assert!(written.contains("cancelling work") && written.contains("trapped"), "{written}");
    // The next agent finds what the last one left, and takes its place.
    assert!(pod.root.path().join("buildkite.sock").exists());
    let agent = pod.agent(&[]);
    pod.command(0, "echo again").ends_with(0);
    agent.ends_with(0);
    pod.check("0", &["again"]);
}

#[test]
fn containers_that_have_no_place() {
    let pod = Pod::new(1);
    let agent = pod.agent(&[]);
    let first = pod.command(0, "echo ready; until [ -e go ]; do sleep 0.1; done");
    pod.plane.wait_for_log("\nready");
    for (id, words) in [(0, "client id 0 already registered"), (1, "unrecognized client id: 1")] {
        let written = pod.command(id, "echo never").ends_with(1);
        assert!(written.contains(&format!("error connecting to kubernetes runner: {words}")), "{written}");
    }
    std::fs::write(pod.root.path().join("build/go"), "").expect("written");
    first.ends_with(0);
    agent.ends_with(0);
    pod.check("0", &["ready"]);
}

#[test]
fn the_allow_list_sees_the_plugins_that_the_plane_sent() {
    let pod = Pod::new(0);
    pod.agent(&["--allowed-plugins", "docker"]).ends_with(0);
    let log = String::from_utf8_lossy(&pod.plane.log()).into_owned();
    assert_eq!(pod.plane.finish_of("signal_reason"), "agent_refused", "{log}");
    assert!(log.contains("kubernetes-buildkite-plugin has no match in [docker]"), "{log}");

    let pod = Pod::new(0);
    pod.agent(&["--allowed-plugins", "kubernetes"]).ends_with(0);
    pod.check("0", &[]);
}

#[test]
fn a_job_without_containers() {
    let pod = Pod::new(0);
    pod.agent(&["--kubernetes-container-start-timeout", "5s"]).ends_with(0);
    pod.check("0", &[]);
}

#[test]
fn much_output_arrives_whole() {
    let pod = Pod::new(2);
    let agent = pod.agent(&["--no-pty"]);
    let first = pod.command(0, "seq 100000");
    let second = pod.command(1, "seq 100001 200000");
    first.ends_with(0);
    second.ends_with(0);
    agent.ends_with(0);
    pod.check("0", &[]);
    let log = String::from_utf8_lossy(&pod.plane.log()).into_owned();
    let numbers = log.lines().filter_map(|line| line.parse::<u32>().ok());
    assert!(numbers.eq(1..=200_000), "{} lines", log.lines().count());
}

#[test]
fn an_agent_that_does_not_know_how_many() {
    let pod = Pod::new(1);
    let mut command = pod.sealed(AGENT, pod.root.path());
    command.args(["start", "--kubernetes-exec", "--acquire-job", "job", "--token", "token"]);
    command.args([
        "--ping-mode",
        "ping-only",
        "--endpoint",
        pod.plane.url(),
        "--job-context-dir",
        &pod.at(""),
    ]);
    command.args(["--build-path", &pod.at("build")]).env("BUILDKITE_CONTAINER_COUNT", "many");
    let (_, written) = Running::start(command).end();
    assert!(
        written.contains("failed to initialize job: failed to parse BUILDKITE_CONTAINER_COUNT"),
        "{written}"
    );
    assert_eq!(pod.plane.exit_status(), "-1");
}

/// Starts a container whose agent is the test, which answers its greeting.
fn greeted_with(answer: &str) -> String {
    let root = tempfile::tempdir().expect("a directory");
    let path: PathBuf = root.path().join("buildkite.sock");
    let listener = std::os::unix::net::UnixListener::bind(path).expect("bound");
    let mut command = Command::new(AGENT);
    command.args(["kubernetes-bootstrap", "--job-context-dir"]).arg(root.path()).env_clear();
    let container = Running::start(command);
    let (mut stream, _) = listener.accept().expect("it connects");
    std::io::Write::write_all(&mut stream, answer.as_bytes()).expect("written");
    let written = container.ends_with(1);
    let mut greeting = String::new();
    stream.read_to_string(&mut greeting).expect("readable");
    assert!(greeting.starts_with("redkite-pod/"), "{greeting}");
    written
}

#[test]
fn another_version_is_told_so() {
    for (answer, words) in [
        ("redkite-pod/99\n", "speaks version 99 of the protocol"),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "no agent that this one understands"),
    ] {
        let written = greeted_with(answer);
        assert!(written.contains("error connecting to kubernetes runner: "), "{written}");
        assert!(written.contains(words) && written.contains("the same buildkite-agent"), "{written}");
    }
}

#[test]
fn an_agent_that_is_never_there() {
    let root = tempfile::tempdir().expect("a directory");
    let mut command = Command::new(AGENT);
    command.args(["kubernetes-bootstrap", "--job-context-dir"]).arg(root.path()).env_clear();
    command.args(["--kubernetes-bootstrap-connection-timeout", "50ms"]);
    let written = Running::start(command).ends_with(1);
    assert!(
        written
            .contains("error connecting to kubernetes runner: no agent answered within 50ms: stat socket: "),
        "{written}"
    );
    assert!(written.ends_with("/buildkite.sock: no such file or directory\n"), "once: {written}");
}
