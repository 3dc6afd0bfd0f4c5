//! The mirror on this host is made or updated from the remote one (spec/checkout.md §11.2, §11.3).
use super::{
    Outcome, RemoteMirror, clone_outcome, fetch_outcome, limited, patience, still_running, transport,
};
use crate::classify::Operation;
use crate::command::{Args, Git};
use crate::directory;
use crate::error::CheckoutError;
use crate::fetch::Fetch;
use crate::paths::{MirrorPaths, sanitised};
use crate::retry::Policy;
use crate::settings::Settings;
use redkite_shell::Shell;
use std::ffi::OsString;
use std::fs;
use std::time::Instant;

/// Makes the mirror; answers whether it is there.
pub(crate) fn create(
    shell: &Shell,
    settings: &Settings,
    remote: &mut RemoteMirror,
    paths: &MirrorPaths,
    flags: &[OsString],
) -> Result<bool, CheckoutError> {
    let start = Instant::now();
    match try_create(shell, settings, remote, paths, flags) {
        Ok(outcome) => {
            remote.conclude(outcome, start);
            Ok(true)
        }
        Err(error) => {
            remote.conclude(clone_outcome(&error), start);
            directory::remove_partial(shell, &paths.staging);
            still_running(shell)?;
            shell.log().comment("Remote Git mirror clone failed; falling back to canonical repository");
            Ok(false)
        }
    }
}

fn try_create(
    shell: &Shell,
    settings: &Settings,
    remote: &RemoteMirror,
    paths: &MirrorPaths,
    flags: &[OsString],
) -> Result<Outcome, CheckoutError> {
    let git = Git::new(shell);
    fs::create_dir(&paths.staging).map_err(CheckoutError::file("creating directory", &paths.staging))?;
    let staging = &paths.staging;
    let args = Args::new(transport(&settings.agent)).and(patience()).and(["clone", "--mirror"]);
    let args = args.and(flags.iter().cloned()).and(["--", &remote.url]).and([staging]);
    git.unseen().run_as(Operation::Clone, args)?;
    git.run(Args::at(staging).and(["remote", "set-url", "origin"]).and([&settings.repository]))?;
    let commit = git.has_commit(staging, &settings.source.commit);
    fs::rename(&paths.staging, &paths.repository)
        .map_err(CheckoutError::file("moving into place", &paths.staging))?;
    Ok(if commit { Outcome::Hit } else { Outcome::Miss })
}

/// Fetches the commit into the mirror; answers whether it is there now.
pub(crate) fn update(
    shell: &Shell,
    settings: &Settings,
    remote: &mut RemoteMirror,
    paths: &MirrorPaths,
) -> Result<bool, CheckoutError> {
    let (start, source) = (Instant::now(), &settings.source);
    let limited = limited(shell, settings);
    let mirror = &paths.repository;
    let target = format!("refs/buildkite-agent/remote-mirror/{}", sanitised(&source.branch));
    let global = Args::at(mirror).and(transport(&settings.agent)).into_words();
    let fetch = Fetch {
        global,
        flags: "--no-tags".as_ref(),
        remote: &remote.url,
        refspecs: vec![format!("+{}:{target}", source.commit)],
        policy: Policy::ONCE,
    };
    let git = Git::new(&limited);
    let outcome = match fetch.run(&limited, git.unseen()) {
        Ok(()) if git.has_commit(mirror, &source.commit) => Outcome::Hit,
        Ok(()) => Outcome::Miss,
        Err(error) => fetch_outcome(&error, &limited),
    };
    remote.conclude(outcome, start);
    still_running(shell)?;
    Ok(remote.has_hit())
}
