//! Checkouts with submodules.

use crate::bed::Bed;
use redkite_git::Settings;
use redkite_git::settings::{MirrorMode, Mirrors};
use std::time::Duration;

fn with_submodule() -> Bed {
    let bed = Bed::new();
    bed.sh("git init -q -b main lib && cd lib && echo lib > lib.txt && git add . && git commit -qm lib");
    bed.sh("cd project && git submodule -q add \"$PWD/../lib\" vendor/lib && git commit -qm 'with lib'");
    bed
}

#[test]
fn they_are_initialised_reset_and_cleaned() {
    let mut bed = with_submodule();
    let mut settings = bed.settings("HEAD");
    settings.submodules.configuration = vec!["core.abbrev=9".into(), "".into()];
    bed.check_out(&settings).expect("it succeeds");
    bed.sh("cd builds/demo/vendor/lib && echo dirt > lib.txt && touch untracked");
    bed.check_out(&settings).expect("it succeeds");
    assert_eq!(bed.sh("cd builds/demo/vendor/lib && ls && cat lib.txt"), "lib.txt\nlib");
    assert_eq!(
        bed.git()[1..],
        [
            "submodule foreach --recursive \"git clean -ffxdq\"",
            "clean -ffxdq",
            "fetch -v --prune -- origin main",
            "-c advice.detachedHead=false checkout -f FETCH_HEAD",
            "submodule sync --recursive",
            r"config --file .gitmodules --null --get-regexp submodule\..+\.url",
            "-c core.abbrev=9 submodule update --init --recursive --force",
            "submodule foreach --recursive \"git reset --hard\"",
            "clean -ffxdq",
            "submodule foreach --recursive \"git clean -ffxdq\"",
        ]
    );
}

#[test]
fn they_can_be_left_out() {
    let mut bed = with_submodule();
    let mut settings = bed.settings("HEAD");
    settings.submodules.enabled = false;
    bed.check_out(&settings).expect("it succeeds");
    assert_eq!(bed.sh("ls -A builds/demo/vendor/lib"), "");
    assert!(bed.log().contains("submodules are disabled. You can disable this warning"));
}

#[test]
fn a_missing_one_fails_the_checkout() {
    let mut bed = with_submodule();
    bed.sh("rm -rf lib");
    let error = bed.check_out(&bed.settings("HEAD")).expect_err("it is gone");
    assert!(error.to_string().starts_with("updating submodules: exit status"), "{error}");
}

fn mirrored(bed: &Bed, mode: MirrorMode) -> Settings {
    let (path, lock_timeout) = (bed.path("cache/mirrors"), Duration::from_secs(60));
    let mirrors = Some(Mirrors { path, mode, lock_timeout, skip_update: false });
    Settings { mirrors, ..bed.settings("HEAD") }
}

#[test]
fn each_has_a_mirror_of_its_own() {
    let mut bed = with_submodule();
    let settings = mirrored(&bed, MirrorMode::Reference);
    for _ in 0..2 {
        bed.check_out(&settings).expect("it succeeds");
        assert_eq!(bed.sh("cat builds/demo/vendor/lib/lib.txt"), "lib");
    }
    let git = bed.git();
    assert!(
        git.iter().any(|line| line.starts_with("--git-dir") && line.ends_with("fetch origin")),
        "{git:?}"
    );
    assert!(
        git.iter().any(|line| line.contains("submodule update") && line.contains("--reference")),
        "{git:?}"
    );
}

#[test]
fn they_are_as_dissociated_as_the_checkout() {
    let mut bed = with_submodule();
    let settings = mirrored(&bed, MirrorMode::Dissociate);
    bed.check_out(&settings).expect("it succeeds");
    assert!(
        bed.git().iter().any(|line| line.contains("submodule update") && line.ends_with(" --dissociate"))
    );
    assert_eq!(bed.sh("find builds -name alternates"), "");
}

/// Its mirror is the job's own, in which the job's commit is looked for.
#[test]
fn a_repository_can_be_its_own() {
    let mut bed = Bed::new();
    bed.sh("cd project && git submodule -q add \"$PWD\" self && git commit -qm 'with itself'");
    let mut settings = mirrored(&bed, MirrorMode::Reference);
    settings.source.commit = bed.commit("main");
    bed.check_out(&settings).expect("it succeeds");
    let (log, git) = (bed.log(), bed.git());
    assert!(
        log.contains("exists in mirror") && !git.iter().any(|line| line.ends_with("fetch origin")),
        "{log}"
    );
    assert_eq!(bed.sh("cat builds/demo/self/a.txt"), "2");
}

/// A relative address is one in the mirrors' directory, where nothing is.
#[test]
fn a_relative_one_has_no_mirror() {
    let mut bed = with_submodule();
    bed.sh(
        "cd project && git config -f .gitmodules submodule.vendor/lib.url ../lib && git commit -qam relative",
    );
    bed.check_out(&bed.settings("HEAD")).expect("without mirrors it succeeds");
    let settings = mirrored(&bed, MirrorMode::Reference);
    let error = bed.check_out(&settings).expect_err("there is no such repository");
    let says = "getting/updating mirror dir for submodules: exit status 128";
    assert_eq!((error.exit_status(), error.to_string().as_str()), (128, says));
}

#[test]
fn a_list_that_cannot_be_read_is_a_warning() {
    let mut bed = Bed::new();
    bed.sh(
        "cd project && echo '[submodule \"x\"]' > .gitmodules && git add . && git commit -qm 'no address'",
    );
    bed.check_out(&bed.settings("HEAD")).expect("it succeeds");
    assert!(bed.log().contains("Failed to enumerate git submodules: exit status 1"), "{}", bed.log());
    assert!(!bed.git().iter().any(|line| line.contains("submodule update")));
    let last = "submodule foreach --recursive \"git clean -ffxdq\"";
    assert_eq!(bed.git().last().map(String::as_str), Some(last));
}
