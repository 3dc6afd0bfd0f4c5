//! Checkouts for which there is a remote mirror, too.

use crate::bed::Bed;
use crate::mirrors::{held, mirrored};
use redkite_git::Settings;
use std::time::Duration;

/// The remote mirror is a local repository here: `insteadOf` makes it one.
fn remote(bed: &Bed, settings: &mut Settings, name: &str) {
    let root = bed.path("");
    bed.sh(&format!("git config --global url.file://{}.insteadOf https://mirror.example/", root.display()));
    settings.remote_mirror.url = format!("https://mirror.example/{name}");
}

#[test]
fn a_remote_mirror_gives_what_it_has() {
    let mut bed = Bed::new();
    bed.sh("git clone -q --bare project current && git clone -q --bare project lagging");
    bed.sh(
        "git -C lagging update-ref refs/heads/main main~1 && git -C lagging update-ref -d refs/heads/side",
    );
    bed.sh("git -C lagging update-ref -d refs/pull/7/head; git -C lagging gc -q --prune=now");
    let mut settings = bed.settings(&bed.commit("main"));
    remote(&bed, &mut settings, "current");
    bed.check_out(&settings).expect("it succeeds");
    assert!(bed.log().contains("outcome=hit site=fresh-clone"), "{}", bed.log());
    assert!(!bed.git().iter().any(|line| line.starts_with("fetch")));
    assert_eq!(
        bed.sh("git -C builds/demo config remote.origin.url"),
        settings.repository.display().to_string()
    );

    bed.sh("find builds/demo -mindepth 1 -delete");
    remote(&bed, &mut settings, "lagging");
    bed.check_out(&settings).expect("it succeeds");
    assert!(bed.log().contains("outcome=miss site=fresh-clone"), "{}", bed.log());
    assert_eq!(bed.checked_out(), "2");

    bed.sh("find builds/demo -mindepth 1 -delete");
    remote(&bed, &mut settings, "nowhere");
    bed.check_out(&settings).expect("it succeeds");
    assert!(bed.log().contains("outcome=error site=fresh-clone"), "{}", bed.log());
}

#[test]
fn a_remote_mirror_serves_an_existing_checkout() {
    let mut bed = Bed::new();
    let old = bed.commit("main~1");
    bed.check_out(&bed.settings(&old)).expect("it succeeds");
    bed.sh("cd project && echo 3 > a.txt && git commit -qam newest && git clone -q --bare . ../current");
    let mut settings = bed.settings(&bed.commit("main"));
    remote(&bed, &mut settings, "current");
    settings.flags.fetch = "-v --filter=blob:none".into();
    bed.check_out(&settings).expect("it succeeds");
    assert!(bed.log().contains("outcome=hit site=existing-checkout"), "{}", bed.log());
    assert_eq!(bed.checked_out(), "3");
    let config = bed.sh("cat builds/demo/.git/config");
    assert!(!config.contains("mirror.example") && !config.contains("remote-mirror-promisor"), "{config}");
}

#[test]
fn a_mirror_on_this_host_is_made_from_the_remote_one() {
    let mut bed = Bed::new();
    bed.sh("git clone -q --bare project current");
    let mut settings = mirrored(&bed, &bed.commit("main"));
    remote(&bed, &mut settings, "current");
    bed.check_out(&settings).expect("it succeeds");
    assert!(bed.log().contains("outcome=hit site=on-host-mirror"), "{}", bed.log());
    bed.sh("cd project && echo 3 > a.txt && git commit -qam newest && git push -q ../current main");
    settings.source.commit = bed.commit("main");
    bed.check_out(&settings).expect("it succeeds");
    assert!(bed.log().contains("outcome=hit site=on-host-mirror"), "{}", bed.log());
    assert_eq!(bed.checked_out(), "3");
}

/// A checkout of the commit before, a remote mirror with the new one, and settings for that.
fn existing() -> (Bed, Settings) {
    let mut bed = Bed::new();
    let old = bed.commit("main~1");
    bed.check_out(&bed.settings(&old)).expect("it succeeds");
    bed.sh("cd project && echo 3 > a.txt && git commit -qam newest && git update-ref refs/pull/7/head main && git clone -q --bare . ../current");
    let mut settings = bed.settings(&bed.commit("main"));
    remote(&bed, &mut settings, "current");
    (bed, settings)
}

const URL: &str = "https://mirror.example/current";

/// Its SHA-256.
const DIGEST: &str = "93476e6ac98d76cfb2eeaf5c18eab1e0efc88ed7fb5bd66f8688e8ab53d906ee";

#[test]
fn a_pull_requests_commit_comes_from_it_too() {
    let (mut bed, mut settings) = existing();
    settings.source.pull_request = "7".into();
    settings.source.provider = "github".into();
    bed.check_out(&settings).expect("it succeeds");
    let log = bed.log();
    assert!(
        log.contains("outcome=hit site=existing-checkout") && !log.contains("FETCH_HEAD is now"),
        "{log}"
    );
    assert!(log.contains("# Fetch and checkout pull request head from GitHub"), "{log}");
    assert!(!bed.git().iter().any(|line| line.starts_with("fetch")), "{:?}", bed.git());
}

/// What there is to say of origin is said when it is asked.
#[test]
fn a_hit_says_nothing_of_origin() {
    let (mut bed, settings) = existing();
    bed.check_out(&settings).expect("it succeeds");
    assert!(!bed.log().contains("# Fetch and checkout commit"), "{}", bed.log());
}

#[test]
fn what_the_user_has_configured_of_it_is_left_alone() {
    let (mut bed, settings) = existing();
    bed.sh(&format!("git -C builds/demo config remote.{URL}.prune true"));
    bed.check_out(&settings).expect("it succeeds");
    let log = bed.log();
    assert!(log.contains("outcome=skipped site=existing-checkout skip_reason=url-config-conflict"), "{log}");
    assert!(log.contains("# Fetch and checkout commit"), "{log}");
    assert_eq!(bed.sh(&format!("git -C builds/demo config remote.{URL}.prune")), "true");
}

/// An agent that was killed between the fetch and its clean-up has left `marker`, and git a promise of `url`.
fn check_repaired(url: &str, marker: &str, left: &str) {
    let (mut bed, mut settings) = existing();
    settings.remote_mirror.url.clear();
    bed.sh(&format!(
        "cd builds/demo && git config buildkite.remote-mirror-promisor {marker} && \
         git config 'remote.{url}.promisor' true && git config 'remote.{url}.partialclonefilter' blob:none"
    ));
    bed.check_out(&settings).unwrap_or_else(|error| panic!("{error}\n{}", bed.log()));
    let now =
        bed.sh("git -C builds/demo config --local --get-regexp '^buildkite|promisor|partialclone' || true");
    assert_eq!(now, left, "{url} {marker}");
}

#[test]
fn an_interrupted_attempt_is_repaired() {
    check_repaired(URL, DIGEST, "remote.origin.promisor true\nremote.origin.partialclonefilter blob:none");
    let users = format!("remote.{URL}.promisor true\nremote.{URL}.partialclonefilter blob:none");
    check_repaired(URL, "0123", &users);
    let other = "ssh://mirror.example/current";
    let others = format!("remote.{other}.promisor true\nremote.{other}.partialclonefilter blob:none");
    check_repaired(other, DIGEST, &others);
}

/// A repair that fails costs the checkout, not the job.
#[test]
fn what_cannot_be_repaired_is_cloned_again() {
    let (mut bed, mut settings) = existing();
    settings.remote_mirror.url.clear();
    settings.attempts = 2;
    bed.sh(&format!(
        "cd builds/demo && git config buildkite.remote-mirror-promisor {DIGEST} && \
         git config 'remote.{URL}.promisor' true && touch .git/config.lock"
    ));
    bed.check_out(&settings).expect("the second attempt succeeds");
    let says = "repairing interrupted remote mirror promisor state: ";
    assert!(bed.log().contains(says), "{}", bed.log());
    assert_eq!(bed.git().iter().filter(|line| line.starts_with("clone")).count(), 1);
}

#[test]
fn a_shallow_clone_of_one_that_lags_is_made_again() {
    let mut bed = Bed::new();
    bed.sh("git clone -q --bare project current && cd project && echo 3 > a.txt && git commit -qam newest");
    let mut settings = bed.settings(&bed.commit("main"));
    remote(&bed, &mut settings, "current");
    settings.flags.clone = "--depth=1".into();
    settings.repository = format!("file://{}", settings.repository.display()).into();
    settings.remote_mirror.repository_at_start = settings.repository.clone();
    bed.check_out(&settings).expect("it succeeds");
    let log = bed.log();
    assert!(
        log.contains("outcome=miss site=fresh-clone") && log.contains("is lagging for a shallow clone"),
        "{log}"
    );
    assert_eq!(bed.checked_out(), "3");
}

/// The job goes on without either mirror, and a checkout that borrowed from one doesn't any more.
#[test]
fn a_lock_that_is_held_is_not_worth_waiting_for() {
    let mut bed = Bed::new();
    bed.sh("git clone -q --bare project current");
    let mut settings = mirrored(&bed, &bed.commit("main"));
    bed.check_out(&settings).expect("it succeeds");
    remote(&bed, &mut settings, "current");
    if let Some(mirrors) = settings.mirrors.as_mut() {
        mirrors.lock_timeout = Duration::ZERO;
    }
    let _held = held(&bed, "clone");
    bed.check_out(&settings).expect("it succeeds");
    assert!(bed.log().contains("outcome=timeout site=on-host-mirror"), "{}", bed.log());
    assert_eq!(bed.shell.get("BUILDKITE_REPO_MIRROR"), Some("".into()));
    assert!(!bed.path("builds/demo/.git/objects/info/alternates").exists());
}

#[test]
fn what_an_interrupted_clone_of_it_left_is_removed() {
    let mut bed = Bed::new();
    bed.sh("git clone -q --bare project current");
    let mut settings = mirrored(&bed, &bed.commit("main"));
    remote(&bed, &mut settings, "current");
    let paths = redkite_git::paths::MirrorPaths::of(&bed.path("mirrors"), &settings.repository);
    std::fs::create_dir_all(paths.staging.join("objects")).expect("made");
    bed.check_out(&settings).expect("it succeeds");
    assert!(bed.log().contains("# Removing interrupted remote mirror staging dir "), "{}", bed.log());
    assert!(bed.log().contains("outcome=hit site=on-host-mirror"), "{}", bed.log());
    assert!(!paths.staging.exists() && paths.repository.exists());
}

/// The fetch is given up, whoever is behind it, and origin is asked.
#[test]
fn one_that_does_not_answer_is_not_waited_for() {
    let check = |bed: &mut Bed, mut settings: Settings, site: &str| {
        bed.sh("git config --global --unset-all --fixed-value url.file://$PWD/.insteadOf https://mirror.example/");
        bed.sh("git config --global url.ssh://code.example/.insteadOf https://mirror.example/");
        bed.shell.set("GIT_SSH_COMMAND", "sleep 600; :");
        settings.remote_mirror.limit = Duration::from_millis(300);
        bed.check_out(&settings).unwrap_or_else(|error| panic!("{error}\n{}", bed.log()));
        assert!(bed.log().contains(&format!("outcome=timeout site={site}")), "{}", bed.log());
        assert_eq!(bed.checked_out(), "3");
    };
    let (mut bed, settings) = existing();
    check(&mut bed, settings, "existing-checkout");
    let config = bed.sh("cat builds/demo/.git/config");
    assert!(!config.contains("mirror.example") && !config.contains("remote-mirror-promisor"), "{config}");
    let (mut bed, mut settings) = existing();
    bed.check_out(&mirrored(&bed, "HEAD")).expect("there is a mirror now");
    bed.sh("git -C project commit -q --allow-empty -m 'newer still'");
    settings.source.commit = bed.commit("main");
    settings.mirrors = mirrored(&bed, "HEAD").mirrors;
    check(&mut bed, settings, "on-host-mirror");
}
