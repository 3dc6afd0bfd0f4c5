//! An existing repository's origin is the job's repository (spec/checkout.md §7.3).
use crate::command::{Args, Git};
use crate::error::CheckoutError;
use redkite_shell::Shell;
use std::ffi::OsStr;
use std::path::Path;

/// What became of an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It was right.
    Kept,
    /// It named another repository.
    Changed,
}

/// Makes `repository` the origin of the repository at `git_dir`, or of the one in the current directory.
pub(crate) fn reconcile(
    shell: &Shell,
    git_dir: Option<&Path>,
    repository: &OsStr,
) -> Result<Origin, CheckoutError> {
    let git = Git::new(shell);
    let args = |words: &[&str]| git_dir.map(Args::at).unwrap_or_default().and(words.iter().copied());
    // The raw value: what `insteadOf` makes of it doesn't matter.
    let mut current = git.capture_bytes(args(&["config", "--get-all", "remote.origin.url"]))?;
    if redkite_text::shown_bytes(&current).trim().lines().count() > 1 {
        current = git.capture_bytes(args(&["remote", "get-url", "origin"]))?;
    }
    let current = redkite_text::trimmed(&redkite_text::from_bytes(current));
    if current == repository {
        return Ok(Origin::Kept);
    }
    let place = git_dir.map_or_else(|| shell.directory(), Path::to_path_buf);
    let log = shell.log();
    log.comment(format_args!(
        "Remote URL for git directory {} has changed ({} -> {})!",
        place.display(),
        current.display(),
        repository.display()
    ));
    log.comment("Usually the repository was renamed or moved.");
    log.comment("If it is really another repository, what follows may fail.");
    git.run(args(&["remote", "set-url", "origin"]).and([repository]))?;
    Ok(Origin::Changed)
}
