//! What git and the agent's own program have to do with each other.

use crate::bed::Bed;
use redkite_git::credentials::{Managed, Reach};
use redkite_git::metadata;

/// A stand-in for the agent; it has the meta-data already when `HAS` is set.
fn with_agent() -> Bed {
    let bed = Bed::new();
    bed.sh(
        "printf '#!/bin/sh\\necho \"$*\" >> %s/calls\\ncase \"$2\" in exists) [ -n \"$HAS\" ] || exit 100 ;; set) cat >> %s/calls ;; esac\\n' \
         \"$PWD\" \"$PWD\" > agent && chmod +x agent",
    );
    bed
}

fn report(bed: &mut Bed) -> String {
    let settings = bed.settings("HEAD");
    bed.check_out(&settings).expect("it succeeds");
    metadata::report(&bed.shell, &bed.path("agent"), "HEAD");
    bed.sh("cat calls 2>/dev/null || true")
}

#[test]
fn the_commit_is_described_once() {
    let mut bed = with_agent();
    let commit = bed.commit("main");
    let calls = report(&mut bed);
    let expected = format!(
        "meta-data exists buildkite:git:commit\nmeta-data set buildkite:git:commit\ncommit {commit}\n\
         abbrev-commit {}\nAuthor: Test <test@example.com>\n\n    second",
        &commit[..7]
    );
    assert_eq!(calls, expected);
}

#[test]
fn what_is_known_is_not_sent() {
    let mut bed = with_agent();
    bed.shell.set("HAS", "1");
    assert_eq!(report(&mut bed), "meta-data exists buildkite:git:commit");
    let mut bed = with_agent();
    bed.shell.set("BUILDKITE_COMMIT_RESOLVED", "true");
    assert_eq!(report(&mut bed), "");
}

#[test]
fn a_description_that_cannot_be_had_is_a_warning() {
    let bed = with_agent();
    metadata::report(&bed.shell, &bed.path("agent"), "HEAD");
    assert!(
        bed.log().contains("Couldn't send commit information to Buildkite: getting git commit information")
    );
}

#[test]
fn the_agent_becomes_gits_credential_helper() {
    let bed = Bed::new();
    let config = |key: &str| bed.sh(&format!("git config --global --get {key} || true"));
    assert_eq!(Managed::of(&bed.shell), None);
    bed.shell.set("BUILDKITE_USE_REPOSITORY_PROVIDER_GIT_CREDENTIALS", "true");
    let managed = Managed::of(&bed.shell).expect("it is on");
    managed.begin(&bed.shell, "/opt/it's/agent".as_ref()).expect("git can be configured");
    assert_eq!(config("credential.useHttpPath"), "true");
    assert_eq!(config("credential.helper"), r"!'/opt/it'\''s/agent' git-credentials-helper");
    let rewritten = "url.https://github.com/.insteadOf";
    let reach = |repository: &str| managed.refresh(&bed.shell, repository).expect("git can be configured");
    assert_eq!((reach("git@example.com:o/r.git"), config(rewritten)), (Reach::AsWritten, String::new()));
    assert_eq!(reach("git@github.com:o/r.git"), Reach::Rewritten);
    assert_eq!(config(rewritten), "git@github.com:");
    bed.shell.set("BUILDKITE_USE_GITHUB_APP_GIT_CREDENTIALS", "true");
    assert_eq!(Managed::of(&bed.shell), Some(Managed::Legacy), "the older one wins");
}
