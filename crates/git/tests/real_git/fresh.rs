//! Checkouts into an empty directory.

use crate::bed::Bed;
use redkite_git::Settings;
use redkite_git::settings::PullRequestRef;

/// The git commands after the clone's clean and before the checkout.
fn check(change: impl FnOnce(&mut Settings, &Bed), content: &str, fetch: &[&str], reference: &str) {
    let mut bed = Bed::new();
    let mut settings = bed.settings("HEAD");
    change(&mut settings, &bed);
    bed.check_out(&settings).expect("it succeeds");
    assert_eq!(bed.checked_out(), content);
    let commit = settings.source.commit.clone();
    let known = |line: &String| if commit == "HEAD" { line.clone() } else { line.replace(&commit, "COMMIT") };
    let git: Vec<_> = bed.git().iter().map(known).collect();
    let mut expected = vec!["clone -v -- $ROOT/project .", "clean -ffxdq"];
    expected.extend(fetch);
    let checkout = format!("-c advice.detachedHead=false checkout -f {reference}");
    expected.extend([checkout.as_str(), "clean -ffxdq"]);
    assert_eq!(git, expected);
}

#[test]
fn the_tip_of_a_branch() {
    check(|_, _| {}, "2", &["fetch -v --prune -- origin main"], "FETCH_HEAD");
}

#[test]
fn one_commit() {
    check(
        |settings, bed| settings.source.commit = bed.commit("main~1"),
        "1",
        &["fetch -v --prune -- origin COMMIT"],
        "COMMIT",
    );
}

#[test]
fn a_short_commit_is_found_among_all_heads() {
    check(
        |settings, bed| settings.source.commit = bed.commit("side")[..9].to_owned(),
        "side",
        &[
            "fetch -v --prune -- origin COMMIT",
            "config remote.origin.fetch",
            "fetch -v --prune -- origin +refs/heads/*:refs/remotes/origin/* +refs/tags/*:refs/tags/*",
        ],
        "COMMIT",
    );
}

#[test]
fn a_pull_request() {
    check(
        |settings, bed| {
            settings.source.commit = bed.commit("side");
            settings.source.pull_request = "7".into();
            settings.source.provider = "github".into();
            settings.source.pull_request_ref = PullRequestRef::Head;
        },
        "side",
        &["fetch -v --prune -- origin refs/pull/7/head COMMIT", "rev-parse FETCH_HEAD"],
        "COMMIT",
    );
}

#[test]
fn custom_refspecs_and_flags_are_split() {
    let mut bed = Bed::new();
    let mut settings = bed.settings("HEAD");
    settings.source.refspec = "main 'refs/pull/7/head'".into();
    settings.flags.clone = "-v -c 'user.name=A B'".into();
    settings.flags.clean = "-ffdx -e 'keep me'".into();
    bed.check_out(&settings).expect("it succeeds");
    let git = bed.git();
    assert_eq!(git[0], "clone -v -c \"user.name=A B\" -- $ROOT/project .");
    assert_eq!(git[1], "clean -ffdx -e \"keep me\"");
    assert_eq!(git[2], "fetch -v --prune -- origin main refs/pull/7/head");
}

#[test]
fn a_key_is_there_for_git_only() {
    let mut bed = Bed::new();
    let mut settings = bed.settings("HEAD");
    settings.ssh_key = "KEY\n\n".into();
    settings.repository = format!("ssh://git@code.example{}", settings.repository.display()).into();
    bed.sh(
        "cat > ssh <<'END'\n#!/bin/sh\nprintf '%s\\n' \"$@\" | grep -A1 -e '^-i$' | tail -1 | xargs -I KEY sh -c 'cat KEY; stat -c %a KEY \"$(dirname KEY)\"' > \"$HOME/key.log\"\n\
         for last in \"$@\"; do :; done\nexec sh -c \"$last\"\nEND\nchmod +x ssh",
    );
    let path = bed.shell.env().text("PATH").into_owned();
    bed.shell.set("PATH", format!("{}:{path}", bed.path("").display()));
    bed.shell.set("GIT_SSH_VARIANT", "ssh");
    bed.check_out(&settings).expect("it succeeds");
    assert_eq!(bed.sh("cat home/key.log"), "KEY\n600\n700");
    assert_eq!(bed.shell.get("GIT_SSH_COMMAND"), None);
    assert_eq!(bed.sh("ls -A builds"), "demo");
}

#[test]
fn the_experiment_resolves_the_commit() {
    let mut bed = Bed::new();
    let mut settings = bed.settings("HEAD");
    settings.resolve_commit = true;
    bed.shell.set("BUILDKITE_COMMIT", "HEAD");
    bed.check_out(&settings).expect("it succeeds");
    assert_eq!(bed.shell.get("BUILDKITE_COMMIT"), Some(bed.commit("main").into()));
}
