//! What git and the agent's own program have to do with each other.

use crate::bed::Bed;
use redkite_git::credentials::{Managed, Reach};
use redkite_git::metadata::{self, MetaData};
use redkite_shell::{RunError, Shell};

/// A build's meta-data that remembers what was asked of it.
#[derive(Default)]
struct Build {
    has: bool,
    calls: Vec<String>,
}

impl MetaData for Build {
    fn has_meta_data(&mut self, _: &Shell, key: &str) -> bool {
        self.calls.push(format!("has {key}"));
        self.has
    }

    fn set_meta_data(&mut self, _: &Shell, key: &str, value: String) -> Result<(), RunError> {
        self.calls.push(format!("set {key} {value}"));
        Ok(())
    }
}

fn report(bed: &mut Bed, mut build: Build) -> Vec<String> {
    let settings = bed.settings("HEAD");
    bed.check_out(&settings).expect("it succeeds");
    metadata::report(&bed.shell, &mut build, "HEAD");
    build.calls
}

#[test]
fn the_commit_is_described_once() {
    let mut bed = Bed::new();
    let commit = bed.commit("main");
    let expected = format!(
        "set buildkite:git:commit commit {commit}\nabbrev-commit {}\n\
         Author: Test <test@example.com>\n\n    second",
        &commit[..7]
    );
    assert_eq!(report(&mut bed, Build::default()), ["has buildkite:git:commit".to_owned(), expected]);
}

#[test]
fn what_is_known_is_not_sent() {
    let known = Build { has: true, ..Build::default() };
    assert_eq!(report(&mut Bed::new(), known), ["has buildkite:git:commit"]);
    let mut bed = Bed::new();
    bed.shell.set("BUILDKITE_COMMIT_RESOLVED", "true");
    assert!(report(&mut bed, Build::default()).is_empty());
}

#[test]
fn a_description_that_cannot_be_had_is_a_warning() {
    let bed = Bed::new();
    metadata::report(&bed.shell, &mut Build::default(), "HEAD");
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
