//! Checkouts into a directory that has been used before.

use crate::bed::Bed;

#[test]
fn a_second_build_fetches() {
    let mut bed = Bed::new();
    bed.check_out(&bed.settings("HEAD")).expect("it succeeds");
    bed.sh("cd builds/demo && echo dirt > a.txt && touch untracked && mkdir -p .git/kept");
    let commit = bed.commit("main~1");
    bed.check_out(&bed.settings(&commit)).expect("it succeeds");
    assert_eq!(bed.checked_out(), "1");
    assert_eq!(bed.sh("cd builds/demo && ls && ls -d .git/kept"), "a.txt\n.git/kept");
    let git: Vec<_> = bed.git().iter().map(|line| line.replace(&commit, "COMMIT")).collect();
    assert_eq!(
        git,
        [
            "config --get-all remote.origin.url",
            "clean -ffxdq",
            "fetch -v --prune -- origin COMMIT",
            "-c advice.detachedHead=false checkout -f COMMIT",
            "clean -ffxdq",
        ]
    );
}

#[test]
fn another_origin_is_corrected() {
    let mut bed = Bed::new();
    bed.check_out(&bed.settings("HEAD")).expect("it succeeds");
    bed.sh("git -C builds/demo remote set-url origin /nowhere && touch builds/demo/.git/kept");
    bed.check_out(&bed.settings("HEAD")).expect("it succeeds");
    assert!(bed.git().contains(&"remote set-url origin $ROOT/project".to_owned()));
    assert!(bed.log().contains("has changed (/nowhere -> "));
    assert!(bed.path("builds/demo/.git/kept").exists());
}

#[test]
fn a_commit_that_is_there_is_not_fetched_if_so_wanted() {
    let mut bed = Bed::new();
    bed.check_out(&bed.settings("HEAD")).expect("it succeeds");
    let mut settings = bed.settings(&bed.commit("main~1"));
    settings.skip_fetch_existing = true;
    bed.check_out(&settings).expect("it succeeds");
    assert!(!bed.git().iter().any(|line| line.starts_with("fetch")));
    assert_eq!(bed.checked_out(), "1");
    settings.source.commit = "HEAD".into();
    bed.check_out(&settings).expect("it succeeds");
    assert!(bed.git().iter().any(|line| line.starts_with("fetch")));
}

/// What is broken is removed and cloned again, in the second attempt.
fn check_healed(breakage: &str) {
    let mut bed = Bed::new();
    bed.check_out(&bed.settings("HEAD")).expect("it succeeds");
    bed.sh(&format!("touch builds/demo/.git/broken && cd builds/demo && {breakage}"));
    let mut settings = bed.settings("HEAD");
    settings.attempts = 2;
    bed.check_out(&settings).expect("the second attempt succeeds");
    assert_eq!(bed.checked_out(), "2", "{breakage}");
    assert!(!bed.path("builds/demo/.git/broken").exists(), "{breakage}");
}

#[test]
fn a_locked_index_is_healed() {
    check_healed("touch .git/index.lock");
}

#[test]
fn a_garbled_head_is_healed() {
    check_healed("echo garbage > .git/HEAD");
}

#[test]
fn a_repository_without_origin_is_healed() {
    check_healed("git remote remove origin");
}

/// The reference agent tries this until its attempts are used up (spec/README.md, fact 10).
#[test]
fn a_missing_object_is_healed_in_the_third_attempt() {
    let mut bed = Bed::new();
    bed.check_out(&bed.settings(&bed.commit("main~1"))).expect("it succeeds");
    bed.sh(
        "cd builds/demo && git fetch -q origin && blob=$(git rev-parse main:a.txt) && \
         git repack -q -a -d && for pack in .git/objects/pack/*.pack; do mv $pack x.pack && rm -f ${pack%.pack}.* && \
         git unpack-objects -q < x.pack && rm -f x.pack; done && rm -f .git/objects/$(echo $blob | sed 's|^..|&/|')",
    );
    let mut settings = bed.settings(&bed.commit("main"));
    settings.attempts = 3;
    bed.check_out(&settings).expect("the third attempt succeeds");
    assert_eq!(bed.checked_out(), "2");
    assert_eq!(bed.git().iter().filter(|line| line.starts_with("clone")).count(), 1);
}
