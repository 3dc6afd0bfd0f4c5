//! Jobs that are cancelled in every phase: nothing hangs, and the job dies by the signal (docs/spec/job.md §14).
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "the test is the parent of the program under test")]

#[path = "own_commands/answering.rs"]
mod answering;
mod machine;

use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::{Duration, Instant};

use answering::{Answer, Plane};
use machine::{Machine, terminate, wait_for, wait_for_line};

/// Less than what hangs would take, and more than anything else should.
const LONG: Duration = Duration::from_secs(60);
/// Says that it is there, and hangs.
const HANGS: &str = "echo ready; sleep 600";
/// Says that it is there, and ends when the job was cancelled.
const ENDS: &str =
    "echo ready; until buildkite-agent env get BUILDKITE_JOB_CANCELLED > /dev/null 2>&1; do :; done";

/// With a terminal and without one, at the same time.
fn both(check: impl Fn(&str) + Sync) {
    let check = &check;
    std::thread::scope(|scope| {
        for terminal in ["true", "false"] {
            scope.spawn(move || check(terminal));
        }
    });
}

/// A job whose hooks say what they see.
fn job(command: &str) -> Machine {
    let see = |what: &str| format!("echo {what} status=$BUILDKITE_COMMAND_EXIT_STATUS");
    Machine::new(command)
        .env("BUILDKITE_PLUGINS", r#"["./ven"]"#)
        .file("build/agent/org/pipe/ven/hooks/pre-exit", "echo plugin pre-exit")
        .agent_hook("post-command", &see("after"))
        .agent_hook("pre-exit", &see("the end"))
}

/// Cancels the job when one of its processes says that it is ready; these words must, or must not, be there then.
fn check(machine: &Machine, words: &[&str]) {
    let started = Instant::now();
    let mut child = machine.start();
    let rest = wait_for(&mut child, "ready");
    terminate(child, rest).check_words(words);
    assert!(started.elapsed() < LONG);
}

#[test]
fn what_hangs_is_ended_and_the_end_goes_on() {
    both(|terminal| {
        let check = |machine: Machine, words: &[&str]| check(&machine.env("BUILDKITE_PTY", terminal), words);
        let hook = |path: &str| job("echo it ran").file(path, HANGS);
        let never = ["!it ran\n", "the end status=\n"];
        check(hook("hooks/environment"), &[&never[..], &["!plugin pre-exit"]].concat());
        check(hook("hooks/pre-command"), &[&never[..], &["plugin pre-exit", "!after"]].concat());
        check(hook("build/agent/org/pipe/ven/hooks/environment"), &never);
        check(hook("build/agent/org/pipe/.buildkite/hooks/pre-command"), &never);
        check(job(HANGS), &["after status=-1", "the end status=-1", "signal: terminated"]);
        check(hook("hooks/command"), &["after status=-1", "the end status=-1", "status -1"]);
        let python = "#!/usr/bin/env python3\nimport time\nprint('ready', flush=True)\ntime.sleep(600)\n";
        let python = job("true").agent_hook("command", python);
        check(python, &["after status=-1", "script hook: signal: terminated"]);
        let ignored = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done";
        let ignored = job("echo never").agent_hook("pre-command", ignored);
        check(ignored, &["context canceled", "!\nnever\n", "after status=1", "the end status=1"]);
    });
}

#[test]
fn the_checkout_and_its_plugins() {
    both(|terminal| {
        let machine = |phases: &str| {
            let machine = job("echo it ran").env("BUILDKITE_PTY", terminal);
            let plugins = machine.root.path().join("plugins");
            machine.env("BUILDKITE_PLUGINS_PATH", &plugins).env("BUILDKITE_BOOTSTRAP_PHASES", phases)
        };
        let words = ["the end status=\n", "!after", "!it ran\n"];
        let clones = machine("plugin,command").file("p/git", &format!("#!/bin/sh\n{HANGS}"));
        let path = format!("{}:/usr/bin:/bin", clones.root.path().join("p").display());
        check(&clones.env("PATH", &path).env("BUILDKITE_PLUGINS", r#"["file:///x/some"]"#), &words);
        for hook in ["pre-checkout", "checkout", "post-checkout"] {
            let machine = machine("checkout,command").agent_hook("checkout", "true");
            check(&machine.agent_hook(hook, HANGS), &words);
        }
    });
}

/// Hooks after the command are asked to stop at the end of the grace period only.
#[test]
fn what_follows_the_command_may_be_finished() {
    both(|terminal| {
        let machine = |hook: &str, script: &str| {
            let machine = job("exit 3").agent_hook(hook, script).env("BUILDKITE_PTY", terminal);
            machine.env("BUILDKITE_ARTIFACT_PATHS", "none").env("BUILDKITE_CANCEL_GRACE_PERIOD", "60")
        };
        check(&machine("post-command", ENDS), &["the end status=3", "plugin pre-exit"]);
        check(&machine("pre-artifact", ENDS), &["Uploading artifacts", "the end status=3"]);
        check(&machine("pre-exit", ENDS), &["plugin pre-exit"]);
        let short = |hook: &str| machine(hook, HANGS).env("BUILDKITE_SIGNAL_GRACE_PERIOD_SECONDS", "0");
        check(&short("post-command"), &["\"agent pre-exit\" shell hook: context canceled", "!the end"]);
        check(&short("pre-artifact"), &["\"agent pre-exit\" shell hook: context canceled", "!the end"]);
        check(&short("pre-exit"), &["Error tearing down job executor", "!plugin pre-exit"]);
    });
}

/// A server that takes a request and says nothing does not hold up a job that is cancelled.
#[test]
fn a_silent_server() {
    const SECRETS: &str = "GET /v3/jobs/job/secrets?key=a";
    let plane = Plane::new(|_, _| Some(Answer::Hang));
    let machine = |name: &str, value: &str| {
        let machine = job("echo it ran").env(name, value);
        let plugins = machine.root.path().join("plugins");
        let machine = machine.env("BUILDKITE_PLUGINS_PATH", &plugins);
        let machine = machine.env("BUILDKITE_AGENT_EXPERIMENT", "zip-plugins");
        machine.env("BUILDKITE_AGENT_ENDPOINT", &plane.url()).env("BUILDKITE_AGENT_ACCESS_TOKEN", "t")
    };
    let zip = format!("[\"zip+{}/some.zip\"]", plane.address());
    for (machine, route) in [
        (machine("BUILDKITE_SECRETS_CONFIG", r#"[{"key":"a"}]"#), SECRETS),
        (machine("BUILDKITE_PLUGINS", &zip), "GET /some.zip"),
    ] {
        let started = Instant::now();
        let mut child = machine.start();
        plane.wait_for(route);
        let rest = child.stdout.take().expect("it is piped");
        terminate(child, rest).check_words(&["context canceled", "the end status=\n", "!it ran\n"]);
        assert!(started.elapsed() < LONG, "{route}");
    }
}

/// A process whose number the job has written down.
fn number(machine: &Machine) -> String {
    std::fs::read_to_string(machine.checkout().join("pid")).expect("the job has written it").trim().to_owned()
}

fn kill(signal: &str, pid: &str) -> bool {
    Command::new("kill").args([signal, pid]).output().expect("kill runs").status.success()
}

/// Whether it is still there, and no zombie that nobody has reaped.
fn is_alive(pid: &str) -> bool {
    let state = Command::new("ps").args(["-o", "stat=", "-p", pid]).output().expect("ps runs").stdout;
    state.first().is_some_and(|letter| *letter != b'Z')
}

/// In the command's group they end with it; elsewhere they are let go.
#[test]
fn grandchildren_that_do_not_listen() {
    let deaf = "trap '' TERM HUP; echo $$ > pid.new; mv pid.new pid; echo ready; sleep 600; exit";
    both(|terminal| {
        for (starter, outlives) in [("sh", false), ("setsid sh", true)] {
            let command = format!("trap 'exit 3' TERM; {starter} -c \"$DEAF\" & wait");
            let machine = job(&command).env("DEAF", deaf).env("BUILDKITE_PTY", terminal);
            let machine = machine.env("BUILDKITE_SIGNAL_GRACE_PERIOD_SECONDS", "1");
            check(&machine, &["after status=3"]);
            let pid = number(&machine);
            assert_eq!(is_alive(&pid), outlives, "{starter}, terminal: {terminal}");
            // Where nobody reaps orphans, one that is dead can be signalled as well.
            kill("-9", &pid);
        }
    });
}

#[test]
fn a_second_signal_ends_it_at_once() {
    both(|terminal| {
        for (signal, number) in [("-TERM", 15), ("-INT", 2), ("-HUP", 1), ("-QUIT", 3)] {
            let machine = job("trap '' TERM; echo ready; sleep 600").env("BUILDKITE_PTY", terminal);
            let mut child = machine.start();
            let rest = wait_for(&mut child, "ready");
            let pid = child.id().to_string();
            assert!(kill("-TERM", &pid));
            let lines = child.stderr.take().expect("it is piped");
            drop(wait_for_line(lines, "Received cancellation signal"));
            assert!(kill(signal, &pid));
            let ended = child.wait().expect("it ends");
            assert_eq!(ended.signal(), Some(number), "{signal}, terminal: {terminal}");
            drop(rest);
        }
    });
}
