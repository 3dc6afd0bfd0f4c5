//! The disk is full: a checkout fails with git's status, keeps what spec/checkout.md §5.2 says, and the next job
//! that has room succeeds.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "the test is the parent of the program under test")]

mod machine;

use std::process::Command;
use std::time::Instant;

use machine::Machine;
use machine::checkouts::{LONG, job, sh};

/// A place for two megabytes, in a user's own name space.
const SMALL_DISK: &str = r#"
    mount -t tmpfs -o size=2m none ../build && cd ../build
    with_little_room() { "$@"; }
    with_much_room() { mount -o remount,size=50m ../build && "$@"; }
"#;

/// Where the system has no such thing, files that may not be larger.
const SMALL_FILES: &str = r#"
    with_little_room() { (trap '' XFSZ; ulimit -f 2000; exec "$@"); }
    with_much_room() { "$@"; }
"#;

/// `$BEFORE`, then the job with little room, and what it leaves; then with much.
const JOBS: &str = r#"
    agent() { "$@"; }
    eval "$BEFORE"
    with_little_room "$@"; status=$?
    {
        ls -A agent/org/pipe ../tmp/ | grep -v -e ':$' -e '^$'
        for known in agent/org:pipe plugins:agent m:lockf; do
            ls -A "${known%:*}" 2>/dev/null | grep -v -e "${known#*:}\$"
        done
    } > ../left
    with_much_room "$@" > ../again 2>&1; echo "status $?" >> ../again
    exit $status
"#;

const RANDOM: &str = "head -c 3000000 /dev/urandom";
const PACKABLE: &str = "yes filler | head -c 3000000";

fn has_name_spaces() -> bool {
    let may = Command::new("unshare").args(["-Urm", "mount", "-t", "tmpfs", "none", "/mnt"]).output();
    may.is_ok_and(|output| output.status.success())
}

/// A shell command that makes `project` larger.
fn grow(content: &str) -> String {
    format!("(cd ../project && {content} > big && INSIDE=1 git add . && INSIDE=1 git commit -qm big) >&2")
}

/// A job whose clones are copies, not hard links, and that is tried once.
fn copying() -> Machine {
    let machine = job().env("BUILDKITE_CHECKOUT_ATTEMPTS", "1");
    let url = format!("file://{}", machine.root.path().join("project").display());
    let person = [("GIT_AUTHOR_NAME", "T"), ("GIT_AUTHOR_EMAIL", "t@example.com")];
    let committer = [("GIT_COMMITTER_NAME", "T"), ("GIT_COMMITTER_EMAIL", "t@example.com")];
    let machine = machine.env("BUILDKITE_REPO", &url);
    person.into_iter().chain(committer).fold(machine, |machine, (name, value)| machine.env(name, value))
}

/// Runs the jobs; `left` is what the one without room leaves in its checkout.
fn check(machine: Machine, before: &str, status: i32, words: &[&str], left: &str) {
    let script = [if has_name_spaces() { SMALL_DISK } else { SMALL_FILES }, JOBS].concat();
    let unshare: &[&str] = if has_name_spaces() { &["unshare", "-Urm"] } else { &["env"] };
    let wrapper = [unshare, &["sh", "-c", &script, "sh"]].concat();
    let machine = machine.env("BEFORE", before).wrapped(&wrapper);
    let started = Instant::now();
    machine.check(status, words);
    assert!(started.elapsed() < LONG);
    assert_eq!(sh(machine.root.path(), "cat left"), left);
    let again = sh(machine.root.path(), "cat again");
    assert!(again.contains("content") && again.ends_with("status 0"), "{again}");
}

fn why() -> &'static str {
    if has_name_spaces() { "No space left on device" } else { "File too large" }
}

#[test]
fn for_the_clone() {
    let words = [why(), "🚨 Error: cloning git repository: exit status 128", "!\ncontent"];
    check(copying(), &grow(RANDOM), 128, &words, "");
    let twice = copying().env("BUILDKITE_CHECKOUT_ATTEMPTS", "2");
    check(twice, &grow(RANDOM), 128, &["(Attempt 1/2 Retrying in ", "(Attempt 2/2)"], "");
}

/// A first job that is let in, then more than there is room for.
fn later(content: &str) -> String {
    format!("agent \"$@\" > ../first 2>&1; {}", grow(content))
}

#[test]
fn for_what_is_fetched() {
    let words = [why(), "🚨 Error: fetching branch \"main\": exit status 128", "!\ncontent"];
    check(copying(), &later(RANDOM), 128, &words, "");
}

/// Where the index can't be written either, git gives up altogether.
#[test]
fn for_the_files() {
    let (status, left) = if has_name_spaces() { (128, "") } else { (1, ".git\na.txt\nbig") };
    let words = ["unable to write file big", "🚨 Error: checking out FETCH_HEAD: exit status ", "!\ncontent"];
    check(copying(), &later(PACKABLE), status, &words, left);
}

#[test]
fn for_a_mirror() {
    let machine = copying();
    let mirrors = machine.root.path().join("build/m").display().to_string();
    let words = [why(), "🚨 Error: getting/updating git mirror: exit status 128"];
    check(machine.env("BUILDKITE_GIT_MIRRORS_PATH", &mirrors), &grow(RANDOM), 128, &words, "");
}

#[test]
fn for_a_submodule() {
    let machine = copying();
    sh(
        machine.root.path(),
        "git init -q -b main lib && cd lib && head -c 3000000 /dev/urandom > big && git add . && git commit -qm lib && \
         cd ../project && git -c protocol.file.allow=always submodule -q add \"file://$(dirname \"$PWD\")/lib\" sub && git commit -qm sub",
    );
    let allow = [
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "protocol.file.allow"),
        ("GIT_CONFIG_VALUE_0", "always"),
    ];
    let machine = allow.into_iter().fold(machine, |machine, (name, value)| machine.env(name, value));
    let words = [why(), "🚨 Error: updating submodules: exit status ", "!\ncontent"];
    check(machine, "true", 1, &words, "");
}

#[test]
fn for_a_plugin() {
    let machine = copying();
    let root = machine.root.path().to_owned();
    sh(
        &root,
        "git init -q -b main plug && cd plug && mkdir hooks && echo 'echo plugged in' > hooks/pre-command && \
         chmod +x hooks/pre-command && head -c 3000000 /dev/urandom > big && git add . && git commit -qm plug",
    );
    let plugin = format!("[\"file://{}#main\"]", root.join("plug").display());
    let plugins = root.join("build/plugins").display().to_string();
    let machine = machine
        .env("BUILDKITE_BOOTSTRAP_PHASES", "plugin,checkout,command")
        .env("BUILDKITE_PLUGINS", &plugin)
        .env("BUILDKITE_PLUGINS_PATH", &plugins)
        .env("BUILDKITE_PLUGINS_ENABLED", "true");
    let words = ["🚨 Error: failed to checkout plugin plug: exit status 128", "!plugged in", "!\ncontent"];
    check(machine, "mkdir -p agent/org/pipe", 128, &words, "");
}

/// Only a disk can be too full for so little.
#[test]
fn for_the_jobs_key() {
    if !has_name_spaces() {
        return;
    }
    let machine = copying().env("BUILDKITE_GIT_SSH_KEY", "a key");
    let words = ["🚨 Error: preparing git ssh key: writing ", why(), "!$ git clone"];
    check(machine, "cat /dev/zero > filler 2>/dev/null || true", 1, &words, "");
}
