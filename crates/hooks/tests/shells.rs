//! Hooks in real shells: what they export is what is captured.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use redkite_hooks::{Changes, Hook, HookName, HookSettings, Scope};
use redkite_process::{Cancel, Context, Signal, Terminal};
use redkite_shell::{EnvDiff, Log, Setup, Shell, Verbosity};
use tempfile::TempDir;

/// Stands in for the agent: prints its environment as `env dump` does.
///
/// Python sets `LC_CTYPE` itself.
const AGENT: &str = "#!/usr/bin/env python3\nimport json, os\nos.environ.pop('LC_CTYPE', None)\n\
                     print(json.dumps(dict(os.environ)))\n";

struct Fixture {
    root: TempDir,
    shell: Shell,
}

impl Fixture {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a directory");
        write(&root.path().join("agent"), AGENT);
        std::fs::create_dir(root.path().join("tmp")).expect("made");
        let base = [("PATH", "/usr/bin:/bin"), ("OLD", "1"), ("GONE", "1"), ("dotted.name", "1")];
        let shell = Shell::new(Setup {
            base_env: base.iter().map(|(name, value)| (name.into(), value.into())).collect(),
            directory: root.path().into(),
            log: Log::new(std::io::sink(), std::io::sink(), Vec::new()),
            context: Context::until(&Cancel::new()),
            signal: Signal::TERM,
            grace: Duration::from_secs(60),
            terminal: Terminal::None,
            verbosity: Verbosity::Normal,
            trace: Default::default(),
        });
        Self { root, shell }
    }

    fn run(&self, hooks_shell: &str, script: &str) -> Changes {
        let path = self.root.path().join("hook");
        write(&path, script);
        let hook = Hook { name: HookName::PreCommand, scope: Scope::Agent, path, variables: Vec::new() };
        let settings = HookSettings {
            hooks_shell: hooks_shell.into(),
            agent: self.root.path().join("agent"),
            temporary: self.root.path().join("tmp"),
        };
        let changes = hook.run(&self.shell, &settings).expect("the hook passes");
        let left = std::fs::read_dir(self.root.path().join("tmp")).expect("it is there").count();
        assert_eq!(left, 0, "temporary files are left");
        changes
    }
}

fn write(path: &Path, script: &str) {
    std::fs::write(path, script).expect("written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("set");
}

/// The differences that a hook has made, one a line, by kind and name.
fn lines(diff: &EnvDiff) -> Vec<String> {
    let added = diff.added.iter().map(|(name, value)| format!("+{name}={}", value.display()));
    let changed = diff.changed.iter().map(|(name, change)| format!("~{name}={}", change.new.display()));
    added.chain(changed).chain(diff.removed.iter().map(|name| format!("-{name}"))).collect()
}

fn check(hooks_shell: &str, script: &str, expected: &[&str]) {
    match Fixture::new().run(hooks_shell, script) {
        Changes::Captured { diff, .. } => assert_eq!(lines(&diff), expected, "{hooks_shell} {script}"),
        other => panic!("{other:?}"),
    }
}

const SCRIPT: &str = "export NEW='a=\"b\" $c\n\nd' OLD=2 EMPTY=\nunset GONE\nLOCAL=1\n";
const CHANGES: &[&str] = &["+EMPTY=", "+NEW=a=\"b\" $c\n\nd", "~OLD=2", "-GONE"];

#[test]
fn shells_are_captured_alike() {
    check("", SCRIPT, CHANGES);
    check("", &format!("#!/bin/bash -eu\n{SCRIPT}"), CHANGES);
    check("", &format!("#!/bin/sh\n{SCRIPT}"), CHANGES);
    check("bash --posix", SCRIPT, CHANGES);
    check("", &format!("{SCRIPT}set -o noclobber; return 0"), CHANGES);
    check("", &format!("{SCRIPT}builtin() {{ false; }}; set -e; return 0"), CHANGES);
}

#[test]
fn difficult_values() {
    check("", "export A=$'\\x01\\e\\r\\t' B='é\\' C='$'\"'\"", &["+A=\u{1}\u{1b}\r\t", "+B=é\\", "+C=$'"]);
    check("", "declare -rx A=1; declare -ix B=2; declare -x N; declare -ax L=(1)", &["+A=1", "+B=2"]);
}

#[test]
fn exported_functions_travel() {
    check("", "f() { echo hi; }; export -f f", &["+BASH_FUNC_f%%=() {  echo hi\n}"]);
}

#[test]
fn an_early_exit_loses_changes() {
    for script in ["export A=1; exit 0", "export A=1; exec true"] {
        assert_eq!(Fixture::new().run("", script), Changes::Lost);
    }
}

#[test]
fn the_directory_is_where_the_hook_ended() {
    match Fixture::new().run("", "cd /usr") {
        Changes::Captured { directory, .. } => assert_eq!(directory, Some("/usr".into())),
        other => panic!("{other:?}"),
    }
}
