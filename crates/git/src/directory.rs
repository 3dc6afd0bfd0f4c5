//! The checkout directory: made, entered, removed (spec/checkout.md §3).
use crate::error::CheckoutError;
use redkite_process::{Cancel, Context};
use redkite_shell::{Shell, quoted};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The variable that says where the checkout is. Hooks may change it, so it is read whenever it is needed.
pub const CHECKOUT_PATH: &str = "BUILDKITE_BUILD_CHECKOUT_PATH";

const REMOVALS: u32 = 10;
const BETWEEN_REMOVALS: Duration = Duration::from_secs(10);

/// Where the checkout is now.
///
/// # Errors
/// When the variable is not set.
pub fn checkout_path(shell: &Shell) -> Result<PathBuf, CheckoutError> {
    let path = shell
        .get(CHECKOUT_PATH)
        .ok_or_else(|| CheckoutError::Invalid(format!("{CHECKOUT_PATH} is not set")))?;
    Ok(PathBuf::from(path))
}

/// Makes the checkout directory if it isn't there, and goes there; answers where it is.
///
/// # Errors
/// When it can't be made, is no directory, or can't be entered.
pub fn ensure(shell: &Shell) -> Result<PathBuf, CheckoutError> {
    let path = checkout_path(shell)?;
    create(shell, &path)?;
    if !path.is_dir() {
        let not_a_directory = io::Error::from(io::ErrorKind::NotADirectory);
        return Err(CheckoutError::file("opening checkout path", &path)(not_a_directory));
    }
    if shell.directory() != path {
        shell.cd(&path)?;
    }
    Ok(path)
}

/// Makes a directory and those above it, with a remark, unless there is something at that place already.
pub(crate) fn create(shell: &Shell, path: &Path) -> Result<(), CheckoutError> {
    if path.exists() {
        return Ok(());
    }
    shell.log().comment(format_args!("Creating {}", quoted(path)));
    let failed = CheckoutError::file("creating directory", path);
    if path.as_os_str().is_empty() {
        return Err(failed(io::Error::from(io::ErrorKind::NotFound)));
    }
    fs::create_dir_all(path).map_err(failed)
}

/// Removes the checkout directory. What is being used there may take a while to let go of it, so several times.
///
/// # Errors
/// When it is still there in the end.
pub fn remove(shell: &Shell) -> Result<(), CheckoutError> {
    let path = checkout_path(shell)?;
    let log = shell.log();
    // Not the job's: a cancelled job, too, waits for its directory to go.
    let patience = Context::until(&Cancel::new());
    let mut last = io::Error::from(io::ErrorKind::DirectoryNotEmpty);
    for attempt in 1..=REMOVALS {
        log.comment(format_args!("Removing {}", path.display()));
        match remove_all(&path) {
            Ok(()) => return Ok(()),
            Err(error) => {
                log.error(format_args!("Failed to remove {} ({error})", quoted(&path)));
                last = error;
            }
        }
        if attempt < REMOVALS {
            log.comment("Waiting 10 seconds");
            patience.sleep(BETWEEN_REMOVALS);
        }
    }
    Err(CheckoutError::file("removing", path)(last))
}

/// Removes whatever is at `path`; nothing there is as good.
pub(crate) fn remove_all(path: &Path) -> io::Result<()> {
    let result = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes what a failed clone of a mirror has left at `path`, with a remark.
pub(crate) fn remove_partial(shell: &Shell, path: &Path) {
    if !path.exists() {
        return;
    }
    let (log, shown) = (shell.log(), quoted(path));
    log.comment(format_args!("Removing mirror dir {shown} due to failed clone"));
    if let Err(error) = remove_all(path) {
        log.warning(format_args!("Failed to remove {shown}: {error}"));
    }
}
