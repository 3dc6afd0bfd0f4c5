//! Hosts that become known.

use crate::bed::Bed;
use redkite_git::{add_host, add_host_within};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

/// Stand-ins for ssh, which knows an alias, and for ssh-keyscan, which has two keys.
fn with_ssh() -> Bed {
    let bed = Bed::new();
    bed.sh(
        "mkdir bin && printf '#!/bin/sh\\necho \"hostname real.example\"; echo \"port ${PORT:-22}\"\\n' > bin/ssh && \
         printf '#!/bin/sh\\necho \"$*\" >> %s/scans\\n[ -z \"$SILENT\" ] || exit 0\\necho real.example ssh-rsa AAA\\necho real.example ssh-ed25519 BBB\\n' \"$PWD\" > bin/ssh-keyscan && \
         chmod +x bin/*",
    );
    let path = bed.shell.env().text("PATH").into_owned();
    bed.shell.set("PATH", format!("{}:{path}", bed.path("bin").display()));
    bed
}

fn add(bed: &Bed, repository: &str) {
    add_host(&bed.shell, repository, Some(&bed.path("home")));
}

#[test]
fn a_host_is_scanned_once() {
    let bed = with_ssh();
    add(&bed, "git@code.example:o/r.git");
    add(&bed, "ssh://git@code.example/o/other.git");
    let known = bed.sh("cat home/.ssh/known_hosts");
    assert_eq!(known, "real.example ssh-rsa AAA\nreal.example ssh-ed25519 BBB");
    assert_eq!(bed.sh("cat scans"), "real.example");
    assert!(bed.log().contains("already in list of known hosts"));
    let mode = |name: &str| bed.path(name).metadata().expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode("home/.ssh"), mode("home/.ssh/known_hosts")), (0o700, 0o600));
}

#[test]
fn a_port_is_scanned_as_such() {
    let bed = with_ssh();
    bed.shell.set("PORT", "2222");
    add(&bed, "ssh://git@code.example/o/r.git");
    assert_eq!(bed.sh("cat scans"), "-p 2222 real.example");
}

#[test]
fn other_repositories_scan_nothing() {
    let bed = with_ssh();
    add(&bed, "https://code.example/o/r.git");
    assert_eq!(bed.sh("ls -A home/.ssh"), "known_hosts", "the file is made nevertheless");
    let project = bed.path("project");
    bed.sh("rm -r home/.ssh");
    add(&bed, &project.to_string_lossy());
    assert!(!bed.path("home/.ssh").exists() && !bed.path("scans").exists());
}

#[test]
fn a_home_that_is_not_there_is_a_warning() {
    let bed = with_ssh();
    add_host(&bed.shell, "git@code.example:o/r.git", None);
    assert!(bed.log().contains("Failed to find SSH known_hosts file"));
}

/// What is in the file, and whether the host is scanned because of it, or none of it can be used.
#[test]
fn odd_files() {
    let check = |make: &str, scanned: bool, says: &str| {
        let bed = with_ssh();
        bed.sh(&format!("mkdir home/.ssh && cd home/.ssh && {make}"));
        add(&bed, "git@code.example:o/r.git");
        assert_eq!(bed.path("scans").exists(), scanned, "{make}");
        assert!(bed.log().contains(says), "{make}: {}", bed.log());
        bed
    };
    let (known, added) = ("already in list of known hosts", "# Added host \"real.example\"");
    check(": > known_hosts", true, added);
    check("printf 'real.example ssh-rsa OLD' > known_hosts", false, known);
    check("printf 'real.example ssh-rsa OLD\\r\\n' > known_hosts", false, known);
    check("printf '\\377\\376 x y\\nreal.example ssh-rsa OLD\\n' > known_hosts", false, known);
    check("printf '  real.example ssh-rsa OLD\\n' > known_hosts", true, added);
    check("printf 'Real.Example ssh-rsa A\\n*.example ssh-rsa B\\n' > known_hosts", true, added);
    check("printf '[real.example]:2222 ssh-rsa A\\n' > known_hosts", true, added);
    check("mkdir known_hosts", false, "Error adding to known_hosts: reading ");
    check("cd .. && rmdir .ssh && touch .ssh", false, "Failed to find SSH known_hosts file: ");
    let bed = check("ln -s ../elsewhere known_hosts", true, added);
    assert_eq!(bed.sh("head -1 home/elsewhere"), "real.example ssh-rsa AAA");
    let bed = check("printf 'old.example ssh-rsa OLD' > known_hosts", true, added);
    assert_eq!(bed.sh("head -2 home/.ssh/known_hosts"), "old.example ssh-rsa OLD\nreal.example ssh-rsa AAA");
}

#[test]
fn a_file_that_another_process_is_at_is_waited_for_a_while() {
    let bed = with_ssh();
    bed.sh("mkdir home/.ssh");
    let held = std::fs::File::create(bed.path("home/.ssh/known_hosts.lockf")).expect("made");
    held.lock().expect("nobody else has it");
    let add = || {
        let home = bed.path("home");
        add_host_within(&bed.shell, "git@code.example:o/r.git", Some(&home), Duration::ZERO);
    };
    add();
    assert!(bed.log().contains("known_hosts.lockf\" (locked by another process)"), "{}", bed.log());
    assert!(bed.log().contains("Error adding to known_hosts: locking "), "{}", bed.log());
    assert!(!bed.path("scans").exists());
    drop(held);
    add();
    assert_eq!(bed.sh("cat scans"), "real.example");
}

/// Three times; the job goes on without.
#[test]
fn a_host_that_says_nothing() {
    let bed = with_ssh();
    bed.shell.set("SILENT", "yes");
    add(&bed, "git@code.example:o/r.git");
    assert_eq!(bed.sh("cat scans"), "real.example\nreal.example\nreal.example");
    let says = "`ssh-keyscan \"real.example\"` returned nothing (Attempt 1/3 Retrying in 2s)";
    assert!(bed.log().contains(says), "{}", bed.log());
    let says = "failed to add \"real.example\" to known_hosts file \"ssh://git@code.example/o/r.git\": could not `ssh-keyscan`: ";
    assert!(bed.log().contains(says), "{}", bed.log());
    assert_eq!(bed.sh("cat home/.ssh/known_hosts"), "");
}
