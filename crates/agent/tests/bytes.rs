//! Text that is not UTF-8 in whole bootstraps: variables, paths, arguments (docs/spec/job.md §5).
#![cfg(target_os = "linux")]

mod machine;

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

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
