//! The hooks of a process, in folders of their own.
#![cfg(unix)]

use super::*;
use crate::settings::test_settings;
use std::os::unix::fs::PermissionsExt;

/// Runs `agent-startup` with these scripts in folders of their own, the first of which is `hooks-path`; answers
/// what they wrote and whether all went well. An empty script is a folder without hook, `-` no folder at all.
fn check(scripts: &[&str], written: &str, well: bool) {
    let root = tempfile::tempdir().unwrap();
    let folder = |(number, script): (usize, &&str)| {
        let folder = root.path().join(format!("hooks-{number}"));
        if *script != "-" {
            std::fs::create_dir(&folder).unwrap();
        }
        if !matches!(*script, "-" | "") {
            let path = folder.join("agent-startup");
            let out = root.path().join("out").display().to_string();
            std::fs::write(&path, format!("#!/bin/sh\nexec >>\"{out}\"\n{script}\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        folder
    };
    let mut folders = scripts.iter().enumerate().map(folder);
    let mut settings = test_settings();
    settings.environment = vec![("PATH".into(), "/usr/bin:/bin".into()), ("OF".into(), "the agent".into())];
    settings.job.hooks_path = folders.next().unwrap_or_default();
    settings.job.additional_hooks_paths = folders.map(Into::into).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let result = runtime.block_on(LifecycleHooks::new(&settings, &[]).run("agent-startup"));
    let out = std::fs::read_to_string(root.path().join("out")).unwrap_or_default();
    assert_eq!((out.as_str(), result.is_ok()), (written, well), "{scripts:?}: {result:?}");
}

#[test]
fn hooks_run_one_after_another_until_one_fails() {
    check(&[], "", true);
    check(&["", "-"], "", true);
    check(&["echo a", "echo b", "", "echo c"], "a\nb\nc\n", true);
    check(&["echo a; exit 3", "echo b"], "a\n", false);
    check(&["", "echo b; exit 3", "echo c"], "b\n", false);
    check(
        &["-", "echo \"$OF $BUILDKITE_AGENT_IDS-$BUILDKITE_AGENT_NAMES ${BUILDKITE_BUILD_PATH-none}\""],
        "the agent - none\n",
        true,
    );
}
