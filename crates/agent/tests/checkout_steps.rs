//! Each git command of a checkout fails in each way: the job ends with the status that belongs to it, the checkout
//! is removed or kept as spec/checkout.md §5.1 says, and nothing else is left that wasn't there before.
#![cfg(unix)]

mod machine;

use std::fs::{self, File};
use std::path::Path;

use After::{GoesOn, Kept, Wiped};
use machine::Machine;
use machine::checkouts::{SIGKILL, job, sh};

/// What becomes of a checkout in which a command fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// The command was not worth failing for, or was tried again in place.
    GoesOn,
    /// The attempt has failed; its directory is as it was.
    Kept,
    /// The attempt has failed, and its directory is empty.
    Wiped,
}

/// How a command fails, and the status of a job that fails with it.
const FAULTS: [(&str, i32); 3] = [("exit 1", 1), ("exit 128", 128), (SIGKILL, 255)];

/// What follows each fault, for the first words that a command line has.
const TABLE: [(&str, [After; 3]); 19] = [
    ("lfs version", [Kept, Kept, Kept]),
    ("lfs install", [Wiped, Wiped, Kept]),
    ("lfs ", [GoesOn, GoesOn, GoesOn]),
    ("^{commit}", [GoesOn, GoesOn, GoesOn]),
    ("+refs/heads/main:refs/buildkite-agent/", [GoesOn, GoesOn, GoesOn]),
    ("rev-parse refs/buildkite-agent/", [GoesOn, GoesOn, GoesOn]),
    // Status 1 is an answer: the commit is not on the branch.
    ("merge-base", [Kept, GoesOn, GoesOn]),
    ("update-ref", [GoesOn, GoesOn, GoesOn]),
    ("submodule sync", [GoesOn, GoesOn, GoesOn]),
    ("config --file .gitmodules", [GoesOn, GoesOn, GoesOn]),
    ("submodule ", [Wiped, Wiped, Kept]),
    ("config --get-all", [Wiped, Wiped, Kept]),
    ("clone ", [Wiped, Wiped, Kept]),
    ("clean ", [Wiped, Wiped, Kept]),
    ("repack ", [Kept, Kept, Kept]),
    // A submodule's mirror: not told apart.
    ("fetch origin", [Wiped, Wiped, Kept]),
    ("fetch ", [Kept, Wiped, Kept]),
    ("checkout ", [Kept, Wiped, Kept]),
    ("sparse-checkout ", [Wiped, Wiped, Kept]),
];

/// A job with everything: mirrors, a submodule, Git LFS, a key, verification.
fn whole() -> Machine {
    let machine = job().file("bin/git-lfs", "#!/bin/sh\n");
    let root = machine.root.path().to_owned();
    sh(&root, "git init -q -b main lib && cd lib && echo lib > lib.txt && git add . && git commit -qm lib");
    sh(
        &root,
        "cd project && git -c protocol.file.allow=always submodule -q add \"$PWD/../lib\" lib && git commit -qm 'with lib'",
    );
    let mirrors = root.join("mirrors").display().to_string();
    let environment = [
        ("BUILDKITE_CHECKOUT_ATTEMPTS", "1"),
        ("BUILDKITE_GIT_MIRRORS_PATH", mirrors.as_str()),
        ("BUILDKITE_GIT_LFS_ENABLED", "true"),
        ("BUILDKITE_GIT_SSH_KEY", "a key that nobody needs"),
        ("BUILDKITE_GIT_COMMIT_VERIFICATION", "strict"),
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "protocol.file.allow"),
        ("GIT_CONFIG_VALUE_0", "always"),
    ];
    environment.into_iter().fold(machine, |machine, (name, value)| machine.env(name, value))
}

/// Whether the machine has had jobs of this pipeline.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Machines {
    Fresh,
    Used,
}

/// Makes a new commit, and a job for it.
fn next(machine: &mut Machine, state: Machines) {
    let root = machine.root.path();
    if state == Machines::Fresh {
        sh(root, "rm -rf build/agent mirrors");
    }
    sh(root, "rm -rf git.log done && cd project && git commit -q --allow-empty -m next");
    let commit = sh(root, "git -C project rev-parse main");
    machine.env.push(("BUILDKITE_COMMIT".to_owned(), commit.into()));
}

fn command_lines(state: Machines) -> Vec<String> {
    let mut machine = whole();
    if state == Machines::Used {
        next(&mut machine, Machines::Fresh);
        machine.check(0, &["content"]);
    }
    next(&mut machine, state);
    machine.check(0, &["content", "!Warning"]);
    assert_nothing_left(&machine, "a job without a fault");
    let log = fs::read_to_string(machine.root.path().join("git.log")).expect("it was written");
    log.lines().map(str::to_owned).collect()
}

/// Lets the command of number `at` (from 1) fail in each way, on one machine.
fn check_line(state: Machines, at: usize, line: &str) {
    let (_, afters) = *TABLE
        .iter()
        .find(|(words, _)| format!("{line} ").contains(words))
        .unwrap_or_else(|| panic!("nothing is known of {line}"));
    let mut machine = whole();
    next(&mut machine, Machines::Fresh);
    machine.check(0, &["content"]);
    for ((fault, status), after) in FAULTS.into_iter().zip(afters) {
        let what = format!("{line}: {fault}");
        next(&mut machine, state);
        let healthy = machine.env.clone();
        let marker = machine.checkout().join("kept");
        let set = format!("mkdir -p '{0}' && touch '{0}/kept'; {fault}", machine.checkout().display());
        machine.env.extend([("AT".to_owned(), at.to_string().into()), ("FAULT".to_owned(), set.into())]);
        let ended = machine.run();
        assert!(machine.root.path().join("done").exists(), "{what}: it was never run");
        let status = if after == GoesOn { 0 } else { status };
        assert_eq!(ended.status.code(), Some(status), "{what}: {}", ended.lines);
        if after != GoesOn {
            assert_eq!(marker.exists(), after == Kept, "{what}: {}", ended.lines);
            assert!(machine.checkout().is_dir(), "{what}");
        }
        assert_nothing_left(&machine, &what);
        // What a killed clone leaves is a `.git`, not this.
        sh(machine.root.path(), &format!("rm -f '{}'", marker.display()));
        machine.env = healthy;
        machine.check(0, &["content"]);
    }
}

fn assert_nothing_left(machine: &Machine, what: &str) {
    let root = machine.root.path();
    let left = sh(
        root,
        "ls -A tmp; ls -A build/agent/org | grep -v '^pipe$' || true; \
         find build mirrors -name '*.lock' 2>/dev/null || true; ls -A mirrors/snapshots 2>/dev/null || true",
    );
    assert_eq!(left, "", "{what}");
    let locks = fs::read_dir(root.join("mirrors")).into_iter().flatten().flatten();
    for lock in locks.filter(|entry| entry.file_name().to_string_lossy().ends_with("lockf")) {
        let file = File::open(lock.path()).expect("it is there");
        file.try_lock().unwrap_or_else(|error| panic!("{what}: {}: {error}", lock.path().display()));
    }
    assert_eq!(processes_in(root), Vec::<String>::new(), "{what}");
}

/// What runs there, on systems that tell.
fn processes_in(root: &Path) -> Vec<String> {
    let root = fs::canonicalize(root).expect("it exists");
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let there = processes.filter(|entry| {
        fs::read_link(entry.path().join("cwd")).is_ok_and(|directory| directory.starts_with(&root))
    });
    there.map(|entry| fs::read_to_string(entry.path().join("comm")).unwrap_or_default()).collect()
}

fn check_lines(state: Machines, some: impl Fn(&str) -> bool) {
    let lines = command_lines(state);
    std::thread::scope(|scope| {
        for (number, line) in lines.iter().enumerate().filter(|(_, line)| some(line)) {
            scope.spawn(move || check_line(state, number + 1, line));
        }
    });
}

#[test]
fn a_command_of_a_first_checkout_fails() {
    check_lines(Machines::Fresh, |line| line.contains("clone "));
}

#[test]
fn a_command_of_a_later_checkout_fails() {
    check_lines(Machines::Used, |_| true);
}
