//! Checkouts that use a mirror on this host.

use crate::bed::Bed;
use redkite_git::Settings;
use redkite_git::settings::{MirrorMode, Mirrors};
use std::time::Duration;

pub(crate) fn mirrored(bed: &Bed, commit: &str) -> Settings {
    let mut settings = bed.settings(commit);
    settings.mirrors = Some(Mirrors {
        path: bed.path("mirrors"),
        mode: MirrorMode::Reference,
        lock_timeout: Duration::from_secs(60),
        skip_update: false,
    });
    settings
}

fn with_mirrors(mut settings: Settings, change: impl FnOnce(&mut Mirrors)) -> Settings {
    settings.mirrors.as_mut().map(change);
    settings
}

/// The command lines with `MIRROR` for the mirror.
fn git(bed: &Bed) -> Vec<String> {
    let name = redkite_git::paths::sanitised(&bed.path("project").to_string_lossy());
    bed.git().iter().map(|line| line.replace(&format!("$ROOT/mirrors/{name}"), "MIRROR")).collect()
}

#[test]
fn a_mirror_is_made_and_then_updated() {
    let mut bed = Bed::new();
    bed.check_out(&mirrored(&bed, "HEAD")).expect("it succeeds");
    assert_eq!(
        git(&bed)[..2],
        ["clone --mirror -v -- $ROOT/project MIRROR", "clone -v --reference MIRROR -- $ROOT/project ."]
    );
    assert!(bed.path("builds/demo/.git/objects/info/alternates").exists());
    bed.sh("cd project && echo 3 > a.txt && git commit -qam newest");
    bed.check_out(&mirrored(&bed, "HEAD")).expect("it succeeds");
    assert_eq!(
        git(&bed)[..3],
        [
            "--git-dir MIRROR rev-parse HEAD^{commit}",
            "--git-dir MIRROR config --get-all remote.origin.url",
            "--git-dir MIRROR fetch -- origin main",
        ]
    );
    assert_eq!(bed.checked_out(), "3");
    bed.check_out(&mirrored(&bed, &bed.commit("main"))).expect("it succeeds");
    assert!(bed.log().contains("exists in mirror"));
}

#[test]
fn a_dissociated_checkout_stands_alone() {
    let mut bed = Bed::new();
    bed.check_out(&mirrored(&bed, "HEAD")).expect("it succeeds");
    let settings = with_mirrors(mirrored(&bed, "HEAD"), |mirrors| mirrors.mode = MirrorMode::Dissociate);
    bed.check_out(&settings).expect("it succeeds");
    assert!(git(&bed).contains(&"repack -a -d".to_owned()));
    assert!(!bed.path("builds/demo/.git/objects/info/alternates").exists());
    bed.check_out(&mirrored(&bed, "HEAD")).expect("it succeeds");
    assert!(bed.path("builds/demo/.git/objects/info/alternates").exists(), "it is tied to the mirror again");
}

#[test]
fn a_mirror_that_is_not_there_is_done_without() {
    let mut bed = Bed::new();
    let settings = with_mirrors(mirrored(&bed, "HEAD"), |mirrors| mirrors.skip_update = true);
    bed.check_out(&settings).expect("it succeeds");
    assert_eq!(git(&bed)[0], "clone -v -- $ROOT/project .");
    assert_eq!(bed.shell.get("BUILDKITE_REPO_MIRROR"), Some("".into()));
    assert!(!bed.path("mirrors").exists());
}

/// The file of a lock that somebody holds.
pub(crate) struct Held(std::fs::File);

/// Closing it would leave the lock with the children that other tests are just starting: they have a copy of the
/// file until their program begins.
impl Drop for Held {
    fn drop(&mut self) {
        self.0.unlock().expect("it is held");
    }
}

/// The file of a lock, held by somebody.
pub(crate) fn held(bed: &Bed, lock: &str) -> Held {
    std::fs::create_dir_all(bed.path("mirrors")).expect("made");
    let name = redkite_git::paths::sanitised(&bed.path("project").to_string_lossy());
    let held = std::fs::File::create(bed.path(&format!("mirrors/{name}.{lock}lockf"))).expect("made");
    held.lock().expect("nobody else has it");
    Held(held)
}

#[test]
fn a_lock_that_is_held_fails_the_job() {
    for lock in ["clone", "update"] {
        let mut bed = Bed::new();
        let mut settings = mirrored(&bed, "HEAD");
        if lock == "update" {
            bed.check_out(&settings).expect("there is a mirror now");
        }
        let held = held(&bed, lock);
        settings = with_mirrors(settings, |mirrors| mirrors.lock_timeout = Duration::ZERO);
        settings.attempts = 3;
        let error = bed.check_out(&settings).expect_err("the lock is held");
        let says = format!(
            "getting/updating git mirror: timed out acquiring {lock} lock: context deadline exceeded"
        );
        assert_eq!((error.exit_status(), error.to_string()), (94, says));
        let says = format!("could not acquire the {lock} lock before timing out");
        assert!(bed.log().contains(&says), "{}", bed.log());
        assert_eq!(bed.log().matches("Trying again in 1s...").count(), 1, "no other attempt: {}", bed.log());
        drop(held);
        bed.check_out(&settings).expect("the lock is free");
    }
}

/// The attempt's own time limit is not the lock's: another attempt follows.
#[test]
fn an_attempt_whose_time_is_up_waits_no_longer_for_a_lock() {
    let mut bed = Bed::new();
    let _held = held(&bed, "clone");
    let mut settings = mirrored(&bed, "HEAD");
    settings.timeout = Some(Duration::from_millis(200));
    let error = bed.check_out(&settings).expect_err("the lock is held");
    let says = "checkout attempt timed out after 200ms: getting/updating git mirror: timed out acquiring clone lock: context deadline exceeded";
    assert_eq!((error.exit_status(), error.to_string().as_str()), (1, says));
    assert!(bed.log().contains("(Attempt 1/1)"), "{}", bed.log());
    bed.cancel.cancel();
    let error = bed.check_out(&settings).expect_err("the job is cancelled");
    let says = "getting/updating git mirror: unable to acquire clone lock: context canceled";
    assert_eq!((error.exit_status(), error.to_string().as_str()), (1, says));
    assert!(bed.log().contains("Checkout was cancelled"), "{}", bed.log());
}

#[test]
fn a_lock_that_cannot_be_taken_says_why() {
    let mut bed = Bed::new();
    drop(held(&bed, "clone"));
    bed.sh("rm mirrors/*.clonelockf && mkdir mirrors/$(echo \"$PWD/project\" | tr -c 'a-zA-Z0-9\\n' '-').clonelockf");
    let error = bed.check_out(&mirrored(&bed, "HEAD")).expect_err("it is a directory");
    assert_eq!(error.exit_status(), 1);
    assert!(
        error.to_string().starts_with("getting/updating git mirror: unable to acquire clone lock: "),
        "{error}"
    );
    assert!(bed.log().contains("# Could not acquire lock on \""), "{}", bed.log());
}

#[test]
fn a_clean_checkout_refers_to_a_snapshot() {
    let mut bed = Bed::new();
    let mut settings = mirrored(&bed, "HEAD");
    settings.clean = true;
    bed.check_out(&settings).expect("it succeeds");
    let snapshot = bed.shell.env().text("BUILDKITE_REPO_MIRROR").into_owned();
    assert!(snapshot.contains("/mirrors/snapshots/"));
    assert_eq!(bed.leftovers, [std::path::PathBuf::from(snapshot)]);
}

#[test]
fn a_renamed_repository_is_checked() {
    let mut bed = Bed::new();
    bed.check_out(&mirrored(&bed, "HEAD")).expect("it succeeds");
    bed.sh("git --git-dir mirrors/*project remote set-url origin /elsewhere");
    bed.check_out(&mirrored(&bed, &bed.commit("main"))).expect("it succeeds");
    let git = git(&bed);
    assert!(
        git.contains(&"--git-dir MIRROR fsck".to_owned()) && git.contains(&"--git-dir MIRROR gc".to_owned())
    );
}

/// What is broken is made anew in the third attempt, not before: mirrors are large.
fn check_replaced(breakage: &str) {
    let mut bed = Bed::new();
    bed.check_out(&mirrored(&bed, "HEAD")).expect("it succeeds");
    bed.sh(&format!("rm -rf builds/demo && cd mirrors/*project && touch broken && {breakage}"));
    let mut settings = mirrored(&bed, "HEAD");
    settings.attempts = 3;
    let result = bed.check_out(&settings);
    result.unwrap_or_else(|error| panic!("{breakage}: {error}\n{}", bed.log()));
    assert_eq!(bed.sh("ls mirrors/*project/broken 2>/dev/null || echo gone"), "gone", "{breakage}");
    assert_eq!(bed.checked_out(), "2");
}

#[test]
fn a_broken_mirror_is_replaced_in_the_third_attempt() {
    std::thread::scope(|scope| {
        let breakages = [
            "mv HEAD lost",
            "rm config",
            "git config --unset remote.origin.url",
            "rm -rf objects/*",
            "for object in $(find objects -type f); do rm -f $object && : > $object; done",
        ];
        for breakage in breakages {
            scope.spawn(move || check_replaced(breakage));
        }
    });
}

/// As a clone does that is killed while it receives objects.
#[test]
fn a_half_made_mirror_is_completed() {
    let mut bed = Bed::new();
    let name = redkite_git::paths::sanitised(&bed.path("project").to_string_lossy());
    bed.sh(&format!(
        "mkdir mirrors && git init -q --bare mirrors/{name} && cd mirrors/{name} && \
         git remote add --mirror=fetch origin \"$OLDPWD/project\" && touch objects/pack/tmp_pack_xyz HEAD.lock"
    ));
    bed.check_out(&mirrored(&bed, "HEAD")).expect("it succeeds at once");
    assert_eq!(bed.checked_out(), "2");
}
