//! What options of `start` may say (docs/spec/cli.json): every word that is allowed is, any other is refused by name.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "the test is the parent of the program under test")]

use std::process::{Command, Stdio};

use serde_json::Value;

/// The last check of all; it is reached when nothing else is wrong.
const LAST: &str = "invalid spawn 0, must be at least 1";

/// What `start` says when it is given this; it fails in any case.
fn check(options: &[&str], says: &str) -> String {
    let root = tempfile::tempdir().expect("a directory");
    let mut command = Command::new(env!("CARGO_BIN_EXE_buildkite-agent"));
    command
        .args(["start", "--token", "token", "--no-color", "--spawn", "0", "--build-path"])
        .arg(root.path());
    command.args(options).env_clear().env("HOME", root.path()).env("PATH", "/usr/bin:/bin");
    let output = command.stdin(Stdio::null()).output().expect("the agent starts");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(1), "{options:?}\n{said}");
    assert!(said.contains(says), "{options:?}\n{said}");
    said
}

#[test]
fn words_are_checked() {
    let table: Value = serde_json::from_str(include_str!("../../../docs/spec/cli.json")).expect("it is JSON");
    let all = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let start = all(&table["commands"]).into_iter().find(|command| command["command"] == "start");
    let start = start.expect("it is in the table");
    let sets = all(&start["include"])
        .into_iter()
        .flat_map(|set| all(&table["flag_sets"][set.as_str().unwrap_or("")]));
    let flags: Vec<_> = sets.chain(all(&start["flags"])).filter(|flag| !flag["allowed"].is_null()).collect();
    assert!(flags.len() >= 12, "{}", flags.len());
    std::thread::scope(|scope| {
        for flag in &flags {
            scope.spawn(|| {
                let name = flag["name"].as_str().unwrap_or_default();
                for word in all(&flag["allowed"]) {
                    check(&[&format!("--{name}={}", word.as_str().unwrap_or_default())], LAST);
                }
                let said = check(&[&format!("--{name}=never-heard-of")], "never-heard-of");
                // All but a level of the log end the program.
                let goes_on = flag["if_not_allowed"] == "warning";
                assert_eq!(said.contains(LAST), goes_on, "{name}: {said}");
            });
        }
    });
}

/// docs/spec/agent.md §2.2: what options say together.
#[test]
fn combinations_are_checked() {
    for (line, says) in [
        ("--spawn=2 --spawn-per-cpu=1", "you can't specify spawn and spawn-per-cpu at the same time"),
        ("--spawn=2 --acquire-job=j", "you can't spawn multiple agents and acquire a job at the same time"),
        ("--spawn-per-cpu=9223372036854775807", "must be at least 1"),
        ("--spawn=4294967296", "invalid spawn 4294967296"),
        ("--cancel-grace-period=1 --signal-grace-period-seconds=-2", "must be at least as big as"),
        ("--cancel-grace-period=5 --signal-grace-period-seconds=5", "must be greater than"),
        ("--queue=a --tags=queue=b", "Queue must be present in only one"),
        ("--allowed-environment-variables=A", "enable-environment-variable-allowlist is not set"),
        ("--allowed-plugins=(", "Regex ( in allowed-plugins failed to compile"),
        ("--allowed-repositories=(", "Regex ( is allowed-repositories failed to compile"),
        ("--verification-jwks-file=/nonexistent", "Verification JWKS failed validation"),
        ("--signing-jwks-file=/nonexistent", "Signing JWKS failed validation"),
        ("--wait-for-ec2-tags-timeout=soon", "wait-for-ec2-tags-timeout"),
    ] {
        check(&line.split(' ').collect::<Vec<_>>(), says);
    }
}

/// No profile is written; what shows the same is named.
#[test]
fn a_profile_is_refused_or_warned_of() {
    for (mode, says) in
        [("cpu", "perf record"), ("mem", "heaptrack"), ("trace", "strace"), ("block", "strace")]
    {
        let said = check(&["--profile", mode], says);
        assert!(said.contains(&format!("--profile {mode} has no effect")) && said.contains(LAST), "{said}");
    }
    for mode in ["CPU", "cpu,mem", "heap"] {
        let said = check(&["--profile", mode], &format!("Unknown profile mode \"{mode}\""));
        assert!(!said.contains(LAST), "{said}");
    }
    assert!(!check(&["--profile="], LAST).contains("profile"));
}
