//! Checkouts of a part of the tree (spec/checkout.md §13).

use crate::bed::Bed;
use redkite_git::Settings;

fn with_directories() -> (Bed, Settings) {
    let bed = Bed::new();
    bed.sh("cd project && mkdir src docs && echo s > src/s.txt && echo d > docs/d.txt && git add . && git commit -qm directories");
    let mut settings = bed.settings("HEAD");
    settings.sparse.paths = vec![" src ".into(), "".into()];
    (bed, settings)
}

/// A git that says it is of another version, and is asked nothing that it then can't do.
fn check_version(says: &str, mode: &str, set: &[&str], warning: Option<&str>) {
    let (mut bed, mut settings) = with_directories();
    bed.sh(&format!(
        "mkdir bin && cat > bin/git <<END && chmod +x bin/git\n#!/bin/sh\n\
         [ \"\\$1\" = --version ] && {{ {says}; }}\nexec $(command -v git) \"\\$@\"\nEND"
    ));
    let path = bed.shell.env().text("PATH").into_owned();
    bed.shell.set("PATH", format!("{}:{path}", bed.path("bin").display()));
    settings.sparse.mode = mode.into();
    bed.check_out(&settings).unwrap_or_else(|error| panic!("{error}\n{}", bed.log()));
    let commands: Vec<_> = bed.git().into_iter().filter(|line| line.starts_with("sparse-checkout")).collect();
    assert_eq!(commands, set, "{says}");
    let log = bed.log();
    match warning {
        Some(warning) => {
            assert!(log.contains(warning), "{log}");
            assert_eq!(bed.sh("ls builds/demo"), "a.txt\ndocs\nsrc", "all of it");
            assert!(!log.contains("--filter"), "{log}");
        }
        None => assert!(!log.contains("Sparse checkout requires"), "{log}"),
    }
}

#[test]
fn old_gits_are_told_differently_or_not_at_all() {
    let version = |number: &str| format!("echo git version {number}; exit");
    let init: &[&str] = &["sparse-checkout init --cone", "sparse-checkout set -- src"];
    check_version(&version("2.35.0"), "cone", &["sparse-checkout set --cone -- src"], None);
    check_version(&version("2.34.9"), "cone", init, None);
    check_version(&version("2.27.0"), "", init, None);
    let whole = "Sparse checkout requires git >= 2.27, got 2.26; falling back to full checkout";
    check_version(&version("2.26.3"), "cone", &[], Some(whole));
    let patterns =
        "Sparse checkout in no-cone mode requires git >= 2.35, got 2.34; falling back to full checkout";
    check_version(&version("2.34.1"), "no-cone", &[], Some(patterns));
    check_version(&version("2.40.1"), "no-cone", &["sparse-checkout set --no-cone -- src"], None);
    let unknown = "Sparse checkout requires git >= 2.27; falling back to full checkout (";
    check_version(&version("x"), "cone", &[], Some(unknown));
    check_version("exit 3", "cone", &[], Some(&format!("{unknown}exit status 3)")));
}

/// A filter or a `--sparse` of the user's is the only one.
#[test]
fn what_the_user_asks_for_is_not_asked_for_twice() {
    let check = |clone: &str, fetch: &str, cloned: &str, fetched: &str| {
        let (mut bed, mut settings) = with_directories();
        settings.flags.clone = clone.into();
        settings.flags.fetch = fetch.into();
        bed.check_out(&settings).unwrap_or_else(|error| panic!("{error}\n{}", bed.log()));
        let git = bed.git();
        assert_eq!(git[1], format!("clone {cloned} -- $ROOT/project ."));
        assert!(git.contains(&format!("fetch {fetched} -- origin main")), "{git:?}");
        assert_eq!(bed.sh("ls builds/demo"), "a.txt\nsrc");
    };
    check("-v", "-v", "-v --sparse --filter=blob:none", "--filter=blob:none -v");
    check("--sparse", "-v", "--sparse --filter=blob:none", "--filter=blob:none -v");
    check("--filter=tree:0", "-v", "--filter=tree:0 --sparse", "-v");
    check("-v", "--filter blob:none", "-v --sparse --filter=blob:none", "--filter blob:none");
    check("--fi=tree:0 --sparse", "-v", "--fi=tree:0 --sparse", "-v");
}

/// The next build wants all of it, and git's own traces of the other go, too.
#[test]
fn a_checkout_becomes_whole_again() {
    let (mut bed, mut settings) = with_directories();
    bed.check_out(&settings).expect("it succeeds");
    settings.sparse.paths.clear();
    bed.check_out(&settings).expect("it succeeds");
    assert_eq!(bed.sh("ls builds/demo"), "a.txt\ndocs\nsrc");
    let git = bed.git();
    let disabling: Vec<_> = git
        .iter()
        .map(String::as_str)
        .filter(|line| line.contains("sparse") || line.contains("worktree"))
        .collect();
    assert_eq!(
        disabling[..3],
        ["config --get core.sparseCheckout", "sparse-checkout disable", "config --worktree --list"]
    );
    bed.check_out(&settings).expect("it succeeds");
    assert!(!bed.log().contains("Disabling sparse checkout"), "once is enough: {}", bed.log());
}

#[test]
fn submodules_are_left_out_with_a_warning() {
    let (mut bed, settings) = with_directories();
    bed.sh("git init -q -b main lib && git -C lib commit -q --allow-empty -m lib && cd project && git submodule -q add \"$PWD/../lib\" src/lib && git commit -qm lib");
    bed.check_out(&settings).expect("it succeeds");
    let says = "Submodule initialization skipped during sparse checkout. You can disable this warning";
    assert!(bed.log().contains(says), "{}", bed.log());
    assert!(!bed.git().iter().any(|line| line.contains("submodule update")));
}

#[test]
fn a_git_that_cannot_make_it_so_fails_the_attempt() {
    let (mut bed, mut settings) = with_directories();
    settings.sparse.paths = vec!["/nowhere/../src".into()];
    settings.flags.checkout = "-f".into();
    bed.check_out(&bed.settings("HEAD")).expect("it succeeds");
    bed.sh("mkdir -p builds/demo/.git/info/sparse-checkout/in-the-way");
    let error = bed.check_out(&settings).expect_err("there is no such file to write");
    assert!(error.to_string().starts_with("setting sparse checkout paths: exit status "), "{error}");
    assert_eq!(bed.sh("ls -A builds/demo"), "", "it is unclassified: removed");
}
