//! Git LFS (spec/checkout.md §14).
use crate::classify::{Class, Operation};
use crate::command::{Args, Git};
use crate::error::{CheckoutError, During};
use crate::fetch::pause;
use crate::retry::{Policy, random};
use crate::sparse::{Mode, Sparse};
use redkite_shell::Shell;
use std::collections::HashSet;
use std::ffi::OsString;

/// How many paths one command line gets.
const BATCH: usize = 1000;

/// Whether there is a Git LFS; asked once, before anything is cloned.
pub(crate) fn probe(shell: &Shell) -> Result<(), CheckoutError> {
    let version = Git::new(shell).capture(Args::new(["lfs", "version"]));
    version.map(drop).during(
        "BUILDKITE_GIT_LFS_ENABLED=true but `git lfs version` failed; Git LFS must be installed where the agent runs",
    )
}

/// Has this checkout's files go through it.
pub(crate) fn install(shell: &Shell) -> Result<(), CheckoutError> {
    shell.log().comment("Installing Git LFS filter");
    Git::new(shell).run(Args::new(["lfs", "install", "--local"])).during("installing git lfs filter")
}

/// Fetches and checks out the files themselves, as often as it takes.
pub(crate) fn fetch(shell: &Shell, sparse: Option<&Sparse>) -> Result<(), CheckoutError> {
    for attempt in Policy::LFS.tries(random) {
        let Err(error) = fetch_once(shell, sparse) else { return Ok(()) };
        if shell.context().is_over() {
            return Err(error);
        }
        shell.log().comment(attempt);
        if attempt.is_last() {
            return Err(error.final_as(Class::Lfs));
        }
        pause(shell, attempt.pause)?;
    }
    Ok(())
}

fn fetch_once(shell: &Shell, sparse: Option<&Sparse>) -> Result<(), CheckoutError> {
    let (paths, include) = match sparse {
        None => (None, None),
        Some(Sparse { mode: Mode::Cone, paths, .. }) => (
            Some(paths.clone()),
            Some(["--include=".as_ref(), paths.join(",".as_ref()).as_os_str()].join("".as_ref())),
        ),
        Some(Sparse { mode: Mode::NoCone, .. }) => {
            let paths = present(shell)?;
            shell.log().comment(format_args!(
                "Fetching all Git LFS objects; checking out {} path(s) present in the sparse working tree (no-cone mode)",
                paths.len()
            ));
            (Some(paths), None)
        }
    };
    let git = Git::new(shell);
    git.run_as(Operation::Lfs, Args::new(["lfs", "fetch"]).and(include)).during("git lfs fetch")?;
    let checkout = |paths: &[OsString]| {
        let args = Args::new(["lfs", "checkout"]).and(paths.iter().cloned());
        git.run_as(Operation::Lfs, args).during("git lfs checkout")
    };
    match paths {
        None => checkout(&[]),
        Some(paths) => paths.chunks(BATCH).try_for_each(checkout),
    }
}

/// The files of Git LFS that are in the working tree: those not marked as skipped in the index.
fn present(shell: &Shell) -> Result<Vec<OsString>, CheckoutError> {
    let git = Git::new(shell);
    let index = git
        .capture_bytes(Args::new(["ls-files", "-t", "-z"]))
        .during("listing skip-worktree paths for sparse LFS checkout")?;
    let skipped: HashSet<_> =
        index.split(|byte| *byte == 0).filter_map(|entry| entry.strip_prefix(b"S ")).collect();
    let files = git
        .capture_bytes(Args::new(["lfs", "ls-files", "-n"]))
        .during("listing Git LFS files for sparse checkout")?;
    let paths = files.split(|byte| *byte == b'\n').filter(|path| !path.is_empty());
    Ok(paths.filter(|path| !skipped.contains(path)).map(redkite_text::from_bytes).collect())
}
