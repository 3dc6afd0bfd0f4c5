//! Clones over ssh from a real server: its key becomes known, and only then git may talk to it.

use crate::bed::Bed;
use crate::sshd::Sshd;
use redkite_git::Settings;
use redkite_git::settings::Keyscan;

/// A server, and a client that knows nothing but this place: OpenSSH takes the home directory from the user
/// database, not from `HOME`.
fn served() -> (Bed, Sshd, Settings) {
    let bed = Bed::new();
    let sshd = Sshd::start(&bed);
    let (known, user) = (bed.path("home/.ssh/known_hosts"), bed.sh("id -un"));
    let options = format!(
        "ssh -F none -o UserKnownHostsFile={} -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes \
         -o BatchMode=yes",
        known.display()
    );
    bed.shell.set("GIT_SSH_COMMAND", format!("{options} -i {}", bed.path("home/.ssh/id").display()));
    let mut settings = bed.settings("HEAD");
    settings.repository =
        format!("ssh://{user}@127.0.0.1:{}{}", sshd.port, settings.repository.display()).into();
    settings.keyscan = Keyscan::On;
    settings.home = Some(bed.path("home"));
    (bed, sshd, settings)
}

#[test]
fn a_server_that_nobody_knew_is_scanned_and_cloned_from() {
    let (mut bed, sshd, settings) = served();
    bed.check_out(&settings).unwrap_or_else(|error| panic!("{error}\n{}", bed.log()));
    assert_eq!(bed.checked_out(), "2");
    let host = bed.sh("cut -d' ' -f1,2 sshd/host.pub");
    assert_eq!(bed.sh("cat home/.ssh/known_hosts"), format!("[127.0.0.1]:{} {host}", sshd.port));
    assert!(bed.log().contains(&format!("# Added host \"127.0.0.1:{}\" to known hosts", sshd.port)));
    bed.check_out(&settings).expect("it is known now");
    assert!(bed.log().contains("already in list of known hosts"), "{}", bed.log());
    assert_eq!(bed.sh("wc -l < home/.ssh/known_hosts"), "1");
}

#[test]
fn a_server_that_is_not_scanned_stays_unknown() {
    let (mut bed, _sshd, mut settings) = served();
    settings.keyscan = Keyscan::Off;
    let error = bed.check_out(&settings).expect_err("its key is not known");
    assert_eq!(
        (error.exit_status(), error.to_string().as_str()),
        (128, "cloning git repository: exit status 128")
    );
    assert!(bed.output().contains("Host key verification failed"), "{}", bed.output());
}

/// What is known of the host is left alone: git says that the key is another one.
#[test]
fn a_server_with_another_key_than_the_known_one_is_refused() {
    let (mut bed, sshd, settings) = served();
    bed.sh(&format!(
        "ssh-keygen -q -t ed25519 -N '' -f sshd/other && \
         echo \"[127.0.0.1]:{} $(cut -d' ' -f1,2 sshd/other.pub)\" > home/.ssh/known_hosts",
        sshd.port
    ));
    bed.check_out(&settings).expect_err("its key has changed");
    assert!(bed.log().contains("already in list of known hosts"), "{}", bed.log());
    assert!(bed.output().contains("HOST IDENTIFICATION HAS CHANGED"), "{}", bed.output());
}

/// The key of the job, not the one of the machine, which here is none.
#[test]
fn the_jobs_own_key_opens_the_door() {
    let (mut bed, _sshd, mut settings) = served();
    settings.ssh_key = bed.sh("cat home/.ssh/id && rm home/.ssh/id");
    let before = bed.shell.get("GIT_SSH_COMMAND");
    bed.check_out(&settings).unwrap_or_else(|error| panic!("{error}\n{}", bed.log()));
    assert_eq!(bed.checked_out(), "2");
    assert_eq!(bed.shell.get("GIT_SSH_COMMAND"), before);
    settings.ssh_key = bed.sh("ssh-keygen -q -t ed25519 -N '' -f stranger && cat stranger");
    bed.sh("find builds/demo -mindepth 1 -delete");
    bed.check_out(&settings).expect_err("nobody knows this key");
    assert!(bed.output().contains("Permission denied"), "{}", bed.output());
}

#[test]
fn submodules_and_mirrors_come_over_ssh_too() {
    let (mut bed, sshd, mut settings) = served();
    let user = bed.sh("id -un");
    bed.sh("git init -q -b main lib && cd lib && echo lib > lib.txt && git add . && git commit -qm lib");
    bed.sh(&format!(
        "cd project && git submodule -q add \"$PWD/../lib\" lib && \
         git config -f .gitmodules submodule.lib.url \"ssh://{user}@localhost:{}$(dirname \"$PWD\")/lib\" && git commit -qam 'with lib'",
        sshd.port
    ));
    settings.mirrors = Some(redkite_git::settings::Mirrors {
        path: bed.path("mirrors"),
        mode: redkite_git::settings::MirrorMode::Reference,
        lock_timeout: std::time::Duration::from_secs(60),
        skip_update: false,
    });
    bed.check_out(&settings).unwrap_or_else(|error| panic!("{error}\n{}\n{}", bed.log(), bed.output()));
    assert_eq!(bed.sh("cat builds/demo/lib/lib.txt"), "lib");
    assert_eq!(bed.sh("wc -l < home/.ssh/known_hosts"), "2", "one line for each name of the server");
}

/// Nobody listens: the scan is tried three times, the warnings say so, and the clone says why it fails.
#[test]
fn a_server_that_is_gone() {
    let (mut bed, sshd, settings) = served();
    drop(sshd);
    let error = bed.check_out(&settings).expect_err("nobody listens");
    assert_eq!(error.exit_status(), 128);
    assert!(bed.log().contains("(Attempt 3/3)"), "{}", bed.log());
    assert!(bed.log().contains("Error adding to known_hosts: failed to add"), "{}", bed.log());
}
