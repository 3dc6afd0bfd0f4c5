//! The job API and the locks, as commands of a job use them (docs/spec/local-apis.md §2–§6).
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "the test is the parent of the program under test")]

mod machine;

use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};

use machine::{Machine, wait_for};
use redkite_local::{AgentServer, JobApi};

#[test]
fn null_is_nothing_to_the_commands() {
    let null = [
        "buildkite-agent env set --input-format json null",
        "buildkite-agent env set --output-format json --input-format json '{\"EMPTY\":null}'",
        "buildkite-agent env unset --input-format json null",
        "buildkite-agent env unset --output-format json --input-format json '[null,\"EMPTY\"]'",
        "echo null | buildkite-agent redactor add --format json",
        "echo '{\"NONE\":null,\"ONE\":\"hidden words\"}' | buildkite-agent redactor add --format json",
        "echo said: hidden words",
    ];
    Machine::new(&null.join("\n"))
        .env("BUILDKITE_AGENT_ACCESS_TOKEN", "session-token")
        .env("BUILDKITE_AGENT_ENDPOINT", "http://127.0.0.1:1/v3")
        .check(
            0,
            &[
                "No variables added or updated.",
                "{\"added\":[\"EMPTY\"],\"updated\":[]}",
                "No variables unset.",
                "[\"EMPTY\"]",
                "said: [REDACTED]",
            ],
        );
}

#[test]
fn lines_of_any_bytes_set_variables() {
    Machine::new(
        "printf 'A=\\377\\376\\r\\nB=b' | buildkite-agent env set -; buildkite-agent env get A B | od -An -c",
    )
    .check(0, &["+ A", "+ B", "A   = 357 277 275 357 277 275  \\n   B   =   b"]);
}

#[test]
fn without_a_home_the_sockets_are_temporary() {
    let machine = Machine::new("echo \"${BUILDKITE_AGENT_JOB_API_SOCKET%/*}.\"");
    let sockets = machine.root.path().join("tmp/buildkite-sockets/job-api.");
    let mut environment = machine.env.clone();
    environment.retain(|(name, _)| !matches!(name.as_str(), "HOME" | "BUILDKITE_SOCKETS_PATH"));
    let output = machine.start_with(&environment).wait_with_output().expect("it ends");
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.contains(&sockets.display().to_string()), "{output}");
}

#[test]
fn a_value_that_no_process_can_get_fails_the_phases_after_it() {
    let hook = "#!/bin/bash\nbuildkite-agent env set --input-format json '{\"V\":\"a\\u0000b\"}'";
    Machine::new("echo $((40+2)) from the command")
        .agent_hook("pre-command", hook)
        .agent_hook("pre-exit", "#!/bin/bash\necho from pre-exit")
        .check(
            1,
            &[
                "+ V",
                "the variable V has a NUL in it",
                "Running agent pre-exit hook",
                "!42 from",
                "!from pre-exit",
            ],
        );
}

#[test]
fn more_callers_than_files_may_be_open_are_served_one_after_the_other() {
    let script = "echo \"$BUILDKITE_AGENT_JOB_API_SOCKET $BUILDKITE_AGENT_JOB_API_TOKEN\" > where; \
                  echo ready; until [ -e go ]; do sleep 0.1; done";
    let few_files = ["bash", "-c", "ulimit -n 40; exec \"$@\"", "bash"];
    let machine =
        Machine::new(script).wrapped(&few_files).agent_hook("pre-exit", "#!/bin/bash\necho \"then $GIVEN\"");
    let mut bootstrap = machine.start();
    let mut rest = wait_for(&mut bootstrap, "ready");
    let place = std::fs::read_to_string(machine.checkout().join("where")).expect("readable");
    let (socket, token) = place.trim().split_once(' ').expect("two words");
    let idle: Vec<_> =
        (0..100).map(|_| UnixStream::connect(socket).expect("there is room to wait")).collect();
    drop(idle);
    let api = JobApi::of_this_job(|name| Some(if name.ends_with("SOCKET") { socket } else { token }.into()));
    let given = [("GIVEN".to_owned(), "a value".to_owned())].into();
    api.expect("it listens").set(given).expect("it answers");
    std::fs::write(machine.checkout().join("go"), "").expect("written");
    let mut output = String::new();
    rest.read_to_string(&mut output).expect("readable");
    assert!(bootstrap.wait().expect("it ends").success(), "{output}");
    assert!(output.contains("then a value"), "{output}");
}

fn lock(sockets: &Path, arguments: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_buildkite-agent"));
    command.env_clear().env("BUILDKITE_SOCKETS_PATH", sockets).arg("lock").args(arguments);
    command
}

/// Runs a command about locks; its status, what it printed and what it complained of.
fn locked(sockets: &Path, arguments: &[impl AsRef<OsStr>]) -> (i32, String, String) {
    let output = lock(sockets, arguments).output().expect("it runs");
    let text = |bytes| String::from_utf8_lossy(bytes).trim_end().to_owned();
    (output.status.code().expect("it ends by itself"), text(&output.stdout), text(&output.stderr))
}

#[test]
fn locks_in_all_their_states() {
    let folder = tempfile::tempdir().expect("a folder");
    let _server = AgentServer::start(folder.path()).expect("a server");
    let token = locked(folder.path(), &["acquire", "held"]).1;
    let held = format!("invalid lock state {token:?}");
    let cases = [
        ("get held", 0, token.as_str(), ""),
        (
            "acquire held --lock-wait-timeout 150ms",
            1,
            "",
            "could not acquire lock: context deadline exceeded",
        ),
        ("acquire held --lock-wait-timeout -1s", 1, "", "could not acquire lock: context deadline exceeded"),
        ("do held", 1, "", &format!("couldn't start do-once lock: {held}")),
        ("done held", 1, "", &format!("couldn't complete do-once lock: {held}")),
        ("release held other", 1, "", &format!("could not release lock: {held}")),
        (&format!("release held {token}"), 0, "", ""),
        (&format!("release held {token}"), 1, "", "could not release lock: already unlocked"),
        ("get held", 0, "", ""),
        ("done once", 1, "", "couldn't complete do-once lock: invalid lock state \"\""),
        ("do once", 0, "do", ""),
        (
            "do once --lock-wait-timeout 150ms",
            1,
            "",
            "couldn't start do-once lock: context deadline exceeded",
        ),
        ("acquire once --lock-wait-timeout 1ms", 1, "", "could not acquire lock: context deadline exceeded"),
        ("done once", 0, "", ""),
        ("do once", 0, "done", ""),
        ("release once done", 0, "", ""),
        ("do once", 0, "do", ""),
        ("get --lock-scope build once", 1, "", "only 'machine' scope for locks is supported in this version"),
        ("release once", 1, "", "Usage:"),
    ];
    for (arguments, status, printed, complaint) in cases {
        let words: Vec<_> = arguments.split(' ').collect();
        let (ended, out, err) = locked(folder.path(), &words);
        assert_eq!((ended, out.as_str()), (status, printed), "{arguments}: {err}");
        assert!(err.contains(complaint) && err.is_empty() == complaint.is_empty(), "{arguments}: {err}");
    }
}

#[test]
fn a_lock_can_have_any_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let _server = AgentServer::start(folder.path()).expect("a server");
    for name in [b"a b".as_slice(), b"a?b=c&d", b"%41", b"a+b", b"a\nb", "\u{e9}".as_bytes(), &[b'x'; 5000]] {
        let name = OsStr::from_bytes(name);
        let token = locked(folder.path(), &[OsStr::new("acquire"), name]).1;
        assert_eq!(locked(folder.path(), &[OsStr::new("get"), name]).1, token, "{name:?}");
    }
    assert_eq!(locked(folder.path(), &["get", ""]).0, 1);
}

#[test]
fn who_waits_for_a_lock_fails_with_its_leader() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = AgentServer::start(folder.path()).expect("a server");
    locked(folder.path(), &["acquire", "held"]);
    let mut waiting = lock(folder.path(), &["acquire", "held"]);
    let waiting = waiting.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    drop(server);
    let output = waiting.wait_with_output().expect("it ends");
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(output.stdout.is_empty());
    let (status, _, complaint) = locked(folder.path(), &["get", "held"]);
    assert_eq!(status, 1);
    assert!(complaint.contains("could not connect to Agent API: stat socket: "), "{complaint}");
}
