//! Whether the commit is on its branch (spec/checkout.md §15).
use crate::classify::Operation;
use crate::command::{Args, Git, split_flags};
use crate::error::CheckoutError;
use crate::fetch::pause;
use crate::flags::for_verification;
use crate::retry::{Policy, random};
use crate::settings::{Settings, Source, Verification};
use redkite_shell::Shell;
use std::ffi::OsString;

/// Where the branch's tip is kept while it is looked at.
const TIP: &str = "refs/buildkite-agent/commit-verification-branch-tip";

/// What the check found.
enum Finding {
    Verified,
    NotOnBranch,
    /// It could not be found out, and why.
    Unavailable(String),
}

/// Checks the commit as the settings want it.
///
/// # Errors
/// When it is not on the branch and that is fatal.
pub(crate) fn verify(shell: &Shell, settings: &Settings) -> Result<(), CheckoutError> {
    let (source, log) = (&settings.source, shell.log());
    if settings.verification == Verification::Off {
        return Ok(());
    }
    if let Some(reason) = skip_reason(source) {
        log.comment(format_args!("Skipping commit verification: {reason}"));
        return Ok(());
    }
    log.comment(format_args!("Verifying commit {:?} is on branch {:?}", source.commit, source.branch));
    let finding = check(shell, settings);
    let _ = Git::new(shell).run(Args::new(["update-ref", "-d", TIP]));
    let failure = CheckoutError::NotOnBranch { commit: source.commit.clone(), branch: source.branch.clone() };
    match finding {
        Finding::Verified => {}
        Finding::NotOnBranch if settings.verification == Verification::Strict => return Err(failure),
        Finding::NotOnBranch => log.warning(failure),
        Finding::Unavailable(why) => log.warning(format_args!("commit verification unavailable: {why}")),
    }
    Ok(())
}

fn skip_reason(source: &Source) -> Option<String> {
    if source.is_head() {
        Some("commit is HEAD".to_owned())
    } else if source.branch.is_empty() {
        Some("no branch specified".to_owned())
    } else if !source.tag.is_empty() {
        Some(format!("tag build ({})", source.tag))
    } else if !matches!(source.pull_request.as_str(), "" | "false") {
        Some(format!("pull request build (#{})", source.pull_request))
    } else if !source.refspec.is_empty() {
        Some(format!("custom refspec is set ({})", source.refspec))
    } else {
        None
    }
}

fn check(shell: &Shell, settings: &Settings) -> Finding {
    try_check(shell, settings).unwrap_or_else(|error| Finding::Unavailable(error.to_string()))
}

fn try_check(shell: &Shell, settings: &Settings) -> Result<Finding, CheckoutError> {
    let (source, git) = (&settings.source, Git::new(shell));
    let flags = for_verification(&split_flags("git-fetch-flags", &settings.flags.fetch)?);
    fetch_tip(shell, source, &flags, None, Policy::VERIFICATION)?;
    let tip = git.capture(Args::new(["rev-parse", TIP]))?;
    for deeper in [Some("--deepen=50"), Some("--unshallow"), None] {
        let status = is_ancestor(git, &source.commit, &tip)?;
        if status == 0 {
            return Ok(Finding::Verified);
        }
        let shallow = git.capture(Args::new(["rev-parse", "--is-shallow-repository"]))? == "true";
        match (shallow, deeper) {
            (false, _) if status == 1 => return Ok(Finding::NotOnBranch),
            (false, _) => return Ok(Finding::Unavailable(format!("git merge-base: exit status {status}"))),
            (true, Some(flag)) => {
                shell.log().comment(format_args!("Deepening checkout to verify commit ({flag})..."));
                fetch_tip(shell, source, &flags, Some(flag), Policy::ONCE)?;
            }
            (true, None) => {}
        }
    }
    Ok(Finding::Unavailable("the repository is still shallow".to_owned()))
}

/// The exit status of the question whether `tip` contains `commit`.
fn is_ancestor(git: Git<'_>, commit: &str, tip: &str) -> Result<i32, CheckoutError> {
    match git.run(Args::new(["merge-base", "--is-ancestor", commit, tip])) {
        Ok(()) => Ok(0),
        Err(CheckoutError::Command(error)) if error.ending().is_some() => Ok(error.code()),
        Err(error) => Err(error),
    }
}

/// The branch is one word here, unlike in the job's own fetch.
fn fetch_tip(
    shell: &Shell,
    source: &Source,
    flags: &[OsString],
    deeper: Option<&str>,
    policy: Policy,
) -> Result<(), CheckoutError> {
    let branch = &source.branch;
    let args = Args::new(["fetch"]).and(flags.iter().cloned()).and(deeper).and([
        "--",
        "origin",
        &format!("+refs/heads/{branch}:{TIP}"),
    ]);
    let unable =
        |error: CheckoutError| CheckoutError::Invalid(format!("unable to fetch branch {branch:?}: {error}"));
    for attempt in policy.tries(random) {
        let Err(error) = Git::new(shell).run_as(Operation::Fetch, args.clone()) else { return Ok(()) };
        // Whatever git said: a check that is left out is worth the tries.
        if attempt.is_last() || shell.context().is_over() {
            return Err(unable(error));
        }
        pause(shell, attempt.pause)?;
    }
    Ok(())
}
