//! What a job has this program do besides: artifacts are uploaded and the commit is told, in the bootstrap's own
//! process or by the program that stands in for it (docs/spec/job.md §12, §14; docs/spec/checkout.md §19).
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "the test is the parent of the program under test")]

#[path = "own_commands/answering.rs"]
mod answering;
mod machine;

use std::process::Command;

use answering::{Answer, Plane};
use machine::{Ended, Machine, terminate, wait_for};

/// A job that leaves `a.txt` behind and uploads it to `plane`.
fn uploading(plane: &Plane, command: &str) -> Machine {
    Machine::new(&format!("echo content > a.txt; {command}"))
        .env("BUILDKITE_ARTIFACT_PATHS", "*.txt")
        .env("BUILDKITE_AGENT_ENDPOINT", &plane.url())
        .env("BUILDKITE_AGENT_ACCESS_TOKEN", "session-token")
}

fn status(ended: &Ended, expected: i32) {
    assert_eq!(ended.status.code(), Some(expected), "{}{}", ended.lines, ended.output);
}

#[test]
fn artifacts_are_uploaded_without_another_process() {
    let plane = Plane::new(|_, _| None);
    // If the program were run again, it would not be found: its file is gone.
    let own = tempfile::tempdir().expect("a directory");
    let copy = own.path().join("buildkite-agent");
    std::fs::copy(env!("CARGO_BIN_EXE_buildkite-agent"), &copy).expect("copied");
    let machine = uploading(&plane, &format!("rm {}", copy.display()))
        .env("BUILDKITE_AGENT_LOG_LEVEL", "info")
        .env("BUILDKITE_REQUEST_HEADER_BUILDKITE_PLACE", "here")
        .wrapped(&["bash", "-c", &format!("shift; exec {} \"$@\"", copy.display()), "bash"]);
    let ended = machine.run();
    status(&ended, 0);
    let prompt = format!("~~~ Uploading artifacts\n$ {} artifact upload *.txt\n", copy.display());
    assert!(ended.lines.contains(&prompt), "{}", ended.lines);
    assert!(ended.output.contains("INFO  \x1b[0m \x1b[0mArtifact uploads completed"), "{}", ended.output);
    let routes = ["POST /v3/jobs/job/artifacts", "POST /up", "PUT /v3/jobs/job/artifacts"];
    assert_eq!(plane.routes(), routes);
    assert!(plane.request("POST /up").contains("content\n"));
    let create = plane.request("POST /v3/jobs/job/artifacts");
    assert!(create.contains("Token session-token"), "{create}");
    assert!(create.to_lowercase().contains("buildkite-place: here"), "{create}");
    assert!(create.contains(&format!("{:?}", machine.checkout().join("a.txt").display())), "{create}");
}

#[test]
fn a_terminal_and_pipes_show_lines_as_a_childs() {
    let plane = Plane::new(|_, _| None);
    for (pty, line_end) in [("true", "\r\n"), ("false", "\n")] {
        let machine = uploading(&plane, "true").env("BUILDKITE_AGENT_LOG_LEVEL", "info");
        let output = machine.env("BUILDKITE_PTY", pty).start().wait_with_output().expect("it ends");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = format!("Artifact uploads completed successfully\x1b[0m{line_end}");
        assert!(text.contains(&line), "{text:?}");
    }
}

#[test]
fn a_refused_upload_is_a_status_of_its_own() {
    let refuses = |route: &str, _| {
        (route == "POST /v3/jobs/job/artifacts").then(|| Answer::of(403, r#"{"message":"not today"}"#))
    };
    let plane = Plane::new(refuses);
    let check = |machine: Machine, expected: i32| {
        let ended = machine.run();
        status(&ended, expected);
        let fatal = "buildkite-agent: fatal: failed to upload artifacts: ";
        assert!(ended.output.contains(fatal) && ended.output.contains("not today"), "{}", ended.output);
        assert!(ended.lines.contains("🚨 Error: exit status 1\n^^^ +++\n"), "{}", ended.lines);
    };
    check(uploading(&plane, "true"), 1);
    check(uploading(&plane, "exit 3"), 3);
    check(uploading(&plane, "exit 3").agent_hook("post-command", "exit 5"), 5);
    check(uploading(&plane, "true").agent_hook("post-command", "exit 5"), 1);
    let before = uploading(&plane, "true").agent_hook("pre-command", "echo x > a.txt; exit 5");
    check(before, 1);
    check(uploading(&plane, "true").agent_hook("pre-exit", "exit 9"), 9);
}

#[test]
fn an_upload_is_tried_again() {
    let fails_once = |route: &str, count| {
        (route == "POST /v3/jobs/job/artifacts" && count == 0).then(|| Answer::of(503, ""))
    };
    let plane = Plane::new(fails_once);
    let ended = uploading(&plane, "true").run();
    status(&ended, 0);
    assert!(ended.output.contains("(Attempt 1/10 Retrying in"), "{}", ended.output);
    assert_eq!(plane.count("POST /v3/jobs/job/artifacts"), 2);
}

#[test]
fn secrets_in_names_of_artifacts_are_redacted() {
    let plane = Plane::new(|_, _| None);
    let ended = uploading(&plane, "echo x > sekrit123.txt")
        .env("MY_TOKEN", "sekrit123")
        .env("BUILDKITE_ARTIFACT_PATHS", "sekrit123.txt")
        .env("BUILDKITE_AGENT_LOG_LEVEL", "info")
        .run();
    status(&ended, 0);
    assert!(plane.request("POST /v3/jobs/job/artifacts").contains("sekrit123.txt"));
    assert!(ended.lines.contains("artifact upload [REDACTED].txt"), "{}", ended.lines);
    assert!(ended.output.contains("[REDACTED].txt (2 B)"), "{}", ended.output);
    assert!(!format!("{}{}", ended.lines, ended.output).contains("sekrit123"), "{}", ended.output);
}

#[test]
fn hooks_decide_with_what_it_is_done() {
    let plane = Plane::new(|_, _| None);
    let with_hook = |script: &str| uploading(&plane, "true").agent_hook("pre-artifact", script).run();
    let elsewhere = with_hook("export BUILDKITE_ARTIFACT_UPLOAD_DESTINATION=nowhere://bucket");
    status(&elsewhere, 1);
    assert!(elsewhere.lines.contains("artifact upload *.txt nowhere://bucket\n"), "{}", elsewhere.lines);
    assert!(
        elsewhere.output.contains("invalid upload destination: 'nowhere://bucket'"),
        "{}",
        elsewhere.output
    );
    let typed = with_hook("export BUILDKITE_ARTIFACT_CONTENT_TYPE=text/own");
    status(&typed, 0);
    assert!(plane.request("POST /v3/jobs/job/artifacts").contains("text/own"));
    let silent = with_hook("export BUILDKITE_AGENT_LOG_LEVEL=info BUILDKITE_AGENT_NO_COLOR=true");
    assert!(silent.output.contains(" INFO   Artifact uploads completed"), "{}", silent.output);
    let malformed = with_hook("export BUILDKITE_NO_HTTP2=perhaps");
    status(&malformed, 1);
    assert!(malformed.output.contains("could not parse perhaps as bool value"), "{}", malformed.output);
    let elsewhere = with_hook("mkdir sub; cd sub; echo > b.txt");
    status(&elsewhere, 0);
    assert!(plane.request("POST /v3/jobs/job/artifacts").contains("/sub/b.txt"));
}

#[test]
fn a_proxy_that_a_hook_names_is_used() {
    let proxy = Plane::new(|_, _| Some(Answer::of(403, r#"{"message":"behind the proxy"}"#)));
    let machine = Machine::new("echo x > a.txt")
        .env("BUILDKITE_ARTIFACT_PATHS", "a.txt")
        .env("BUILDKITE_AGENT_ENDPOINT", "http://plane.invalid/v3")
        .env("BUILDKITE_AGENT_ACCESS_TOKEN", "t");
    let hook = format!("export HTTP_PROXY={}", proxy.address());
    let ended = machine.agent_hook("environment", &hook).run();
    status(&ended, 1);
    assert!(ended.output.contains("behind the proxy"), "{}", ended.output);
    assert_eq!(proxy.routes(), ["POST http://plane.invalid/v3/jobs/job/artifacts"]);
}

#[test]
fn a_hung_upload_ends_with_the_grace_period() {
    let plane = Plane::new(|route, _| (route == "POST /up").then_some(Answer::Hang));
    let machine = uploading(&plane, "echo ready; trap '' TERM; while [ ! -e go ]; do sleep 0.01; done")
        .agent_hook("pre-exit", "echo not reached")
        .env("BUILDKITE_SIGNAL_GRACE_PERIOD_SECONDS", "1")
        .env("BUILDKITE_CANCEL_GRACE_PERIOD", "60");
    let mut child = machine.start();
    let rest = wait_for(&mut child, "ready");
    std::fs::write(machine.checkout().join("go"), "").expect("written");
    plane.wait_for("POST /up");
    let Ended { lines, .. } = terminate(child, rest);
    for word in ["was left behind", "Error: signal: terminated", "context canceled"] {
        assert!(lines.contains(word), "{word:?} is not in {lines}");
    }
}

#[test]
fn an_upload_that_waits_for_its_next_attempt_stops() {
    let plane = Plane::new(|route, _| (route == "POST /up").then(|| Answer::of(503, "")));
    let machine = uploading(&plane, "true")
        .env("BUILDKITE_SIGNAL_GRACE_PERIOD_SECONDS", "1")
        .env("BUILDKITE_CANCEL_GRACE_PERIOD", "60");
    let mut child = machine.start();
    let rest = wait_for(&mut child, "Retrying in");
    let Ended { lines, output, .. } = terminate(child, rest);
    assert!(lines.contains("Error: signal: terminated") && !lines.contains("left behind"), "{lines}");
    assert!(output.contains("uploading artifacts: stopped"), "{output}");
}

/// A stand-in that notes its words, a variable of the job and what it can read.
const STAND_IN: &str = "#!/bin/bash\n\
    { echo \"$*|$FROM_HOOK\"; [ -t 0 ] || cat; echo; } >> \"$NOTES\"\n\
    case $2 in exists) exit 100 ;; upload) exit 4 ;; esac\n";

#[test]
fn another_program_can_stand_in() {
    let machine =
        Machine::new("true").file("stand-in", STAND_IN).agent_hook("environment", "export FROM_HOOK=x");
    let at = |path: &str| machine.root.path().join(path).display().to_string();
    let (stand_in, notes) = (at("stand-in"), at("notes"));
    let machine = machine
        .env("BUILDKITE_JOB_ID", "1111-1111-1111-1111")
        .env("BUILDKITE_OVERRIDE_SELF", &stand_in)
        .env("NOTES", &notes)
        .env("BUILDKITE_ARTIFACT_PATHS", "a b;c")
        .env("BUILDKITE_ARTIFACT_UPLOAD_DESTINATION", "rt://x")
        .env("BUILDKITE_BOOTSTRAP_PHASES", "checkout,command");
    let machine = with_repository(machine);
    let ended = machine.run();
    status(&ended, 4);
    let prompts = [
        format!("$ {stand_in} meta-data exists buildkite:git:commit\n"),
        format!("$ {stand_in} meta-data set buildkite:git:commit < /dev/stdin\n"),
        format!("$ {stand_in} artifact upload a b;c rt://x\n").replace("a b;c", "\"a b;c\""),
    ];
    for prompt in prompts {
        assert!(ended.lines.contains(&prompt), "{prompt:?} is not in {}", ended.lines);
    }
    let notes = std::fs::read_to_string(notes).expect("it was called");
    let calls: Vec<_> = notes.lines().filter(|line| line.ends_with("|x")).collect();
    let expected = [
        "meta-data exists buildkite:git:commit|x",
        "meta-data set buildkite:git:commit|x",
        "artifact upload a b;c rt://x|x",
    ];
    assert_eq!(calls, expected);
    assert!(notes.contains("\nAuthor: T <t@example.com>\n\n    message\n"), "{notes}");
}

/// Gives the job a repository to check out.
fn with_repository(machine: Machine) -> Machine {
    let repository = machine.root.path().join("repository");
    let script = format!(
        "git init -q -b main {0} && cd {0} && git -c user.name=T -c user.email=t@example.com \
         commit -q --allow-empty -m message",
        repository.display()
    );
    let made = Command::new("bash").args(["-c", &script]).env("HOME", machine.root.path()).status();
    assert!(made.expect("bash runs").success());
    std::fs::remove_dir_all(machine.checkout()).expect("the checkout makes it");
    let machine = machine.env("BUILDKITE_REPO", &repository.display().to_string());
    machine.env("BUILDKITE_PULL_REQUEST", "false")
}

#[test]
fn the_commit_is_told_without_another_process() {
    let check = |exists: &'static str, expected: &[&str], said: &str| {
        let plane = Plane::new(move |route, _| {
            (route == "POST /v3/jobs/job/data/exists").then(|| Answer::of(200, exists))
        });
        let machine = with_repository(Machine::new("true"))
            .env("BUILDKITE_BOOTSTRAP_PHASES", "checkout,command")
            .env("BUILDKITE_AGENT_ENDPOINT", &plane.url())
            .env("BUILDKITE_AGENT_ACCESS_TOKEN", "t");
        let ended = machine.run();
        status(&ended, 0);
        assert_eq!(plane.routes(), expected);
        assert!(ended.lines.contains(said), "{}", ended.lines);
        plane
    };
    let plane = check(
        r#"{"exists":false}"#,
        &["POST /v3/jobs/job/data/exists", "POST /v3/jobs/job/data/set"],
        "meta-data set buildkite:git:commit < /dev/stdin\n",
    );
    let set = plane.request("POST /v3/jobs/job/data/set");
    assert!(set.contains(r#""key":"buildkite:git:commit""#), "{set}");
    assert!(set.contains(r"\nAuthor: T <t@example.com>\n\n    message"), "{set}");
    check(
        r#"{"exists":true}"#,
        &["POST /v3/jobs/job/data/exists"],
        "# Git commit information has already been sent to Buildkite\n",
    );
}

#[test]
fn a_commit_that_cannot_be_told_is_a_warning() {
    let plane = Plane::new(|_, _| Some(Answer::of(422, r#"{"message":"no"}"#)));
    let machine = with_repository(Machine::new("echo ran"))
        .env("BUILDKITE_BOOTSTRAP_PHASES", "checkout,command")
        .env("BUILDKITE_AGENT_ENDPOINT", &plane.url())
        .env("BUILDKITE_AGENT_ACCESS_TOKEN", "t");
    let ended = machine.run();
    status(&ended, 0);
    assert!(ended.output.contains("fatal: failed to set meta-data"), "{}", ended.output);
    let warning = "Couldn't send commit information to Buildkite: sending git commit information to Buildkite: exit status 1";
    assert!(ended.lines.contains(warning), "{}", ended.lines);
}

#[test]
fn a_cancelled_checkout_does_not_wait_for_the_plane() {
    let plane = Plane::new(|route, _| route.ends_with("/data/exists").then_some(Answer::Hang));
    let machine = with_repository(Machine::new("echo not reached"))
        .env("BUILDKITE_BOOTSTRAP_PHASES", "checkout,command")
        .env("BUILDKITE_AGENT_ENDPOINT", &plane.url())
        .env("BUILDKITE_AGENT_ACCESS_TOKEN", "t");
    let mut child = machine.start();
    plane.wait_for("POST /v3/jobs/job/data/exists");
    let rest = child.stdout.take().expect("it is piped");
    let Ended { lines, output, .. } = terminate(child, rest);
    assert!(lines.contains("was left behind"), "{lines}");
    assert!(!output.contains("not reached"));
}
