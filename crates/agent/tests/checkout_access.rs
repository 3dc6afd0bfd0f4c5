//! How git gets at a job's repository: managed credentials, and the job's own key (spec/checkout.md §17, §18).
#![cfg(unix)]

mod machine;

use machine::Machine;
use machine::checkouts::{faulty, sh};

const LEGACY: &str = "BUILDKITE_USE_GITHUB_APP_GIT_CREDENTIALS";
const NEUTRAL: &str = "BUILDKITE_USE_REPOSITORY_PROVIDER_GIT_CREDENTIALS";
const ON_GITHUB: &str = "git@github.com:o/r.git";
const ELSEWHERE: &str = "git@code.example:o/r.git";

/// A job whose clone is never tried: git's configuration is what counts.
fn job(variable: &str, repository: &str) -> Machine {
    faulty("clone", "exit 128")
        .file("bin/ssh", "#!/bin/sh\nexit 255\n")
        .file("bin/ssh-keyscan", "#!/bin/sh\necho \"$* ssh-rsa AAA\"\n")
        .agent_hook("pre-exit", "echo the end")
        .env("BUILDKITE_CHECKOUT_ATTEMPTS", "1")
        .env("BUILDKITE_SSH_KEYSCAN", "true")
        .env("BUILDKITE_REPO", repository)
        .env(variable, "true")
}

fn configured(machine: &Machine, key: &str) -> String {
    sh(machine.root.path(), &format!("git config --file home/.gitconfig --get {key} || true"))
}

/// Whether the host has become known, and whether git uses https instead of ssh for GitHub.
fn check(machine: &Machine, scanned: bool, rewritten: bool) {
    machine.check(128, &["cloning git repository: exit status 128", "the end"]);
    assert_eq!(configured(machine, "credential.useHttpPath"), "true");
    let helper = configured(machine, "credential.helper");
    let agent = env!("CARGO_BIN_EXE_buildkite-agent");
    assert_eq!(helper, format!("!'{agent}' git-credentials-helper"));
    let instead = if rewritten { "git@github.com:" } else { "" };
    assert_eq!(configured(machine, "url.https://github.com/.insteadOf"), instead);
    let known = sh(machine.root.path(), "cat home/.ssh/known_hosts 2>/dev/null || true");
    assert_eq!(!known.is_empty(), scanned, "{known}");
}

#[test]
fn the_older_variable_is_about_github_from_the_start() {
    check(&job(LEGACY, ON_GITHUB), false, true);
    check(&job(LEGACY, ELSEWHERE), false, true);
    check(&job(LEGACY, ELSEWHERE).env(NEUTRAL, "true"), false, true);
}

#[test]
fn the_newer_variable_is_about_the_jobs_repository() {
    check(&job(NEUTRAL, ON_GITHUB), false, true);
    check(&job(NEUTRAL, ELSEWHERE), true, false);
    check(&job(NEUTRAL, "https://github.com/o/r.git"), false, false);
}

/// It counts what the hooks before the checkout have made of it.
#[test]
fn the_repository_is_looked_at_again_before_the_checkout() {
    let hook = |machine: Machine, repository: &str| {
        machine.agent_hook("pre-checkout", &format!("export BUILDKITE_REPO={repository}"))
    };
    check(&hook(job(NEUTRAL, ELSEWHERE), ON_GITHUB), false, true);
    check(&hook(job(NEUTRAL, ON_GITHUB), ELSEWHERE), true, true);
}

#[test]
fn a_git_that_cannot_be_configured_fails_the_job() {
    let check = |when: &str, machine: Machine, says: &str| {
        let machine = machine.env("WHEN", when).env("FAULT", "exit 7");
        machine.check(7, &[says, "the end", "!$ git clone", "!content"]);
    };
    let before = "🚨 Error: Error configuring repository credentials: ";
    let http_path = format!("{before}enabling git credential.useHttpPath: exit status 7");
    check("credential.useHttpPath", job(NEUTRAL, ON_GITHUB), &http_path);
    let helper = format!("{before}configuring git credential.helper: exit status 7");
    check("credential.helper", job(LEGACY, ON_GITHUB), &helper);
    let instead = format!("{before}exit status 7");
    check("url.https://github.com/.insteadOf", job(NEUTRAL, ON_GITHUB), &instead);
    let hook = format!("export BUILDKITE_REPO={ON_GITHUB}");
    let moved = job(NEUTRAL, ELSEWHERE).agent_hook("pre-checkout", &hook);
    let again = "🚨 Error: refreshing repository credentials before checkout: exit status 7";
    check("url.https://github.com/.insteadOf", moved, again);
}

/// For every command of an attempt and no longer, whatever becomes of it.
#[test]
fn the_jobs_key_is_there_for_the_attempt_only() {
    const LOOK: &str =
        "echo \"[$GIT_SSH_COMMAND]\"; cat \"$own\"/build/agent/org/.buildkite-ssh-key-pipe-*/id; ";
    let check = |end: &str, status: i32, before: &str| {
        let machine = faulty("clone", &format!("{LOOK}{end}"))
            .agent_hook("pre-exit", "echo \"<${GIT_SSH_COMMAND-none}>\"")
            .env("BUILDKITE_CHECKOUT_ATTEMPTS", "1")
            .env("BUILDKITE_GIT_SSH_KEY", "the key\n\n\n");
        let machine = if before.is_empty() { machine } else { machine.env("GIT_SSH_COMMAND", before) };
        let ssh = if before.is_empty() { "ssh" } else { before.trim() };
        let after = if before.is_empty() { "<none>".to_owned() } else { format!("<{before}>") };
        let place = machine.root.path().join("build/agent/org");
        let command = format!("[{ssh} -i {}/.buildkite-ssh-key-pipe-", place.display());
        machine.check(status, &[&command, "/id -o IdentitiesOnly=yes]\n", &after]);
        assert_eq!(sh(&place, "ls -A"), "pipe", "{end}");
    };
    check("true", 0, "");
    check("exit 128", 128, "");
    check("kill -9 $$", 255, "  ssh -v ");
}
