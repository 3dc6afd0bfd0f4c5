//! Checkouts with submodules.

use crate::bed::Bed;
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

#[test]
fn each_has_a_mirror_of_its_own() {
    let mut bed = with_submodule();
    let mut settings = bed.settings("HEAD");
    settings.mirrors = Some(Mirrors {
        path: bed.path("mirrors"),
        mode: MirrorMode::Reference,
        lock_timeout: Duration::from_secs(60),
        skip_update: false,
    });
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
