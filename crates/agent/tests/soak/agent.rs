//! The process under test, as the system sees it.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// What a job runs: it notes that it ran and says as many lines as it is told.
const SCRIPT: &str = r#"#!/bin/sh
echo "$BUILDKITE_JOB_ID" >> "$SOAK_RAN"
line=0
while [ $line -lt "$SOAK_LINES" ]; do
    echo "$BUILDKITE_JOB_ID says $line"
    line=$((line + 1))
    [ $line = 20 ] && sleep "$SOAK_PAUSE"
done
exit "$SOAK_EXIT"
"#;

/// An agent process; it doesn't outlive the test.
pub(crate) struct Agent {
    child: Child,
    root: TempDir,
}

/// What the process holds at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    pub(crate) memory_kib: u64,
    pub(crate) descriptors: u64,
}

impl Agent {
    #[expect(clippy::disallowed_methods, reason = "the test is the parent of the program under test")]
    pub(crate) fn start(endpoint: &str, workers: usize) -> Self {
        let root = tempfile::tempdir().expect("a folder");
        let at = |name: &str| root.path().join(name).display().to_string();
        for folder in ["builds", "jobs"] {
            std::fs::create_dir(root.path().join(folder)).expect("made");
        }
        std::fs::write(root.path().join("script"), SCRIPT).expect("written");
        let log = File::create(root.path().join("agent.log")).expect("a log");
        let child = Command::new(env!("CARGO_BIN_EXE_buildkite-agent"))
            .args(["start", "--token", "t", "--endpoint", endpoint, "--name", "soak-%spawn", "--no-color"])
            .args([
                "--spawn",
                &workers.to_string(),
                "--bootstrap-script",
                &format!("/bin/sh {}", at("script")),
            ])
            .args(["--build-path", &at("builds"), "--job-context-dir", &at("jobs")])
            .args(["--hooks-path", &at("none"), "--plugins-path", &at("none"), "--sockets-path", &at("none")])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", root.path())
            .env("SOAK_RAN", root.path().join("ran"))
            .current_dir(root.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a descriptor"))
            .stderr(log)
            .spawn()
            .expect("the agent starts");
        Self { child, root }
    }

    pub(crate) fn usage(&self) -> Usage {
        let proc = PathBuf::from(format!("/proc/{}", self.child.id()));
        let rollup = std::fs::read_to_string(proc.join("smaps_rollup")).expect("the agent lives");
        let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).expect("a line for it");
        let memory_kib = pss.trim().trim_end_matches(" kB").parse().expect("a number");
        Usage { memory_kib, descriptors: count(&proc.join("fd")) }
    }

    pub(crate) fn terminate(&self) {
        let pid = Pid::from_raw(self.child.id() as i32).expect("a process has a number");
        kill_process(pid, Signal::TERM).expect("it is ours");
    }

    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("it is ours")
    }

    /// How often each job ran.
    pub(crate) fn runs(&self) -> BTreeMap<String, usize> {
        let mut runs = BTreeMap::new();
        for job in std::fs::read_to_string(self.root.path().join("ran")).unwrap_or_default().lines() {
            *runs.entry(job.to_owned()).or_default() += 1;
        }
        runs
    }

    /// Files that jobs have left behind.
    pub(crate) fn leftovers(&self) -> u64 {
        count(&self.root.path().join("jobs"))
    }

    /// The lines of its log that are neither of the plane's faults nor of everyday.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.root.path().join("agent.log")).unwrap_or_default()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn count(folder: &Path) -> u64 {
    std::fs::read_dir(folder).map_or(0, |entries| entries.count() as u64)
}
