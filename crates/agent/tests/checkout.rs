//! Checkouts of whole bootstraps where something goes wrong: with git, with the disk, with another agent.
#![cfg(unix)]

mod machine;

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Child;
use std::time::Instant;

use machine::Machine;
use machine::checkouts::{LONG, SIGKILL, faulty, is_alive, job, sh, signal, wait_for_file, wait_until_gone};

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
/// Cancels a job whose checkout has begun to hang; answers what it said.
fn cancelled_in_checkout(machine: &Machine) -> std::process::Output {
    let child = machine.start();
    wait_for_file(machine, "child");
    signal(&child, "TERM");
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.signal(), Some(15), "{said}");
    assert!(said.contains("Checkout was interrupted by a signal"), "{said}");
    output
}

#[test]
fn a_cancelled_job_ends_a_git_that_hangs() {
    std::thread::scope(|scope| {
        for (trap, last) in [("", "the end"), ("trap '' TERM; ", "")] {
            scope.spawn(move || {
                let fault =
                    format!("{trap}sleep 600 & echo $! > \"$own/child\"; while :; do wait; sleep 1; done");
                let machine = faulty("clone", &fault).agent_hook("pre-exit", "echo the end");
                let output = cancelled_in_checkout(&machine);
                assert!(String::from_utf8_lossy(&output.stdout).contains(last), "{trap}: {output:?}");
                assert!(!is_alive(&machine));
            });
        }
    });
}

/// A job whose submodule comes over ssh, which does `fault` the first time.
fn with_ssh_submodule(fault: &str) -> Machine {
    let ssh = "#!/bin/sh\nown=$(dirname \"$(dirname \"$0\")\")\n\
               if mkdir \"$own/done\" 2>/dev/null; then eval \"$FAULT\"; fi\n\
               for last in \"$@\"; do :; done\nexec sh -c \"$last\"\n";
    let machine = job().file("bin/ssh", ssh);
    let ssh = machine.root.path().join("bin/ssh").display().to_string();
    let machine = machine.env("FAULT", fault).env("GIT_SSH_COMMAND", &ssh).env("GIT_SSH_VARIANT", "ssh");
    let machine = machine.env("BUILDKITE_SSH_KEYSCAN", "false");
    sh(
        machine.root.path(),
        "git init -q -b main lib && cd lib && echo lib > lib.txt && git add . && git commit -qm lib && cd ../project && \
         git -c protocol.file.allow=always submodule -q add \"$PWD/../lib\" lib && \
         git config -f .gitmodules submodule.lib.url \"ssh://code.example$(dirname \"$PWD\")/lib\" && git commit -qam 'with lib'",
    );
    machine
}

/// The clone of a submodule is a grandchild of the git that was started.
#[test]
fn what_goes_wrong_inside_a_submodules_update_is_healed() {
    const HANG: &str = "trap '' TERM HUP; echo $$ > \"$own/child\"; exec sleep 600";
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let machine = with_ssh_submodule("kill -9 $PPID");
            // Git itself tries that again; where it doesn't, the next attempt does.
            machine.check(0, &["Failed to clone 'lib'", "content"]);
            assert_eq!(sh(&machine.checkout(), "cat lib/lib.txt"), "lib");
        });
        scope.spawn(|| {
            let machine = with_ssh_submodule(HANG);
            let machine = machine.env("BUILDKITE_GIT_CHECKOUT_TIMEOUT", "5");
            let words =
                ["timed out after 5s: updating submodules: signal: terminated", "Attempt 1/2", "content"];
            machine.check(0, &words);
            assert_eq!(sh(&machine.checkout(), "cat lib/lib.txt"), "lib");
            wait_until_gone(&machine);
        });
        scope.spawn(|| {
            let machine = with_ssh_submodule(HANG);
            cancelled_in_checkout(&machine);
            wait_until_gone(&machine);
            machine.check(0, &["content"]);
        });
    });
}

/// What it has left is in the way of no other try.
#[test]
fn a_plugins_clone_that_dies_late_is_made_again() {
    let real = "PATH=/usr/local/bin:/usr/bin:/bin git \"$@\"";
    for (fault, status) in [(SIGKILL, "signal: killed"), ("exit 128", "exit status 128")] {
        let machine = faulty("clone", &format!("{real}; touch more; {fault}"));
        let root = machine.root.path().to_owned();
        sh(
            &root,
            "git init -q -b main plug && cd plug && mkdir hooks && echo 'echo plugged in' > hooks/pre-command && \
             chmod +x hooks/pre-command && git add . && git commit -qm plug",
        );
        let plugins = root.join("plugins").display().to_string();
        let machine = machine
            .env("BUILDKITE_BOOTSTRAP_PHASES", "plugin,checkout,command")
            .env("BUILDKITE_PLUGINS", &format!("[\"file://{}#main\"]", root.join("plug").display()))
            .env("BUILDKITE_PLUGINS_PATH", &plugins);
        let again = format!("Cloning the plugin failed: {status} (Attempt 1/3 Retrying in 2s)");
        machine.check(0, &[&again, "plugged in", "content"]);
        assert_eq!(sh(&root, "ls -A plugins; ls plugins/agent/*"), "agent\nhooks");
    }
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
