//! Whole bootstraps, started as the agent starts them, without a checkout (docs/spec/job.md §25).
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "the test is the parent of the program under test")]

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use tempfile::TempDir;

/// A build machine with hooks, and a job for it.
struct Machine {
    root: TempDir,
    env: Vec<(String, String)>,
}

/// How a bootstrap ended, and what it wrote.
struct Ended {
    status: ExitStatus,
    /// What its children wrote.
    output: String,
    /// Its own lines, without colours.
    lines: String,
}

impl Machine {
    /// A job that runs `command` in a checkout that is there.
    fn new(command: &str) -> Self {
        let root = tempfile::tempdir().expect("a directory");
        let at = |path: &str| root.path().join(path).to_string_lossy().into_owned();
        for directory in ["build/agent/org/pipe/.buildkite/hooks", "hooks", "tmp", "home"] {
            std::fs::create_dir_all(root.path().join(directory)).expect("made");
        }
        let bin = Path::new(env!("CARGO_BIN_EXE_buildkite-agent")).parent().expect("it is in one");
        let env = [
            ("BUILDKITE_COMMAND", command.to_owned()),
            ("BUILDKITE_JOB_ID", "job".to_owned()),
            ("BUILDKITE_REPO", "/none".to_owned()),
            ("BUILDKITE_COMMIT", "HEAD".to_owned()),
            ("BUILDKITE_BRANCH", "main".to_owned()),
            ("BUILDKITE_AGENT_NAME", "agent".to_owned()),
            ("BUILDKITE_ORGANIZATION_SLUG", "org".to_owned()),
            ("BUILDKITE_PIPELINE_SLUG", "pipe".to_owned()),
            ("BUILDKITE_PIPELINE_PROVIDER", "github".to_owned()),
            ("BUILDKITE_BOOTSTRAP_PHASES", "plugin,command".to_owned()),
            ("BUILDKITE_BUILD_PATH", at("build")),
            ("BUILDKITE_HOOKS_PATH", at("hooks")),
            ("BUILDKITE_SOCKETS_PATH", at("s")),
            ("BUILDKITE_BIN_PATH", bin.to_string_lossy().into_owned()),
            ("HOME", at("home")),
            ("TMPDIR", at("tmp")),
            ("PATH", "/usr/bin:/bin".to_owned()),
        ];
        let env = env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { root, env }
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds an executable file below the root.
    fn file(self, path: &str, content: &str) -> Self {
        let path = self.root.path().join(path);
        std::fs::create_dir_all(path.parent().expect("it is below the root")).expect("made");
        std::fs::write(&path, content).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("set");
        self
    }

    fn agent_hook(self, name: &str, script: &str) -> Self {
        self.file(&format!("hooks/{name}"), script)
    }

    fn checkout(&self) -> PathBuf {
        self.root.path().join("build/agent/org/pipe")
    }

    fn start(&self) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_buildkite-agent"));
        command.arg("bootstrap").env_clear().envs(self.env.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.root.path().join("build")).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the agent starts")
    }

    fn run(&self) -> Ended {
        let output = self.start().wait_with_output().expect("it ends");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
        let lines =
            text(output.stderr).replace("\x1b[90m", "").replace("\x1b[31m", "").replace("\x1b[0m", "");
        Ended { status: output.status, output: text(output.stdout), lines }
    }

    /// Runs it and compares its status; the other words must occur in what it or its children wrote, those that
    /// begin with `!` must not.
    fn check(&self, status: i32, words: &[&str]) {
        let ended = self.run();
        let all = format!("{}{}", ended.lines, ended.output);
        assert_eq!(ended.status.code(), Some(status), "{all}");
        for word in words {
            match word.strip_prefix('!') {
                Some(word) => assert!(!all.contains(word), "{word:?} is in\n{all}"),
                None => assert!(all.contains(word), "{word:?} is not in\n{all}"),
            }
        }
    }
}

#[test]
fn a_command_stops_at_its_first_failure() {
    let ended = Machine::new("false; echo no").run();
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(ended.output, "");
    let end =
        "^^^ +++\n🚨 Error: The command exited with status 1\n^^^ +++\nuser command error: exit status 1\n";
    assert!(ended.lines.ends_with(end), "{}", ended.lines);
}

#[test]
fn a_killed_command() {
    Machine::new("kill -9 $$")
        .agent_hook("post-command", "echo status=$BUILDKITE_COMMAND_EXIT_STATUS")
        .check(255, &["The command was interrupted by a signal: signal: killed", "status=-1"]);
}

#[test]
fn a_script_of_the_repository_becomes_executable() {
    let machine = Machine::new("scripts/t.sh").file("build/agent/org/pipe/scripts/t.sh", "echo ran $0");
    let script = machine.checkout().join("scripts/t.sh");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o644)).expect("set");
    let refused =
        Machine { env: machine.env.clone(), root: machine.root }.env("BUILDKITE_COMMAND_EVAL", "false");
    refused.check(126, &["~~~ Running script\n", "$ ./scripts/t.sh\n"]);
    let allowed = refused.env("BUILDKITE_COMMAND_EVAL", "true");
    allowed.check(0, &["ran ./scripts/t.sh"]);
    assert_eq!(script.metadata().expect("it is there").permissions().mode() & 0o777, 0o744);
}

#[test]
fn what_this_agent_may_not_evaluate() {
    Machine::new("echo hi")
        .env("BUILDKITE_COMMAND_EVAL", "false")
        .check(1, &["No such file: \"echo hi\"", "!hi\n"]);
    Machine::new(" ").check(1, &["has no command"]);
    Machine::new("true").env("BUILDKITE_SHELL", "").check(1, &["no shell set for job"]);
}

#[test]
fn exports_of_hooks_are_seen_as_they_are() {
    Machine::new("echo \"A=$A N=[$N] PWD=$PWD\"")
        .agent_hook("environment", "#!/bin/bash\nexport A=1 N=$'a\\n\\nb'; cd /usr")
        .check(0, &["# A added", "# N added", "A=1 N=[a\n\nb]"]);
    Machine::new("echo \"A=[$A]\"")
        .agent_hook("pre-command", "export A=1; exit 0")
        .check(0, &["A=[]", "!A added"]);
}

#[test]
fn protected_variables_are_blocked_and_settings_told() {
    let script = "export BUILDKITE_BUILD_PATH=/x BUILDKITE_REFSPEC=z";
    Machine::new("echo [$BUILDKITE_BUILD_PATH]").agent_hook("environment", script).check(
        0,
        &[
            "# Changes to some env vars were blocked; the affected vars are: [BUILDKITE_BUILD_PATH]",
            "# BUILDKITE_REFSPEC is now \"z\"",
            "![/x]",
        ],
    );
}

#[test]
fn an_unset_variable_of_this_process_stays_with_children() {
    Machine::new("echo home=$HOME; buildkite-agent env get | grep -c ^HOME= || true")
        .agent_hook("pre-command", "unset HOME")
        .check(0, &["# HOME removed", "home=/"]);
}

#[test]
fn statuses_of_failing_hooks() {
    let python = "#!/usr/bin/env python3\nraise SystemExit(9)\n";
    Machine::new("true").agent_hook("pre-command", python).check(9, &["agent pre-command\" script hook"]);
    Machine::new("true").agent_hook("environment", python).check(125, &["Error setting up job executor"]);
    Machine::new("true").agent_hook("environment", "exit 9").check(9, &["exited with status 9"]);
    let failing = |command: &str| Machine::new(command).agent_hook("post-command", "exit 5");
    failing("exit 3").check(5, &["user command error: exit status 3"]);
    failing("true").check(5, &[]);
    Machine::new("exit 3").agent_hook("pre-exit", "exit 5").check(5, &["Error tearing down job executor"]);
}

#[test]
fn a_hook_can_forgive_a_command() {
    Machine::new("exit 3")
        .agent_hook("post-command", "export BUILDKITE_COMMAND_EXIT_STATUS=0")
        .check(0, &["user command error: exit status 3"]);
}

#[test]
fn vendored_plugins_take_part() {
    let machine =
        Machine::new("true").file("build/agent/org/pipe/ven/hooks/pre-command", "echo from the plugin");
    machine
        .env("BUILDKITE_PLUGINS", r#"["./ven"]"#)
        .check(0, &["~~~ Running plugin ven pre-command hook\n$ ven/hooks/pre-command\n", "from the plugin"]);
}

#[test]
fn local_hooks_are_refused_not_skipped() {
    Machine::new("true")
        .file("build/agent/org/pipe/.buildkite/hooks/pre-exit", "echo no")
        .env("BUILDKITE_LOCAL_HOOKS_ENABLED", "false")
        .check(1, &["refusing to run", "local hooks are disabled", "!no\n"]);
}

#[test]
fn secrets_stay_out_of_the_log() {
    Machine::new("echo sekrit123; echo sekr")
        .env("MY_TOKEN", "sekrit123")
        .check(0, &["$ echo [REDACTED]; echo sekr", "[REDACTED]\nsekr\n", "!sekrit123"]);
}

#[test]
fn parts_of_a_job() {
    let hooks = |machine: Machine| machine.agent_hook("pre-exit", "echo the end");
    hooks(Machine::new("false")).env("BUILDKITE_BOOTSTRAP_PHASES", "plugin").check(0, &["!the end"]);
    hooks(Machine::new("true"))
        .env("BUILDKITE_BOOTSTRAP_PHASES", "command")
        .env("BUILDKITE_PLUGINS", "nonsense")
        .check(0, &["the end"]);
}

#[test]
fn nothing_is_left_behind() {
    let machine = Machine::new("true").agent_hook("environment", "true").agent_hook("pre-exit", "exit 1");
    machine.check(1, &[]);
    let left: Vec<_> = std::fs::read_dir(machine.root.path().join("tmp")).expect("it is there").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn options_are_checked_before_anything_runs() {
    let bad = |name: &str, value: &str, words: &[&str]| Machine::new("true").env(name, value).check(1, words);
    bad("BUILDKITE_BOOTSTRAP_PHASES", "x", &["fatal: invalid phase \"x\""]);
    bad("BUILDKITE_CANCEL_SIGNAL", "X", &["fatal: failed to parse cancel-signal: unknown signal \"X\""]);
    bad("BUILDKITE_CHECKOUT_OVERRIDE_MODE", "x", &["fatal: invalid checkout-override mode \"x\""]);
    bad("BUILDKITE_JOB_ID", "", &["Missing job"]);
}

/// Waits until `child` has printed a line with `word`.
fn wait_for(child: &mut Child, word: &str) -> BufReader<std::process::ChildStdout> {
    let mut reader = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut line = String::new();
    while !line.contains(word) {
        line.clear();
        assert_ne!(reader.read_line(&mut line).expect("readable"), 0, "{word:?} never came");
    }
    reader
}

#[test]
fn a_cancelled_job_ends_its_command_and_dies_by_the_signal() {
    let machine =
        Machine::new("trap 'echo interrupted; exit 1' TERM; echo ready; while :; do sleep 0.01; done")
            .agent_hook("post-command", "echo cancelled=$BUILDKITE_JOB_CANCELLED")
            .agent_hook("pre-exit", "echo the end");
    for (signal, number, status) in
        [("TERM", Some(15), None), ("INT", Some(2), None), ("QUIT", None, Some(131))]
    {
        let mut child = machine.start();
        let mut rest = wait_for(&mut child, "ready");
        let kill = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(kill.expect("kill runs").success());
        let mut output = String::new();
        rest.read_to_string(&mut output).expect("readable");
        let ended = child.wait_with_output().expect("it ends");
        assert_eq!((ended.status.signal(), ended.status.code()), (number, status), "{signal}: {output}");
        let lines = String::from_utf8_lossy(&ended.stderr);
        assert!(lines.contains("# Received cancellation signal, interrupting"), "{lines}");
        for word in ["interrupted", "cancelled=true", "the end"] {
            assert!(output.contains(word), "{word:?} is not in {output}");
        }
    }
}
