//! What a failed checkout leaves behind, and how often it is tried.

use crate::bed::Bed;
use redkite_git::{CheckoutError, Settings, directory};
use std::time::Duration;

fn fail(bed: &mut Bed, settings: &Settings, status: i32, says: &str) -> CheckoutError {
    let error = bed.check_out(settings).expect_err("it can't succeed");
    assert_eq!(error.exit_status(), status, "{error}");
    assert!(error.to_string().contains(says), "{error}");
    error
}

fn entries(bed: &Bed) -> String {
    bed.sh("ls -A builds/demo")
}

#[test]
fn a_missing_repository() {
    let mut bed = Bed::new();
    let mut settings = bed.settings("HEAD");
    settings.repository = "/nowhere/at/all".into();
    fail(&mut bed, &settings, 128, "cloning git repository: exit status 128");
    assert_eq!(entries(&bed), "");
}

#[test]
fn a_missing_branch_keeps_the_directory() {
    let mut bed = Bed::new();
    let mut settings = bed.settings("HEAD");
    settings.source.branch = "not/there".into();
    fail(&mut bed, &settings, 128, "fetching branch \"not/there\": exit status 128");
    assert_eq!(entries(&bed), ".git\na.txt");
    assert!(bed.log().contains("# Attempt 1/1"));
}

#[test]
fn a_missing_commit_removes_it() {
    let mut bed = Bed::new();
    let settings = bed.settings("0123456789012345678901234567890123456789");
    fail(&mut bed, &settings, 128, "fetching refspecs [0123456789012345678901234567890123456789]");
    assert_eq!(entries(&bed), "");
}

#[test]
fn a_text_that_is_no_reference() {
    let mut bed = Bed::new();
    let mut settings = bed.settings("-x");
    settings.source.refspec = "main".into();
    fail(&mut bed, &settings, 1, "checking out commit \"-x\": \"-x\" is not a valid git ref format");
}

#[test]
fn flags_with_an_open_quote() {
    let mut bed = Bed::new();
    let mut settings = bed.settings("HEAD");
    settings.flags.fetch = "-v \"--prune".into();
    fail(&mut bed, &settings, 1, "splitting --git-fetch-flags \"-v \\\"--prune\": expected closing quote");
    assert_eq!(bed.git().len(), 2, "clone and clean went before");
}

#[test]
fn an_unknown_sparse_mode_fails_before_anything_else() {
    let mut bed = Bed::new();
    let mut settings = bed.settings("HEAD");
    settings.sparse.mode = "pyramid".into();
    fail(&mut bed, &settings, 1, "pyramid");
    assert!(bed.git().is_empty());
}

#[test]
fn a_file_in_the_way() {
    let bed = Bed::new();
    bed.sh("mkdir builds && touch builds/demo");
    assert!(directory::ensure(&bed.shell).is_err());
}

#[test]
fn an_attempt_that_takes_too_long() {
    let mut bed = Bed::new();
    bed.sh(
        "mkdir -p template/hooks && printf '#!/bin/sh\\nexec sleep 60\\n' > template/hooks/post-checkout && \
         chmod +x template/hooks/post-checkout && git config --global init.templateDir \"$PWD/template\"",
    );
    let mut settings = bed.settings("HEAD");
    settings.timeout = Some(Duration::from_millis(300));
    fail(
        &mut bed,
        &settings,
        -1,
        "checkout attempt timed out after 300ms: cloning git repository: signal: terminated",
    );
    assert_eq!(entries(&bed), "");
}

#[test]
fn a_cancelled_job_makes_no_further_attempt() {
    let mut bed = Bed::new();
    bed.cancel.cancel();
    let mut settings = bed.settings("HEAD");
    settings.attempts = 6;
    let error = bed.check_out(&settings).expect_err("it is cancelled");
    assert!(error.to_string().contains("context canceled"), "{error}");
    assert!(bed.log().contains("Checkout was cancelled"));
}

/// The prefixes say where it failed, the end what git's end was (spec/checkout.md §22).
#[test]
fn errors_say_where_and_how() {
    type Change = fn(&mut Settings, &Bed);
    const NOWHERE: &str = "0123456789012345678901234567890123456789";
    let rows: [(Change, i32, &str); 10] = [
        (
            |settings, _| settings.source.commit = NOWHERE.into(),
            128,
            "fetching commit \"0123456789012345678901234567890123456789\": \
             fetching refspecs [0123456789012345678901234567890123456789]: exit status 128",
        ),
        (
            |settings, _| {
                settings.source.commit = NOWHERE.into();
                settings.source.pull_request = "7".into();
                settings.source.provider = "github".into();
            },
            128,
            "fetching PR refspec [\"refs/pull/7/head\" \"0123456789012345678901234567890123456789\"]: \
             fetching refspecs [refs/pull/7/head 0123456789012345678901234567890123456789]: exit status 128",
        ),
        (
            |settings, _| settings.source.refspec = "no such".into(),
            128,
            "fetching refspec \"no such\": exit status 128",
        ),
        (
            |settings, _| settings.flags.checkout = "--no-such-flag".into(),
            129,
            "checking out FETCH_HEAD: exit status 129",
        ),
        (
            |settings, bed| {
                settings.source.commit = bed.commit("main");
                settings.flags.checkout = "--no-such-flag".into();
                settings.source.refspec = "main".into();
            },
            129,
            "checking out commit \"COMMIT\": exit status 129",
        ),
        (|settings, _| settings.flags.clean.clear(), 128, "cleaning git repository: exit status 128"),
        (
            |settings, _| settings.flags.clone = "'".into(),
            1,
            "splitting --git-clone-flags \"'\": expected closing quote ' at offset 0, got EOF",
        ),
        (|_, bed| drop(bed.sh("git init -q builds/demo")), 1, "setting origin: exit status 1"),
        (
            |_, bed| {
                let origin = "git init -q builds/demo && cd builds/demo && git remote add origin /a";
                bed.sh(&format!("{origin} && git config --add remote.origin.url /b"));
            },
            128,
            "setting origin: exit status 128",
        ),
        (
            |settings, _| settings.source.branch = "ma\"in".into(),
            1,
            "fetching branch \"ma\\\"in\": splitting refspec \"ma\\\"in\": expected closing quote \" at offset 4, got EOF",
        ),
    ];
    for (change, status, says) in rows {
        let mut bed = Bed::new();
        let mut settings = bed.settings("HEAD");
        change(&mut settings, &bed);
        let error = bed.check_out(&settings).expect_err(says);
        let text = error.to_string().replace(&bed.commit("main"), "COMMIT");
        assert_eq!((error.exit_status(), text.as_str()), (status, says));
        assert!(
            bed.log().contains("Checkout failed! ") && bed.log().contains(" (Attempt 1/1)"),
            "{}",
            bed.log()
        );
    }
}
