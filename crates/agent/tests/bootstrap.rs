//! Whole bootstraps, started as the agent starts them, without a checkout (docs/spec/job.md §25).
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "the test is the parent of the program under test")]

mod machine;

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use machine::{Machine, wait_for};

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
    let refused = machine.env("BUILDKITE_COMMAND_EVAL", "false");
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

/// Once when the job begins and once more when there are values to match, as in the Go agent; then after each hook.
#[test]
fn a_pattern_that_is_none_is_told_of() {
    let bad = Machine::new("echo sekrit123").env("MY_TOKEN", "sekrit123").env("BUILDKITE_REDACTED_VARS", "[");
    let told = |machine: &Machine| machine.run().lines.matches("bad patterns: [\"[\"]").count();
    assert_eq!(told(&bad), 2);
    assert_eq!(told(&bad.agent_hook("pre-command", "true")), 3);
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

/// What helps who looks for the cause of something, and nobody else.
#[test]
fn debug_lines() {
    let plugin = |name: &str| format!("plugins/agent/{name}/hooks/pre-command");
    let machine = |debug: &str| {
        let machine = Machine::new("echo hi").env("BUILDKITE_AGENT_DEBUG", debug);
        let plugins = machine.root.path().join("plugins");
        let machine = machine.file(&plugin("ex-com-a-b-v1"), "true").file(&plugin("ex-com-a-b-v1/.git"), "");
        let machine = machine.file("build/agent/org/pipe/ven/hooks/pre-exit", "true");
        machine
            .env("BUILDKITE_PLUGINS", r#"["https://ex.com/a/b#v1","./ven"]"#)
            .env("BUILDKITE_PLUGINS_PATH", &plugins)
    };
    let root = |machine: &Machine| machine.root.path().display().to_string();
    let debug = machine("true");
    let path = format!(
        "# Plugin \"ex.com/a/b#v1\" is in \"{}/plugins/agent/ex-com-a-b-v1\", its hooks in \"hooks\"",
        root(&debug)
    );
    let words = [
        "# Enabling output redaction for values from environment variables matching: [*_PASSWORD ",
        "~~~ Job API\nServer listening on ",
        "~~~ Buildkite environment variables\n",
        "# Plugin JSON is [",
        "# Parsed 2 plugins\n",
        &path,
        "# Skipping vendored plugin ven",
        "# Local hook pre-command doesn't exist, skipping\n",
        "# A hook runner was written to \"",
        "$ /bin/bash -e -c \"echo hi\"\n",
        "[Process] Process is running with PID: ",
        "finished with Exit Status: 0, Signal: nil",
        "# ↳ Command completed in ",
        "# The job API has stopped\n",
    ];
    debug.check(0, &words);
    let silent: Vec<String> = words.iter().map(|word| format!("!{word}")).collect();
    machine("false").check(0, &silent.iter().map(String::as_str).collect::<Vec<_>>());
    let uploads =
        Machine::new("true").env("BUILDKITE_AGENT_DEBUG", "true").env("BUILDKITE_ARTIFACT_PATHS", "no");
    let refused = uploads.env("BUILDKITE_AGENT_ACCESS_TOKEN", "");
    refused.check(1, &["# ↳ Command ended with exit status 1\n"]);
}
