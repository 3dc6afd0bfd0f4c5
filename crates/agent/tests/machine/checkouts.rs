//! Jobs with a repository of their own and a git that fails where it is told to.

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::Machine;

/// Longer than any of these jobs may take.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// The script of a git that does `$FAULT`, a shell command, in the first command line that matches `$WHEN` or is the
/// one of number `$AT`, and is the real one otherwise. Git's own children are left alone.
pub(crate) const GIT: &str = r#"#!/bin/sh
own=$(dirname "$(dirname "$0")")
if [ -z "$INSIDE" ]; then
    echo "$*" >> "$own/git.log"
    export INSIDE=1
    fault() { if mkdir "$own/done" 2>/dev/null; then eval "$FAULT"; fi; }
    case " $* " in *" ${WHEN:-never} "*) fault "$@" ;; esac
    if [ -n "$AT" ] && [ "$(wc -l < "$own/git.log")" -eq "$AT" ]; then fault "$@"; fi
fi
PATH=/usr/local/bin:/usr/bin:/bin exec git "$@"
"#;

/// A job that checks out `project`, a repository of one file, and prints that.
pub(crate) fn job() -> Machine {
    let machine = Machine::new("cat a.txt").file("bin/git", GIT);
    let root = machine.root.path().to_owned();
    std::fs::remove_dir_all(root.join("build/agent")).expect("removed");
    let script = "git init -q -b main project && cd project && echo content > a.txt && git add . && git commit -qm first";
    sh(&root, script);
    let text = |path: &str| root.join(path).display().to_string();
    let (repository, path) = (text("project"), format!("{}:/usr/local/bin:/usr/bin:/bin", text("bin")));
    let environment = [
        ("BUILDKITE_BOOTSTRAP_PHASES", "checkout,command"),
        ("BUILDKITE_REPO", &repository),
        ("BUILDKITE_PULL_REQUEST", "false"),
        ("BUILDKITE_COMMIT_RESOLVED", "true"),
        ("BUILDKITE_AGENT_ACCESS_TOKEN", "token-of-the-job"),
        ("BUILDKITE_SIGNAL_GRACE_PERIOD_SECONDS", "1"),
        ("BUILDKITE_CHECKOUT_ATTEMPTS", "2"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("PATH", &path),
    ];
    environment.into_iter().fold(machine, |machine, (name, value)| machine.env(name, value))
}

pub(crate) fn sh(root: &Path, script: &str) -> String {
    let output = Command::new("sh")
        .args(["-ec", script])
        .current_dir(root)
        .env("HOME", root.join("home"))
        .envs([("GIT_AUTHOR_NAME", "T"), ("GIT_AUTHOR_EMAIL", "t@example.com")])
        .envs([("GIT_COMMITTER_NAME", "T"), ("GIT_COMMITTER_EMAIL", "t@example.com")])
        .output()
        .expect("there is a shell");
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A fault in the first git command line with `when` in it; once only.
pub(crate) fn faulty(when: &str, fault: &str) -> Machine {
    job().env("WHEN", when).env("FAULT", fault)
}

pub(crate) const SIGKILL: &str = "kill -9 $$";

pub(crate) fn is_alive(machine: &Machine) -> bool {
    let pid = std::fs::read_to_string(machine.root.path().join("child")).expect("it was written");
    Path::new("/proc").join(pid.trim()).join("exe").exists()
}

/// A grandchild is nobody's to wait for.
pub(crate) fn wait_until_gone(machine: &Machine) {
    let end = Instant::now() + LONG;
    while is_alive(machine) {
        assert!(Instant::now() < end, "it goes on for ever");
        std::thread::yield_now();
    }
}

pub(crate) fn wait_for_file(machine: &Machine, name: &str) {
    let (path, end) = (machine.root.path().join(name), Instant::now() + LONG);
    while std::fs::read(&path).map_or(true, |found| found.is_empty()) {
        assert!(Instant::now() < end, "{name} never came");
        std::thread::yield_now();
    }
}

pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status();
    assert!(sent.expect("there is a kill").success());
}
