//! Every command line of `conformance/pipeline-cases.json`, run with the program itself.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    args: Vec<String>,
    env: BTreeMap<String, String>,
    #[serde(default)]
    files: BTreeMap<String, String>,
    stdin: Option<String>,
    exit: i32,
    stdout_json: Option<serde_json::Value>,
    stdout_text: Option<String>,
}

/// Runs a case in a fresh directory with exactly its environment, `PATH` and `HOME`.
#[expect(clippy::disallowed_methods, reason = "the test runs the program that it tests")]
fn run(case: &Case, directory: &Path) -> Output {
    for (name, content) in &case.files {
        let path = directory.join(name);
        std::fs::create_dir_all(path.parent().expect("files lie below the directory"))
            .expect("it can be made");
        std::fs::write(path, content).expect("it can be written");
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut child = Command::new(env!("CARGO_BIN_EXE_buildkite-agent"))
        .args(&case.args)
        .current_dir(directory)
        .env_clear()
        .envs(&case.env)
        .env("PATH", path)
        .env("HOME", directory)
        .stdin(if case.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program can be started");
    if let Some(text) = &case.stdin {
        // A command that fails early does not read all of it.
        child.stdin.take().expect("it is piped").write_all(text.as_bytes()).ok();
    }
    child.wait_with_output().expect("its output can be read")
}

fn is_as_recorded(case: &Case, output: &Output) -> bool {
    let out = String::from_utf8_lossy(&output.stdout);
    let same = match (&case.stdout_text, &case.stdout_json) {
        (Some(text), _) => out == *text,
        // Key order counts: values keep it, and so do their texts.
        (None, Some(value)) => serde_json::from_str(&out).is_ok_and(|out: serde_json::Value| {
            let texts = [out.to_string(), value.to_string()];
            texts[0] == texts[1]
        }),
        (None, None) => out.is_empty(),
    };
    same && output.status.code() == Some(case.exit)
}

#[test]
fn recorded_cases() {
    let cases: Vec<Case> =
        serde_json::from_str(include_str!("../../../conformance/pipeline-cases.json")).unwrap();
    let mut wrong = Vec::new();
    for case in &cases {
        let directory = tempfile::tempdir().unwrap();
        let output = run(case, directory.path());
        if !is_as_recorded(case, &output) {
            let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
            wrong.push(format!("{}: {}\n{out}\n{err}", case.name, output.status));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
