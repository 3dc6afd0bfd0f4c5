//! Hosts that become known.

use crate::bed::Bed;
use redkite_git::add_host;
use std::os::unix::fs::PermissionsExt;

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
