//! The commands of the binary, and what they say when something is in the way.

mod support;

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

use support::processes::{Server, redkite};

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn server(home: &Path, listen: &str, data: &Path) -> Output {
    redkite(home, ["server", "--listen", listen, "--data", data.to_str().expect("a path in UTF-8")])
}

/// Fails with status 2 and a message that names the thing.
#[track_caller]
fn check_refused(output: &Output, names: &str) {
    assert_eq!(output.status.code(), Some(2), "{}", stderr(output));
    assert!(stderr(output).contains(names), "{names} is not named: {}", stderr(output));
}

#[test]
fn a_port_in_use_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let data = folder.path().join("data");
    check_refused(&server(folder.path(), &address, &data), &address);
    assert!(!data.exists(), "nothing half-made is left");
}

#[test]
fn a_data_folder_in_use_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let _running = Server::start(folder.path(), "127.0.0.1:0");
    let data = folder.path().join("data");
    let second = server(folder.path(), "127.0.0.1:0", &data);
    check_refused(&second, data.to_str().expect("a path in UTF-8"));
    assert!(stderr(&second).contains("in use"), "{}", stderr(&second));
}

#[test]
fn a_data_folder_that_can_not_be_written_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("a file");
    check_refused(&server(folder.path(), "127.0.0.1:0", &file.join("data")), file.to_str().expect("UTF-8"));
}

#[test]
fn tokens_are_made_with_and_without_a_server() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    let data = data.to_str().expect("a path in UTF-8");
    let offline = redkite(folder.path(), ["token", "create", "--data", data, "--description", "first"]);
    assert!(stdout(&offline).starts_with("bkct_"), "{}", stderr(&offline));
    let running = Server::start(folder.path(), "127.0.0.1:0");
    let online = running.command(&["token", "create", "--description", "second"]);
    assert!(stdout(&online).starts_with("bkct_"), "{}", stderr(&online));
    let tokens = running.json(&["token", "list", "--json"]);
    let id = tokens[1]["id"].as_str().expect("an id").to_owned();
    assert_eq!((&tokens[0]["description"], &tokens[1]["description"]), (&"first".into(), &"second".into()));
    assert!(!tokens.to_string().contains("bkct_"), "tokens are shown once");
    assert!(running.command(&["token", "revoke", &id]).status.success());
    assert_eq!(running.command(&["token", "revoke", &id]).status.code(), Some(1));
    drop(running);
    let listed = redkite(folder.path(), ["token", "list", "--data", data]);
    assert!(stdout(&listed).contains("revoked") && stdout(&listed).contains("valid"), "{}", stdout(&listed));
}

#[test]
fn builds_are_made_shown_unblocked_and_canceled() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let running = Server::start(folder.path(), "127.0.0.1:0");
    let pipeline = folder.path().join("p.yml");
    fs::write(
        &pipeline,
        "steps:\n  - block: Ship it?\n    key: ask\n  - command: ship\n    label: Ship $WHAT\n",
    )
    .expect("a file");
    let pipeline = pipeline.to_str().expect("a path in UTF-8");
    let args = [
        "build",
        "create",
        "--pipeline",
        pipeline,
        "--repo",
        "git@example.com:acme/app.git",
        "--env",
        "WHAT=it",
    ];
    let created = running.command(&args);
    assert!(stdout(&created).starts_with("app/1  "), "{}", stderr(&created));
    let view = running.json(&["build", "show", "app/1", "--json"]);
    assert_eq!(view["state"], "blocked");
    assert_eq!(view["steps"][1]["label"], "Ship it");
    assert_eq!(running.command(&["build", "unblock", "app/1", "--step", "none"]).status.code(), Some(1));
    assert!(running.command(&["build", "unblock", "app/1", "--step", "ask"]).status.success());
    assert_eq!(running.json(&["build", "show", "app/1", "--json"])["state"], "running");
    assert!(running.command(&["build", "cancel", "app/1", "--reason", "enough"]).status.success());
    let again = running.command(&["build", "cancel", "app/1"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(stderr(&again).contains("already been canceled"), "{}", stderr(&again));
    assert!(stdout(&running.command(&["build", "list"])).contains("canceled"));
    assert_eq!(running.command(&["build", "show", "app/2"]).status.code(), Some(1));
}

#[test]
fn pipelines_that_are_not_valid_are_refused_with_the_place() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let running = Server::start(folder.path(), "127.0.0.1:0");
    let refused = |text: &str| {
        let pipeline = folder.path().join("p.yml");
        fs::write(&pipeline, text).expect("a file");
        let pipeline = pipeline.to_str().expect("a path in UTF-8");
        let output = running.command(&["build", "create", "--pipeline", pipeline, "--repo", "/x"]);
        assert_eq!(output.status.code(), Some(1), "{text}: {}", stdout(&output));
        stderr(&output)
    };
    assert!(refused("steps:\n  - command: [a\n").contains("line"));
    assert!(refused("steps:\n  - label: nothing\n").contains("\"nothing\""));
    let cycle =
        refused("steps:\n  - {command: a, key: a, depends_on: b}\n  - {command: b, key: b, depends_on: a}\n");
    assert!(cycle.contains("\"a\"") && cycle.contains("\"b\""), "{cycle}");
    let builds = running.json(&["build", "list", "--json"]);
    assert_eq!(builds, serde_json::json!([]), "nothing half-made is left");
}

#[test]
fn commands_that_need_a_server_say_so() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    let data = data.to_str().expect("a path in UTF-8");
    check_refused(&redkite(folder.path(), ["build", "list", "--data", data]), data);
}

#[test]
fn every_command_explains_itself() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (command, names) in [
        (&[][..], "server"),
        (&["server"], "--listen"),
        (&["token"], "create"),
        (&["token", "revoke"], "--data"),
        (&["build"], "unblock"),
        (&["build", "log"], "--follow"),
    ] {
        let help = redkite(folder.path(), command.iter().copied().chain(["--help"]));
        assert!(help.status.success() && stdout(&help).contains(names), "{command:?}: {}", stderr(&help));
        let wrong = redkite(folder.path(), command.iter().copied().chain(["--no-such-flag"]));
        assert_eq!(wrong.status.code(), Some(2), "{command:?}");
        assert!(stderr(&wrong).contains("--no-such-flag"), "{command:?}: {}", stderr(&wrong));
    }
}
