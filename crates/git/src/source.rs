//! The commit is fetched into the checkout (spec/checkout.md §8).
use crate::command::{Args, Git, split_flags};
use crate::error::{CheckoutError, During};
use crate::fetch::{self, Fetch};
use crate::fetch_plan::Plan;
use crate::flags::has_filter;
use crate::remote_mirror::{self, MirrorSite, RemoteMirror};
use crate::retry::Policy;
use crate::settings::{PullRequestRef, Settings};
use crate::sparse::Sparse;
use redkite_shell::Shell;
use redkite_telemetry::{Span, SpanStart};
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Fetches what the job's source asks for into `checkout`, which is the current directory.
pub(crate) fn fetch(
    shell: &Shell,
    settings: &Settings,
    checkout: &Path,
    sparse: Option<&Sparse>,
    remote: &mut RemoteMirror,
) -> Result<(), CheckoutError> {
    let source = &settings.source;
    let start = SpanStart::step("git.fetch")
        .with("git.pull_request", (source.pull_request != "false").to_string())
        .with("git.refspec_kind", Plan::of(source).kind());
    shell.trace().within(start, |span| fetch_unless_there(shell, settings, checkout, sparse, remote, span))
}

fn fetch_unless_there(
    shell: &Shell,
    settings: &Settings,
    checkout: &Path,
    sparse: Option<&Sparse>,
    remote: &mut RemoteMirror,
    span: &Span,
) -> Result<(), CheckoutError> {
    // Flags that can't be split fail before anything is repaired or skipped.
    split_flags("git-fetch-flags", &settings.flags.fetch)?;
    remote_mirror::repair(shell, checkout)?;
    let commit = &settings.source.commit;
    let may_skip = (settings.skip_fetch_existing || remote.has_hit()) && !settings.source.is_head();
    if may_skip && Git::new(shell).has_commit(".git".as_ref(), commit) {
        shell.log().comment(format_args!("Commit {commit:?} already exists locally, skipping fetch"));
        span.set("git.skipped", "true");
        return Ok(());
    }
    span.set("git.skipped", "false");
    let flags = flags(settings, sparse)?;
    let plan = Plan::of(&settings.source);
    let is_one_commit = matches!(plan, Plan::Commit(_));
    if !is_one_commit {
        shell.log().comment(plan.comment());
    }
    if plan.may_use_remote_mirror() && from_remote_mirror(shell, settings, &flags, remote)? {
        return Ok(());
    }
    if is_one_commit {
        shell.log().comment(plan.comment());
    }
    run(shell, &plan, &flags).during(plan.failure())
}

/// The user's flags; a sparse checkout is a partial clone, too, unless they have a filter of their own.
fn flags(settings: &Settings, sparse: Option<&Sparse>) -> Result<OsString, CheckoutError> {
    let user = &settings.flags.fetch;
    let own_filter = has_filter(&split_flags("git-fetch-flags", user)?)
        || has_filter(&split_flags("git-clone-flags", &settings.flags.clone)?);
    if sparse.is_none() || own_filter {
        return Ok(user.clone());
    }
    Ok(redkite_text::join(["--filter=blob:none".as_ref(), user.as_os_str()], " "))
}

/// Fetches from origin.
fn run(shell: &Shell, plan: &Plan, flags: &OsStr) -> Result<(), CheckoutError> {
    let refspecs = plan.refspecs();
    match plan {
        Plan::Custom(_) | Plan::Branch(_) => Fetch::origin(flags, refspecs).run(shell, Git::new(shell)),
        Plan::Commit(_) => fetch::with_fallback(shell, flags, refspecs),
        Plan::PullRequest { commit: Some(_), .. } => {
            fetch::with_fallback(shell, flags, refspecs)?;
            say_fetch_head(shell);
            Ok(())
        }
        Plan::PullRequest { commit: None, which, .. } => {
            // The provider makes a head ref a moment after the pull request; a merge ref that is missing is a
            // conflict, mostly.
            let policy = match which {
                PullRequestRef::Head => Policy::FETCH,
                PullRequestRef::Merge => Policy::ONCE,
            };
            Fetch { policy, ..Fetch::origin(flags, refspecs) }.run(shell, Git::new(shell))?;
            say_fetch_head(shell);
            Ok(())
        }
    }
}

fn from_remote_mirror(
    shell: &Shell,
    settings: &Settings,
    flags: &OsStr,
    remote: &mut RemoteMirror,
) -> Result<bool, CheckoutError> {
    let due = remote.is_due_at(MirrorSite::ExistingCheckout);
    Ok(due && remote_mirror::fetch_into_checkout(shell, settings, remote, flags)?)
}

fn say_fetch_head(shell: &Shell) {
    let head = Git::new(shell).capture(Args::new(["rev-parse", "FETCH_HEAD"])).unwrap_or_default();
    shell.log().comment(format_args!("FETCH_HEAD is now `{head}`"));
}
