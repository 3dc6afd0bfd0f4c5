//! What goes wrong in a job, seen from the control plane: its status and each byte of its log arrive there.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "the test is the parent of the program under test")]

mod plane;

use std::path::Path;
use std::process::{Command, Stdio};

use plane::Plane;

/// Runs a real agent for one job; answers the status that it reported and the log without time stamps.
fn run(terminal: bool, command: &str, meanwhile: impl FnOnce(&Plane)) -> (String, Vec<u8>) {
    run_with_hook(terminal, command, ("", ""), meanwhile)
}

/// The same with a hook of the agent's, and artifacts to upload.
fn run_with_hook(
    terminal: bool,
    command: &str,
    (hook, script): (&str, &str),
    meanwhile: impl FnOnce(&Plane),
) -> (String, Vec<u8>) {
    let root = tempfile::tempdir().expect("a directory");
    let at = |path: &str| root.path().join(path).display().to_string();
    std::fs::create_dir(root.path().join("tmp")).expect("made");
    std::fs::create_dir(root.path().join("hooks")).expect("made");
    let mut plane = Plane::new(command);
    if !hook.is_empty() {
        std::fs::write(at(&format!("hooks/{hook}")), script).expect("written");
        plane = plane.with_variable("BUILDKITE_ARTIFACT_PATHS", "none");
    }
    let agent = env!("CARGO_BIN_EXE_buildkite-agent");
    let mut start = Command::new(agent);
    start.args(["start", "--token", "token", "--disconnect-after-job", "--no-ansi-timestamps"]);
    start.args(["--ping-mode", "ping-only", "--endpoint", plane.url(), "--build-path", &at("builds")]);
    start.args([
        "--signal-grace-period-seconds",
        "1",
        "--sockets-path",
        &at("s"),
        "--hooks-path",
        &at("hooks"),
    ]);
    start.args(["--no-pty"].iter().filter(|_| !terminal));
    let bin = Path::new(agent).parent().expect("it is in one").display();
    start
        .env_clear()
        .env("HOME", root.path())
        .env("TMPDIR", at("tmp"))
        .env("PATH", format!("/usr/bin:/bin:{bin}"));
    start.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let started = start.spawn().expect("the agent starts");
    meanwhile(&plane);
    let output = started.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for folder in ["tmp", "s/job-api"] {
        let left = std::fs::read_dir(root.path().join(folder)).into_iter().flatten().flatten();
        let left: Vec<_> = left.map(|entry| entry.path()).collect();
        assert!(left.is_empty(), "{hook:?}: {left:?}");
    }
    (plane.exit_status(), plane.log())
}

/// With a terminal and without one, at the same time.
fn check(command: &str, status: &str, is_whole: impl Fn(&[u8]) -> bool + Sync) {
    std::thread::scope(|scope| {
        for terminal in [true, false] {
            let is_whole = &is_whole;
            scope.spawn(move || {
                let (found, log) = run(terminal, command, |_| {});
                let end = String::from_utf8_lossy(&log[log.len().saturating_sub(2000)..]).into_owned();
                assert_eq!(found, status, "{end}");
                assert!(is_whole(&log), "{end}");
            });
        }
    });
}

fn has(words: &'static str) -> impl Fn(&[u8]) -> bool {
    move |log| String::from_utf8_lossy(log).contains(words)
}

#[test]
fn a_daemon_keeps_the_output() {
    check("(trap '' HUP; echo ready; sleep 60) & sleep 0.5; exit 7", "7", has("\nready"));
}

#[test]
fn the_output_is_closed() {
    check("echo before; exec <&- >&- 2>&-; sleep 0.2; exit 7", "7", has("\nbefore"));
}

#[test]
fn everybody_is_killed() {
    check("echo before; kill -9 0", "255", has("signal: killed"));
}

#[test]
fn many_lines() {
    check("seq 200000; exit 5", "5", |log| {
        let text = String::from_utf8_lossy(log);
        let numbers = text.lines().filter_map(|line| line.trim_end_matches('\r').parse::<u32>().ok());
        numbers.eq(1..=200_000)
    });
}

#[test]
fn one_long_line_of_bytes_that_are_no_text() {
    let command = "head -c 20000000 /dev/zero; printf '\\377\\200'; exit 6";
    check(command, "6", |log| {
        let zeros = log.iter().filter(|byte| **byte == 0).count();
        zeros == 20_000_000 && log.windows(2).any(|pair| pair == b"\xff\x80")
    });
}

/// Says its number and hears no signal but one.
const DEAF: &str = "trap '' TERM HUP; echo \"<$$>\"; while :; do sleep 0.1; done > /dev/null 2>&1";
/// Hears, but has started somebody who does not.
const FATHER_OF_DEAF: &str = "sh -c \"$DEAF\" & wait";

/// The agent kills its bootstrap after the grace period: what runs then must be gone by then, also hooks, which are
/// asked to end only when that period is over.
#[test]
fn what_ignores_signals_does_not_outlive_its_job() {
    let father = &format!("DEAF='{}'; {FATHER_OF_DEAF}", DEAF.replace('\'', "'\\''"));
    std::thread::scope(|scope| {
        for terminal in [true, false] {
            scope.spawn(move || check_gone(terminal, DEAF, ("", "")));
            for hook in ["pre-command", "post-command", "pre-artifact", "pre-exit"] {
                scope.spawn(move || check_gone(terminal, "true", (hook, DEAF)));
            }
            scope.spawn(move || check_gone(terminal, "true", ("post-command", father)));
        }
    });
}

/// Cancels a job when somebody says a number; that process must be gone when the job has ended.
fn check_gone(terminal: bool, command: &str, hook: (&str, &str)) {
    let (status, log) = run_with_hook(terminal, command, hook, |plane| {
        plane.wait_for_log(">");
        plane.set_job("canceling");
    });
    assert_eq!(status, "-1");
    let log = String::from_utf8_lossy(&log).into_owned();
    let number = log.lines().find_map(|line| line.trim_end().strip_prefix('<')?.strip_suffix('>'));
    let number = number.expect("it has said it");
    let state = Command::new("ps").args(["-o", "stat=", "-p", number]).output().expect("ps runs");
    // Where nobody reaps orphans, a dead one stays a zombie.
    let state = String::from_utf8_lossy(&state.stdout).into_owned();
    assert!(state.is_empty() || state.starts_with('Z'), "{hook:?}, terminal: {terminal}: {state}");
}

/// Nobody tidies up then but the agent: neither a hook's wrapper nor the job's socket is left.
#[test]
fn a_bootstrap_that_is_killed_leaves_nothing() {
    let (status, log) = run_with_hook(false, "true", ("pre-command", "kill -9 $PPID; sleep 0.2"), |_| {});
    assert_eq!(status, "-1");
    assert!(String::from_utf8_lossy(&log).contains("~~~ Running agent pre-command hook"));
}
