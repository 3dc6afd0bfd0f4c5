//! The first clone from the remote mirror (spec/checkout.md §11.4).
use super::{Outcome, RemoteMirror, clone_outcome, patience, still_running, transport};
use crate::alternates;
use crate::classify::Operation;
use crate::command::{Args, Git};
use crate::directory;
use crate::error::CheckoutError;
use crate::settings::Settings;
use redkite_shell::Shell;
use std::ffi::OsString;
use std::time::Instant;

/// Whether there is a clone now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cloned {
    Yes,
    /// The repository itself is to be cloned.
    No,
}

/// What a finished clone holds.
struct Contents {
    commit: bool,
    shallow: bool,
}

/// Clones from the remote mirror with the flags of any clone.
pub(crate) fn clone(
    shell: &Shell,
    settings: &Settings,
    remote: &mut RemoteMirror,
    flags: &[OsString],
) -> Result<Cloned, CheckoutError> {
    let start = Instant::now();
    let contents = match try_clone(shell, settings, remote, flags) {
        Ok(contents) => contents,
        Err(error) => {
            remote.conclude(clone_outcome(&error), start);
            wipe(shell)?;
            still_running(shell)?;
            shell.log().comment("Remote Git mirror clone failed; falling back to canonical repository");
            return Ok(Cloned::No);
        }
    };
    if contents.commit && !(contents.shallow && borrows(shell)?) {
        remote.conclude(Outcome::Hit, start);
        return Ok(Cloned::Yes);
    }
    remote.conclude(Outcome::Miss, start);
    if !contents.shallow {
        return Ok(Cloned::Yes);
    }
    // What is missing below a shallow clone's edge can't be fetched from a repository with other edges.
    shell
        .log()
        .comment("Remote Git mirror is lagging for a shallow clone; cloning from canonical repository");
    wipe(shell)?;
    Ok(Cloned::No)
}

fn try_clone(
    shell: &Shell,
    settings: &Settings,
    remote: &RemoteMirror,
    flags: &[OsString],
) -> Result<Contents, CheckoutError> {
    let git = Git::new(shell);
    let args =
        Args::new(transport(&settings.agent)).and(patience()).and(["clone"]).and(flags.iter().cloned());
    git.unseen().run_as(Operation::Clone, args.and(["--", &remote.url, "."]))?;
    git.run(Args::new(["remote", "set-url", "origin"]).and([&settings.repository]))?;
    let shallow = git.capture(Args::new(["rev-parse", "--is-shallow-repository"]))? == "true";
    Ok(Contents { commit: git.has_commit(".git".as_ref(), &settings.source.commit), shallow })
}

/// Whether the clone uses objects of other repositories.
fn borrows(shell: &Shell) -> Result<bool, CheckoutError> {
    let elsewhere = shell.get("GIT_ALTERNATE_OBJECT_DIRECTORIES").is_some_and(|value| !value.is_empty());
    Ok(elsewhere || alternates::file(&directory::checkout_path(shell)?).exists())
}

fn wipe(shell: &Shell) -> Result<(), CheckoutError> {
    directory::remove(shell)?;
    directory::ensure(shell).map(drop)
}
