//! A commit is fetched from the remote mirror into a checkout that exists (spec/checkout.md §11.5).
use super::decision::Skip;
use super::{Outcome, RemoteMirror, fetch_outcome, limited, promisor, still_running, transport};
use crate::command::{Args, Git, split_flags};
use crate::error::{CheckoutError, During};
use crate::fetch::Fetch;
use crate::flags;
use crate::retry::Policy;
use crate::settings::Settings;
use redkite_shell::Shell;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Instant;

/// Fetches the commit with the flags that the fetch from origin would have; answers whether it is there now.
pub(crate) fn fetch_into_checkout(
    shell: &Shell,
    settings: &Settings,
    remote: &mut RemoteMirror,
    flags: &OsStr,
) -> Result<bool, CheckoutError> {
    let flags = filtered(shell, flags)?;
    let (log, config) = (shell.log(), promisor::Config::new(shell));
    match config.mentions(&remote.url) {
        Ok(false) => {}
        Ok(true) => {
            remote.skip_for(Skip::UrlConfigConflict);
            log.comment("Remote Git mirror URL already has user-owned config; falling back to canonical");
            return Ok(false);
        }
        Err(_) => return give_up(shell, remote, "Could not inspect remote Git mirror state"),
    }
    if config.mark(&remote.url).is_err() {
        return give_up(shell, remote, "Could not mark remote Git mirror state");
    }
    log.comment("Fetch commit from remote Git mirror");
    let start = Instant::now();
    let outcome = fetch(shell, settings, remote, &flags);
    remote.conclude(outcome, start);
    promisor::clean_up(shell, &remote.url)?;
    still_running(shell)?;
    Ok(remote.has_hit())
}

fn give_up(shell: &Shell, remote: &mut RemoteMirror, why: &str) -> Result<bool, CheckoutError> {
    remote.conclude_unused(Outcome::Error);
    still_running(shell)?;
    shell.log().warning(format_args!("{why}; falling back to canonical"));
    Ok(false)
}

/// A checkout that is a partial clone stays one.
fn filtered(shell: &Shell, flags: &OsStr) -> Result<OsString, CheckoutError> {
    let words = split_flags("git-fetch-flags", flags)?;
    if flags::has_filter(&words) || flags::any_starts_with(&words, &["--no-fi"]) {
        return Ok(flags.to_owned());
    }
    let filter = promisor::Config::new(shell)
        .get("remote.origin.partialclonefilter")
        .during("preparing remote mirror fetch")?;
    let mut flags = flags.to_owned();
    if let Some(filter) = filter {
        flags.push(format!(" --filter={filter}"));
    }
    Ok(flags)
}

fn fetch(shell: &Shell, settings: &Settings, remote: &RemoteMirror, flags: &OsStr) -> Outcome {
    let limited = limited(shell, settings);
    let git = Git::new(&limited);
    let git_dir = Path::new(".git");
    let global = Args::at(git_dir).and(transport(&settings.agent)).into_words();
    let commit = &settings.source.commit;
    let fetch =
        Fetch { global, flags, remote: &remote.url, refspecs: vec![commit.clone()], policy: Policy::ONCE };
    match fetch.run(&limited, git.unseen()) {
        Ok(()) if git.has_commit(git_dir, commit) => Outcome::Hit,
        Ok(()) => Outcome::Miss,
        Err(error) => fetch_outcome(&error, &limited),
    }
}
