//! Commits are verified to be on their branches (spec/checkout.md §15).

use crate::bed::Bed;
use redkite_git::Settings;
use redkite_git::settings::Verification;

#[test]
fn a_commit_must_be_on_its_branch() {
    let mut bed = Bed::new();
    let mut settings = bed.settings(&bed.commit("side"));
    settings.verification = Verification::Strict;
    settings.attempts = 3;
    let error = bed.check_out(&settings).expect_err("it is on another");
    assert!(error.to_string().contains("is not on branch \"main\""), "{error}");
    assert_eq!(error.exit_status(), 1);
    assert_eq!(bed.git().iter().filter(|line| line.starts_with("clone")).count(), 1, "it is not tried again");

    settings.verification = Verification::Warn;
    bed.check_out(&settings).expect("a warning is enough");
    assert_eq!(bed.checked_out(), "side");

    settings.verification = Verification::Strict;
    settings.source.branch = "side".into();
    bed.check_out(&settings).expect("there it is");
    assert!(
        bed.git().contains(&"update-ref -d refs/buildkite-agent/commit-verification-branch-tip".to_owned())
    );
}

#[test]
fn a_shallow_clone_is_deepened_for_verification() {
    let mut bed = Bed::new();
    let mut settings = bed.settings(&bed.commit("main~1"));
    settings.repository = format!("file://{}", settings.repository.display()).into();
    settings.flags.clone = "--depth=1".into();
    settings.flags.fetch = "--depth 1".into();
    settings.verification = Verification::Strict;
    bed.check_out(&settings).expect("it is there, deeper");
    let deeper =
        "fetch --deepen=50 -- origin +refs/heads/main:refs/buildkite-agent/commit-verification-branch-tip";
    assert!(bed.git().contains(&deeper.to_owned()), "{:?}", bed.git());
    assert_eq!(bed.checked_out(), "1");
}

fn strict(bed: &Bed, commit: &str) -> Settings {
    Settings { verification: Verification::Strict, ..bed.settings(commit) }
}

fn verifying(bed: &Bed) -> Vec<String> {
    bed.git()
        .into_iter()
        .filter(|line| line.contains("merge-base") || line.contains("commit-verification"))
        .collect()
}

#[test]
fn what_has_no_branch_to_be_on_is_not_verified() {
    let check = |change: &dyn Fn(&mut Settings), reason: &str| {
        let mut bed = Bed::new();
        let mut settings = strict(&bed, &bed.commit("main"));
        change(&mut settings);
        bed.check_out(&settings).unwrap_or_else(|error| panic!("{error}\n{}", bed.log()));
        let says = format!("# Skipping commit verification: {reason}\n");
        assert!(bed.log().contains(&says), "{says}: {}", bed.log());
        assert_eq!(verifying(&bed), Vec::<String>::new());
    };
    check(&|settings| settings.source.commit = "HEAD".into(), "commit is HEAD");
    check(&|settings| settings.source.branch.clear(), "no branch specified");
    check(&|settings| settings.source.tag = "v1".into(), "tag build (v1)");
    check(&|settings| settings.source.pull_request = "7".into(), "pull request build (#7)");
    check(&|settings| settings.source.refspec = "main".into(), "custom refspec is set (main)");
    // The first of several.
    let both = |settings: &mut Settings| {
        settings.source.tag = "v1".into();
        settings.source.pull_request = "7".into();
    };
    check(&both, "tag build (v1)");
}

/// What can't be found out is a warning, also where a commit elsewhere would be fatal. The branch is one word, unlike
/// in the fetch of the job itself.
#[test]
fn a_branch_that_is_not_there_is_a_warning() {
    let mut bed = Bed::new();
    let mut settings = strict(&bed, &bed.commit("main"));
    settings.source.branch = "no such branch".into();
    bed.check_out(&settings).unwrap_or_else(|error| panic!("{error}\n{}", bed.log()));
    let says = "Warning: commit verification unavailable: unable to fetch branch \"no such branch\": exit status 128";
    assert!(bed.log().contains(says), "{}", bed.log());
    assert_eq!(bed.checked_out(), "2");
    let last = verifying(&bed).pop();
    assert_eq!(last.as_deref(), Some("update-ref -d refs/buildkite-agent/commit-verification-branch-tip"));
}

/// The history that is there doesn't reach it, and the branch's whole history doesn't either.
#[test]
fn a_shallow_clone_is_completed_before_a_commit_is_refused() {
    let mut bed = Bed::new();
    let mut settings = strict(&bed, &bed.commit("side"));
    settings.repository = format!("file://{}", settings.repository.display()).into();
    settings.flags.clone = "--depth=1 --no-single-branch".into();
    settings.flags.fetch = "--depth 1".into();
    bed.sh("cd project && for number in $(seq 60); do git commit -q --allow-empty -m $number; done");
    let error = bed.check_out(&settings).expect_err("it is on another");
    assert_eq!(error.exit_status(), 1);
    let deepened: Vec<_> =
        bed.log().lines().filter(|line| line.starts_with("# Deepening")).map(str::to_owned).collect();
    assert_eq!(
        deepened,
        [
            "# Deepening checkout to verify commit (--deepen=50)...",
            "# Deepening checkout to verify commit (--unshallow)..."
        ]
    );
    assert_eq!(bed.sh("git -C builds/demo for-each-ref refs/buildkite-agent"), "");
}
