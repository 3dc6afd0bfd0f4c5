//! Checkouts of whole bootstraps where something goes wrong: with git, with the disk, with another agent.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "the test is the parent of the program under test")]

mod machine;

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Instant;

use machine::Machine;
use machine::checkouts::{LONG, SIGKILL, faulty, is_alive, job, sh, signal, wait_for_file};

const STEPS: [&str; 4] = ["clone", "clean", "fetch", "checkout"];

/// Whoever kills git means the job: it ends, and the next one on the same machine is sound.
#[test]
fn a_git_that_is_killed_ends_the_job_and_the_next_one_recovers() {
    std::thread::scope(|scope| {
        for step in STEPS {
            scope.spawn(move || {
                let machine = faulty(step, SIGKILL);
                let words =
                    ["⚠️ Warning: Checkout was interrupted by a signal", "signal: killed", "!content"];
                machine.check(255, &words);
                machine.check(0, &["content"]);
            });
        }
    });
}

#[test]
fn a_git_that_fails_is_tried_again() {
    std::thread::scope(|scope| {
        for (step, status) in STEPS.iter().flat_map(|step| [(step, 1), (step, 128)]) {
            scope.spawn(move || {
                let words = ["⚠️ Warning: Checkout failed! ", "(Attempt 1/2 Retrying in ", "content"];
                faulty(step, &format!("exit {status}")).check(0, &words);
            });
        }
    });
}

/// These have a few tries of their own, and the attempt goes on.
#[test]
fn a_fetch_that_is_tried_again_in_place() {
    const TIP: &str = "+refs/heads/main:refs/buildkite-agent/commit-verification-branch-tip";
    std::thread::scope(|scope| {
        for fault in ["exit 1", "exit 128", SIGKILL] {
            scope.spawn(move || {
                let machine = faulty(TIP, fault).env("BUILDKITE_GIT_COMMIT_VERIFICATION", "strict");
                let commit = sh(machine.root.path(), "git -C project rev-parse main");
                let machine = machine.env("BUILDKITE_COMMIT", &commit);
                machine.check(0, &["# Verifying commit", "content", "!unavailable", "!Checkout failed"]);
            });
        }
        for fault in ["exit 1", SIGKILL] {
            scope.spawn(move || {
                let machine = faulty("refs/pull/7/head", fault).env("BUILDKITE_PULL_REQUEST", "7");
                sh(machine.root.path(), "git -C project update-ref refs/pull/7/head main");
                machine.check(0, &["# FETCH_HEAD is now", "content", "!Checkout failed"]);
            });
        }
    });
}

/// The attempt's time limit ends it, with its children, and the next attempt goes through.
#[test]
fn a_git_that_hangs_is_ended_by_the_time_limit() {
    std::thread::scope(|scope| {
        for step in STEPS {
            scope.spawn(move || {
                let started = Instant::now();
                let machine = faulty(step, "sleep 600 & echo $! > \"$own/child\"; wait");
                let machine = machine.env("BUILDKITE_GIT_CHECKOUT_TIMEOUT", "3");
                machine.check(0, &["checkout attempt timed out after 3s: ", "signal: terminated", "content"]);
                assert!(started.elapsed() < LONG, "{step}");
                assert!(!is_alive(&machine), "{step}");
            });
        }
    });
}

/// Also when git ignores the signal: it is killed after the grace period, and none of that is left for hooks then.
#[test]
fn a_cancelled_job_ends_a_git_that_hangs() {
    std::thread::scope(|scope| {
        for (trap, last) in [("", "the end"), ("trap '' TERM; ", "")] {
            scope.spawn(move || {
                let fault =
                    format!("{trap}sleep 600 & echo $! > \"$own/child\"; while :; do wait; sleep 1; done");
                let machine = faulty("clone", &fault).agent_hook("pre-exit", "echo the end");
                let child = machine.start();
                wait_for_file(&machine, "child");
                signal(&child, "TERM");
                let output = child.wait_with_output().expect("it ends");
                let said = String::from_utf8_lossy(&output.stderr);
                assert_eq!(output.status.signal(), Some(15), "{said}");
                assert!(said.contains("Checkout was interrupted by a signal"), "{said}");
                assert!(String::from_utf8_lossy(&output.stdout).contains(last), "{trap}: {said}");
                assert!(!is_alive(&machine));
            });
        }
    });
}

#[test]
fn a_repository_that_is_gone_and_comes_back() {
    let machine = job();
    machine.check(0, &["content"]);
    sh(machine.root.path(), "mv project elsewhere");
    let words =
        ["fetching branch \"main\": exit status 128", "cloning git repository: exit status 128", "!content"];
    machine.check(128, &words);
    sh(machine.root.path(), "mv elsewhere project");
    machine.check(0, &["content"]);
}

/// Each of these is sound again within two attempts, whatever has to be removed for it.
#[test]
fn a_damaged_checkout_is_healed() {
    const DAMAGES: [&str; 16] = [
        "touch .git/index.lock",
        "touch .git/shallow.lock",
        "touch .git/config.lock",
        "touch .git/config.lock && git config --file .git/config.new remote.origin.url /other && mv .git/config.new .git/config",
        "touch .git/HEAD.lock",
        "echo garbage > .git/index",
        ": > .git/index",
        "echo garbage > .git/HEAD",
        "rm .git/HEAD",
        "rm -rf .git/objects",
        "rm -rf .git/objects/*",
        "echo '[garbage' > .git/config",
        ": > .git/config",
        "rm -rf .git && echo 'gitdir: /nowhere' > .git",
        "rm -rf .git && mkdir .git",
        "echo garbage > .git/packed-refs",
    ];
    std::thread::scope(|scope| {
        for damage in DAMAGES {
            scope.spawn(move || {
                let machine = job();
                machine.check(0, &["content"]);
                sh(&machine.checkout(), damage);
                let ended = machine.run();
                assert_eq!(
                    (ended.status.code(), ended.output.ends_with("content\n")),
                    (Some(0), true),
                    "{damage}: {}",
                    ended.lines
                );
            });
        }
    });
}

/// In a user's own name space, where the system has those; everywhere else a limit on the size of files has to do.
#[test]
fn no_room_for_the_checkout() {
    let machine = job();
    let big = "cd project && head -c 3000000 /dev/urandom > big && git add . && git commit -qm big";
    sh(machine.root.path(), big);
    let may = Command::new("unshare").args(["-Urm", "mount", "-t", "tmpfs", "none", "/mnt"]).output();
    let (wrapper, why): (&[&str], _) = if may.is_ok_and(|output| output.status.success()) {
        let mount = "mount -t tmpfs -o size=2m none ../build && cd ../build; exec \"$@\"";
        (&["unshare", "-Urm", "sh", "-c", mount, "sh"], "No space left on device")
    } else {
        (&["sh", "-c", "trap '' XFSZ; ulimit -f 2000; exec \"$@\"", "sh"], "File too large")
    };
    // A copy, not a hard link.
    let url = format!("file://{}", machine.root.path().join("project").display());
    let (started, full) = (Instant::now(), machine.env("BUILDKITE_REPO", &url).wrapped(wrapper));
    let words =
        [why, "🚨 Error: cloning git repository: exit status 128", "(Attempt 1/2 Retrying in ", "!\ncontent"];
    full.check(128, &words);
    assert!(started.elapsed() < LONG);
    full.wrapped(&["env"]).check(0, &["content"]);
}

fn mirrored(agent: &str, root: &Path) -> Vec<(String, String)> {
    let mirrors = root.join("mirrors").display().to_string();
    [
        ("BUILDKITE_AGENT_NAME", agent),
        ("BUILDKITE_GIT_MIRRORS_PATH", &mirrors),
        ("BUILDKITE_GIT_MIRRORS_LOCK_TIMEOUT", "60"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

fn started(machine: &Machine, agent: &str, more: &[(&str, &str)]) -> Child {
    let mut environment = machine.env.clone();
    environment
        .extend(mirrored(agent, machine.root.path()).into_iter().map(|(name, value)| (name, value.into())));
    environment.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())));
    machine.start_with(&environment)
}

fn clones_of_mirrors(machine: &Machine) -> usize {
    let log = std::fs::read_to_string(machine.root.path().join("git.log")).expect("it was written");
    log.lines().filter(|line| line.starts_with("clone --mirror")).count()
}

fn succeeded(child: Child) -> String {
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(String::from_utf8_lossy(&output.stdout).ends_with("content\r\n"), "{said}");
    said
}

/// The second one waits for the first one's lock, and uses its mirror.
#[test]
fn two_agents_make_one_mirror() {
    let machine = job();
    let until = "while ! [ -e \"$own/go\" ]; do sleep 0.1; done";
    let first = started(
        &machine,
        "one",
        &[("WHEN", "clone --mirror"), ("FAULT", &format!("echo x > \"$own/child\"; {until}"))],
    );
    wait_for_file(&machine, "child");
    let mut second = started(&machine, "two", &[]);
    let waiting =
        machine::wait_for_line(second.stderr.take().expect("it is piped"), "Could not acquire lock on");
    std::fs::write(machine.root.path().join("go"), "").expect("written");
    succeeded(first);
    let rest = std::thread::spawn(move || std::io::read_to_string(waiting));
    succeeded(second);
    let rest = rest.join().expect("it doesn't panic").expect("text");
    assert!(rest.contains("Updating existing repository mirror"), "{rest}");
    assert_eq!(clones_of_mirrors(&machine), 1);
    sh(machine.root.path(), "git --git-dir mirrors/*project fsck --strict");
}

/// Many at once: each has its checkout, and the mirror is sound.
#[test]
fn many_agents_share_one_mirror() {
    let machine = job();
    let names: Vec<_> = (0..6).map(|number| format!("agent-{number}")).collect();
    for _ in 0..2 {
        let jobs: Vec<_> = names.iter().map(|name| started(&machine, name, &[])).collect();
        jobs.into_iter().for_each(|job| drop(succeeded(job)));
        sh(machine.root.path(), "cd project && echo more >> other && git add . && git commit -qm more");
    }
    assert_eq!(clones_of_mirrors(&machine), 1);
    sh(machine.root.path(), "git --git-dir mirrors/*project fsck --strict");
}

/// The system gives back what the dead held; what its git had begun is completed or made anew.
#[test]
fn an_agent_that_is_killed_with_the_lock_blocks_nobody() {
    let machine = job();
    let fault = "git init -q --bare \"$(eval echo \\${$#})\"; echo $$ > \"$own/child\"; exec sleep 600";
    let mut first = started(&machine, "one", &[("WHEN", "clone --mirror"), ("FAULT", fault)]);
    wait_for_file(&machine, "child");
    signal(&first, "KILL");
    first.wait().expect("it is dead");
    let said = succeeded(started(&machine, "two", &[("BUILDKITE_CHECKOUT_ATTEMPTS", "3")]));
    assert!(!said.contains("Could not acquire lock"), "{said}");
    sh(machine.root.path(), "kill -9 $(cat child) || true; git --git-dir mirrors/*project fsck --strict");
}

/// What a path may hold, a checkout's may, too; it is one line in the log.
#[test]
fn odd_names_of_directories() {
    std::thread::scope(|scope| {
        for name in ["a b'c$x", "a\nb", "a\"b\\c;d*", "-x", "é ü", "%41#?"] {
            scope.spawn(move || {
                let machine = job();
                let at = |place: &str| machine.root.path().join(place).join(name).display().to_string();
                let (checkout, mirrors) = (at("build"), at("m"));
                let machine = machine.env("BUILDKITE_BUILD_CHECKOUT_PATH", &checkout);
                machine.check(0, &["content", "# Creating \"", "!Creating \"a\n"]);
                machine.check(0, &["content", "!Checkout failed"]);
                if !name.contains('\n') {
                    // A path of git's own list of borrowed objects is one line.
                    sh(machine.root.path(), "rm -rf build/*");
                    let machine = machine.env("BUILDKITE_GIT_MIRRORS_PATH", &mirrors);
                    machine.check(0, &["content", "!Checkout failed"]);
                    machine.check(0, &["content", "!Checkout failed"]);
                }
            });
        }
    });
}
