//! Text that is not UTF-8 in whole bootstraps: variables, paths, arguments (docs/spec/job.md §5).
#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "the test is the parent of the program under test")]

#[path = "own_commands/answering.rs"]
mod answering;
mod machine;
mod plane;

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;

use std::sync::{Arc, OnceLock};

use answering::{Answer, Plane};
use machine::Machine;

/// What of a variable's value can be seen in a log.
const HEX: &str = "hex() { printf %s \"$1\" | od -An -v -tx1 | tr -d ' \\n'; }\n";

fn bytes(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}

/// Prints the bytes of these variables, after a word.
fn prints(word: &str, names: &[&str]) -> String {
    let values: String = names.iter().map(|name| format!(" $(hex \"${name}\")")).collect();
    format!("{HEX}echo \"{word}{values}\"\n")
}

/// A hook of this shell that changes variables in every way.
fn changing(first_line: &str) -> String {
    let new = r"$(printf 'n\377\376w')";
    format!("{first_line}export NEW=\"{new}\" CHANGED=\"$CHANGED\"\"$(printf '\\376')\"\nunset GONE\n")
}

fn with_variables(hook: &str) -> Machine {
    let later = prints("later", &["KEPT", "CHANGED", "NEW"]);
    let command = prints("command", &["KEPT", "CHANGED", "NEW"]);
    Machine::new(&command)
        .env("KEPT", &bytes(b"k\xff"))
        .env("CHANGED", &bytes(b"c\xff"))
        .env("GONE", &bytes(b"g\xff"))
        .agent_hook("environment", hook)
        .agent_hook("pre-command", &later)
}

#[test]
fn values_reach_later_hooks_and_the_command() {
    let expected = ["later 6bff 63fffe 6efffe77\n", "command 6bff 63fffe 6efffe77\n"];
    let said = ["# CHANGED changed\n", "# NEW added\n", "# GONE removed\n", "!KEPT changed"];
    let functions = format!("{}f() {{ :; }}\nexport -f f\n", changing(""));
    for (what, hook) in [
        ("bash", changing("")),
        ("bash by its first line", changing("#!/bin/bash\n")),
        ("a shell that can't tell its exports", changing("#!/bin/sh\n")),
        ("exported functions", functions),
    ] {
        for locale in ["C", "C.UTF-8"] {
            let machine = with_variables(&hook).env("LC_ALL", locale);
            println!("{what} in {locale}");
            machine.check(0, &[&expected[..], &said].concat());
        }
    }
}

#[test]
fn a_secret_that_is_no_text_is_hidden_wherever_it_stands() {
    let command = "echo \"[$OWN_TOKEN] [$HOOK_TOKEN]\"";
    let machine = Machine::new(command)
        .env("OWN_TOKEN", &bytes(b"own\xff\xfesecret"))
        .agent_hook("environment", "export HOOK_TOKEN=$'exported\\xff\\xfesecret'\n")
        .agent_hook("pre-command", "export COPY=\"$HOOK_TOKEN\"; printf '<%s>' \"$HOOK_TOKEN\"\n");
    machine.check(0, &["[[REDACTED]] [[REDACTED]]", "<[REDACTED]>", "!secret", "!own\u{fffd}", "!exported"]);
}

#[test]
fn other_hooks_see_the_bytes_and_change_text() {
    let python = "#!/usr/bin/env python3\nimport os\nprint('python', os.environb[b'KEPT'].hex())\n";
    let job_api = "#!/usr/bin/env python3\nimport subprocess\n\
        subprocess.run(['buildkite-agent', 'env', 'set', 'NEW=n'], check=True)\n\
        subprocess.run(['buildkite-agent', 'env', 'get', 'KEPT'], check=True)\n";
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_buildkite-agent")).parent().expect("it is in one");
    Machine::new(&prints("command", &["KEPT", "NEW"]))
        .env("KEPT", &bytes(b"k\xe2\x82"))
        .env("PATH", &format!("{}:/usr/bin:/bin", bin.display()))
        .agent_hook("environment", python)
        .agent_hook("pre-command", job_api)
        .check(0, &["python 6be282\n", "k\u{fffd}\u{fffd}\n", "command 6be282 6e\n"]);
}

/// A job whose every directory has a name that is no text, and whose repository has one commit.
fn everywhere(command: &str) -> Machine {
    let machine = Machine::new(command);
    let root = machine.root.path().to_owned();
    let script = "git init -q -b main $'r\\xff' && cd $'r\\xff' && mkdir -p .buildkite/hooks && \
        echo 'echo repository hook; export FROM_REPOSITORY=1' > .buildkite/hooks/pre-command && \
        git add . && git commit -qm first";
    sh(&root, script);
    let at = |name: &[u8]| root.join(bytes(name)).into_os_string();
    for directory in [&b"t\xff"[..], b"home\xff", b"hooks\xff", b"more\xff"] {
        std::fs::create_dir(at(directory)).expect("made");
    }
    let hook = |directory: &[u8], name: &str, script: &str| {
        let path = root.join(bytes(directory)).join(name);
        std::fs::write(&path, script).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("set");
    };
    hook(b"hooks\xff", "environment", "export SEEN=\"$BUILDKITE_BUILD_PATH\"\n");
    hook(b"more\xff", "pre-command", "echo more hooks\n");
    let api = "#!/usr/bin/env python3\nimport subprocess\n\
        subprocess.run(['buildkite-agent', 'env', 'set', 'NEW=n'], check=True)\n";
    hook(b"hooks\xff", "pre-command", api);
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_buildkite-agent")).parent().expect("it is in one");
    machine
        .env("BUILDKITE_BOOTSTRAP_PHASES", "plugin,checkout,command")
        .env("BUILDKITE_REPO", &at(b"r\xff"))
        .env("BUILDKITE_PULL_REQUEST", "false")
        .env("BUILDKITE_COMMIT_RESOLVED", "true")
        .env("BUILDKITE_BUILD_PATH", &at(b"b\xff"))
        .env("BUILDKITE_HOOKS_PATH", &at(b"hooks\xff"))
        .env("BUILDKITE_ADDITIONAL_HOOKS_PATHS", &at(b"more\xff"))
        .env("BUILDKITE_PLUGINS_PATH", &at(b"p\xff"))
        .env("BUILDKITE_SOCKETS_PATH", &at(b"s\xff"))
        .env("BUILDKITE_GIT_MIRRORS_PATH", &at(b"g\xff"))
        .env("TMPDIR", &at(b"t\xff"))
        .env("HOME", &at(b"home\xff"))
        .env("PATH", &format!("{}:/usr/bin:/bin", bin.display()))
}

fn sh(directory: &std::path::Path, script: &str) {
    let identity = [("GIT_AUTHOR_NAME", "T"), ("GIT_AUTHOR_EMAIL", "t@example.com")];
    let committer = [("GIT_COMMITTER_NAME", "T"), ("GIT_COMMITTER_EMAIL", "t@example.com")];
    let mut command = std::process::Command::new("bash");
    command
        .args(["-ec", script])
        .current_dir(directory)
        .env("HOME", directory)
        .envs(identity)
        .envs(committer);
    assert!(command.status().expect("there is a shell").success(), "{script}");
}

fn hex(text: impl AsRef<std::ffi::OsStr>) -> String {
    text.as_ref().as_encoded_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn directories_can_have_any_name() {
    let job = everywhere(&prints("command", &["PWD", "SEEN", "FROM_REPOSITORY", "NEW"]));
    let build = job.root.path().join(bytes(b"b\xff"));
    let expected = format!("command {} {} 31 6e\n", hex(build.join("agent/org/pipe")), hex(&build));
    let said = ["more hooks\n", "repository hook\n", "Cloning a mirror of the repository"];
    job.check(0, &[&[expected.as_str()], &said[..]].concat());
    // And what is there already is found again.
    job.check(0, &[&[expected.as_str()], &said[..2], &["Updating existing repository mirror"]].concat());
}

#[test]
fn plugins_lie_in_such_a_directory_too() {
    let job = everywhere("true");
    let root = job.root.path().to_owned();
    let script = "git init -q -b main plugin && cd plugin && mkdir hooks && \
        printf '#!/bin/bash\\necho plugin hook\\n' > hooks/pre-command && chmod +x hooks/* && \
        git add . && git commit -qm first";
    sh(&root, script);
    let plugin = format!("[\"file://{}/plugin\"]", root.display());
    let job = job.env("BUILDKITE_PLUGINS", &plugin);
    job.check(0, &["will be checked out to", "plugin hook\n"]);
    job.check(0, &["already checked out", "plugin hook\n"]);
}

#[test]
fn options_and_the_command_can_be_any_bytes() {
    let words = r#"exec "$@" --command "$TEXT" --shell "$SHELL_WORDS""#;
    let interpreter = bytes(b"sh\xff");
    let machine = Machine::new("").wrapped(&["bash", "-c", words, "bash"]);
    let path = machine.root.path().join(&interpreter);
    std::os::unix::fs::symlink("/bin/bash", &path).expect("linked");
    let mut shell = path.into_os_string();
    shell.push(" -e -c");
    let command = bytes(b"printf '<\xff\xfe>' | od -An -v -tx1 | tr -d ' '; exit 3");
    machine.env("TEXT", &command).env("SHELL_WORDS", &shell).check(3, &["3cfffe3e\n"]);
}

#[test]
fn a_script_can_have_any_name() {
    let machine = Machine::new("");
    let name = bytes(b"scri\xffpt.sh");
    std::fs::write(machine.checkout().join(&name), "#!/bin/sh\necho script ran\n").expect("written");
    machine.env("BUILDKITE_COMMAND", &name).check(0, &["~~~ Running script\n", "script ran\n"]);
}

/// A plane that takes so many artifacts at once.
fn taking(artifacts: usize) -> Plane {
    let address = Arc::new(OnceLock::<String>::new());
    let known = address.clone();
    let plane = Plane::new(move |route, _| {
        let url = known.get().filter(|_| route == "POST /v3/jobs/job/artifacts")?;
        let ids: Vec<_> = (0..artifacts).map(|id| format!("\"{id}\"")).collect();
        Some(Answer::Of(
            201,
            format!(
                r#"{{"id":"b","artifact_ids":[{}],"upload_instructions":{{"data":{{}},"action":
            {{"url":"{url}","method":"POST","path":"up","file_input":"file"}}}}}}"#,
                ids.join(",")
            ),
        ))
    });
    address.set(plane.address().to_owned()).expect("it is set once");
    plane
}

#[test]
fn artifacts_can_have_any_name() {
    let plane = taking(4);
    let command = "mkdir $'d\\xff' && for name in $'b\\xff\\xfe' $'d\\xff/a' $'\\xfd' plain; do echo $name > $name.txt; done";
    Machine::new(command)
        .env("BUILDKITE_ARTIFACT_PATHS", &bytes(b"b*.txt;d\xff/*.txt;\xfd.txt;plain.txt;e\xfe.txt"))
        .env("BUILDKITE_AGENT_ENDPOINT", &plane.url())
        .env("BUILDKITE_AGENT_ACCESS_TOKEN", "session-token")
        .check(0, &["Couldn't walk path e\u{fffd}.txt", "!panicked"]);
    let create = plane.request("POST /v3/jobs/job/artifacts");
    for path in ["b\u{fffd}\u{fffd}.txt", "d\u{fffd}/a.txt", "\u{fffd}.txt", "plain.txt"] {
        assert!(create.contains(&format!("\"path\":{:?}", path)), "{path} is not in {create}");
    }
    assert_eq!(plane.count("POST /up"), 4);
}

#[test]
fn artifacts_are_downloaded_into_any_directory() {
    let found =
        r#"[{"id":"i","job_id":"j","path":"c\ufffd/d.txt","file_size":4,"sha1sum":"","url":"URL/file"}]"#;
    let address = Arc::new(OnceLock::<String>::new());
    let known = address.clone();
    let plane = Plane::new(move |route, _| match route {
        "GET /file" => Some(Answer::of(200, "text")),
        route if route.contains("/artifacts/search") => {
            Some(Answer::of(200, &found.replace("URL", known.get()?)))
        }
        _ => None,
    });
    address.set(plane.address().to_owned()).expect("it is set once");
    let command = "mkdir $'to\\xff' && buildkite-agent artifact download '*' $'to\\xff' && cat to*/c*/*";
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_buildkite-agent")).parent().expect("it is in one");
    Machine::new(command)
        .env("PATH", &format!("{}:/usr/bin:/bin", bin.display()))
        .env("BUILDKITE_BUILD_ID", "build")
        .env("BUILDKITE_AGENT_ENDPOINT", &plane.url())
        .env("BUILDKITE_AGENT_ACCESS_TOKEN", "session-token")
        .check(0, &["text"]);
}

/// A real agent whose configuration file has a name, and values, that are no text.
#[test]
fn an_agent_hands_bytes_on_to_its_jobs() {
    let root = tempfile::tempdir().expect("a directory");
    let at = |name: &[u8]| root.path().join(bytes(name));
    for directory in [&b"tmp"[..], b"hooks\xff"] {
        std::fs::create_dir(at(directory)).expect("made");
    }
    std::fs::write(at(b"hooks\xff").join("pre-command"), "echo agent hook\n").expect("written");
    let mut configuration = Vec::new();
    for (key, value) in
        [("build-path", at(b"b\xff")), ("hooks-path", at(b"hooks\xff")), ("sockets-path", at(b"s\xff"))]
    {
        configuration
            .extend([key.as_bytes(), b"=\"", value.as_os_str().as_encoded_bytes(), b"\"\n"].concat());
    }
    std::fs::write(at(b"c\xff.cfg"), configuration).expect("written");
    let plane = plane::Plane::new(&prints("command", &["MINE", "PWD", "BUILDKITE_CONFIG_PATH"]));
    let mut start = std::process::Command::new(env!("CARGO_BIN_EXE_buildkite-agent"));
    start.args([
        "start",
        "--token",
        "token",
        "--disconnect-after-job",
        "--no-ansi-timestamps",
        "--name",
        "agent",
    ]);
    start
        .args(["--ping-mode", "ping-only", "--endpoint", plane.url(), "--no-pty", "--config"])
        .arg(at(b"c\xff.cfg"));
    start.env_clear().env("HOME", root.path()).env("TMPDIR", at(b"tmp")).env("PATH", "/usr/bin:/bin");
    let output = start.env("MINE", bytes(b"m\xff\xfe")).output().expect("the agent starts");
    let log = String::from_utf8_lossy(&plane.log()).into_owned();
    assert!(output.status.success(), "{}{log}", String::from_utf8_lossy(&output.stderr));
    let build = at(b"b\xff").join("agent/org/pipe");
    let expected = format!("command 6dfffe {} {}", hex(build), hex(at(b"c\xff.cfg")));
    assert!(log.contains(&expected) && log.contains("agent hook"), "{expected} is not in {log}");
}
