//! What signals do to a process of two agents, one with a job and one without (docs/spec/agent.md §10.6, §11).
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "the test is the parent of the program under test")]

mod plane;

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, ChildStderr, Command, Stdio};

use plane::Plane;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// What the test does, one after another.
enum Step {
    Send(Signal),
    /// Waits until the agent's log says this.
    Said(&'static str),
    /// Waits until the plane was asked for this so often.
    Asked(&'static str, usize),
    /// Lets the job end.
    Go,
}
use Step::{Asked, Go, Said, Send};

const GRACEFUL: Step = Said("send again to forcefully kill the agent(s)");
const FORCED: Step = Said("Forcefully stopping running jobs");

/// A job that ends when it may, or when it is told to.
const PATIENT: &str = "echo ready; until [ -e go ]; do sleep 0.1; done";
/// A job that ends when it is told to.
const ENDLESS: &str = "echo ready; exec sleep 600";
/// A job that has to be killed.
const STUBBORN: &str = "trap '' TERM INT QUIT; echo ready; while :; do sleep 1; done";

/// A machine with two agents in one process.
struct Agents {
    root: TempDir,
    plane: Plane,
    child: Child,
    log: BufReader<ChildStderr>,
    said: String,
}

/// What came of them: exit status, the job's end, goodbyes, whether `agent-shutdown` ran.
type End<'a> = (i32, &'a str, usize, bool);

impl Agents {
    fn start(plane: Plane, script: &str) -> Self {
        Self::with_grace(plane, script, 2)
    }

    /// The job has so many seconds to end when it is told to.
    fn with_grace(plane: Plane, script: &str, seconds: u32) -> Self {
        let root = tempfile::tempdir().expect("a directory");
        let at = |path: &str| root.path().join(path).display().to_string();
        std::fs::create_dir(at("hooks")).expect("made");
        for (path, content) in [
            ("job", format!("cd \"{}\"\n{script}", at(""))),
            ("hooks/agent-shutdown", "touch \"$HOME/shut-down\"".into()),
        ] {
            std::fs::write(at(path), format!("#!/bin/sh\n{content}\n")).expect("written");
            std::fs::set_permissions(at(path), std::fs::Permissions::from_mode(0o755)).expect("set");
        }
        let mut start = Command::new(env!("CARGO_BIN_EXE_buildkite-agent"));
        start.args(["start", "--token", "token", "--spawn", "2", "--ping-mode", "poll-only", "--no-color"]);
        start.args(["--cancel-grace-period", &(seconds + 1).to_string()]);
        start.args(["--signal-grace-period-seconds", &seconds.to_string()]);
        start.args([
            "--endpoint",
            plane.url(),
            "--bootstrap-script",
            &at("job"),
            "--hooks-path",
            &at("hooks"),
        ]);
        start
            .args(["--build-path", &at("builds")])
            .env_clear()
            .env("HOME", at(""))
            .env("PATH", "/usr/bin:/bin");
        let mut child = start.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the agent starts");
        let log = BufReader::new(child.stderr.take().expect("it is piped"));
        plane.wait_for_asked("connect", 2);
        Self { root, plane, child, log, said: String::new() }
    }

    fn go(&mut self, step: &Step) {
        match step {
            Send(signal) => kill_process(Pid::from_child(&self.child), *signal).expect("it is there"),
            Said(words) => self.wait_for(words),
            Asked(path, times) => self.plane.wait_for_asked(path, *times),
            Go => std::fs::write(self.root.path().join("go"), "").expect("written"),
        }
    }

    fn wait_for(&mut self, words: &str) {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            let length = self.log.read_line(&mut line).expect("readable");
            assert_ne!(length, 0, "{words:?} was never said:\n{}", self.said);
            self.said.push_str(&line);
        }
    }

    fn end(mut self, expected: End<'_>) {
        self.log.read_to_string(&mut self.said).expect("readable");
        let status = self.child.wait().expect("it ends");
        let told = ["exit_status", "signal", "signal_reason"].map(|name| self.plane.finish_of(name));
        let told = told.join(" ");
        let shut_down = self.root.path().join("shut-down").exists();
        let end = (status.code().unwrap_or(-1), told.trim(), self.plane.asked("disconnect"), shut_down);
        assert_eq!(end, expected, "{}", self.said);
    }
}

impl Drop for Agents {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn run(plane: Plane, script: &str, steps: &[Step], expected: End<'_>) {
    let mut agents = Agents::start(plane, script);
    steps.iter().for_each(|step| agents.go(step));
    agents.end(expected);
}

/// One of the two has a job that runs.
fn check(script: &str, steps: &[Step], expected: End<'_>) {
    let plane = Plane::new("");
    let mut agents = Agents::start(plane, script);
    agents.plane.wait_for_log("ready");
    steps.iter().for_each(|step| agents.go(step));
    agents.end(expected);
}

#[test]
fn agents_without_a_job_leave_at_once() {
    for signal in [Signal::TERM, Signal::INT, Signal::QUIT] {
        run(Plane::new("").without_job(), ENDLESS, &[Send(signal)], (0, "", 2, true));
    }
}

#[test]
fn the_first_lets_the_job_end() {
    for signal in [Signal::TERM, Signal::INT] {
        let steps = [Send(signal), GRACEFUL, Asked("disconnect", 1), Go];
        check(PATIENT, &steps, (0, "0", 2, true));
    }
}

#[test]
fn the_second_ends_the_job() {
    for (first, second) in
        [(Signal::TERM, Signal::TERM), (Signal::INT, Signal::TERM), (Signal::TERM, Signal::QUIT)]
    {
        let steps = [Send(first), GRACEFUL, Send(second), FORCED];
        check(ENDLESS, &steps, (0, "-1 SIGTERM agent_stop", 2, true));
    }
    check(
        STUBBORN,
        &[Send(Signal::TERM), GRACEFUL, Send(Signal::INT)],
        (0, "-1 SIGKILL agent_stop", 2, true),
    );
}

#[test]
fn quit_ends_the_job_and_does_not_count() {
    check(ENDLESS, &[Send(Signal::QUIT)], (0, "-1 SIGTERM agent_stop", 2, true));
    let steps = [Send(Signal::QUIT), FORCED, Send(Signal::TERM), GRACEFUL, Send(Signal::TERM), FORCED];
    check(STUBBORN, &steps, (0, "-1 SIGKILL agent_stop", 2, true));
}

#[test]
fn the_third_ends_the_process() {
    let steps = [
        Send(Signal::TERM),
        GRACEFUL,
        Asked("disconnect", 1),
        Send(Signal::TERM),
        FORCED,
        Send(Signal::INT),
        Said("Exiting immediately with status 1"),
    ];
    check(STUBBORN, &steps, (1, "", 1, false));
}

#[test]
fn a_forced_stop_has_an_end() {
    let mut agents = Agents::start(Plane::new("").silent_on("jobs/job/finish"), ENDLESS);
    agents.plane.wait_for_log("ready");
    for step in [Send(Signal::QUIT), Said("Timed out waiting for agents to exit")] {
        agents.go(&step);
    }
    agents.end((1, "", 1, false));
}

#[test]
fn a_hangup_does_nothing() {
    let steps = [Send(Signal::HUP), Go, Asked("jobs/job/finish", 1), Send(Signal::TERM)];
    check(PATIENT, &steps, (0, "0", 2, true));
}

/// §18.1, §18.2: the plane is asked until the job has ended, and its first word counts.
#[test]
fn a_cancelled_job_goes_on_asking() {
    let plane = Plane::new("");
    plane.set_job("canceling");
    let script = format!("trap : TERM\n{PATIENT}\nexit 5");
    let mut agents = Agents::with_grace(plane, &script, 60);
    for step in [Said("Canceling job"), Asked("jobs/job", 2)] {
        agents.go(&step);
    }
    agents.plane.set_job("timing_out");
    let asked = agents.plane.asked("jobs/job");
    for step in [Asked("jobs/job", asked + 2), Go, Asked("jobs/job/finish", 1), Send(Signal::TERM)] {
        agents.go(&step);
    }
    assert_eq!(agents.said.matches("Canceling job").count(), 1, "{}", agents.said);
    agents.end((0, "5  cancel", 2, true));
}
