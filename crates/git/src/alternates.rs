//! A checkout borrows a mirror's objects, or stops doing so (spec/checkout.md §7.1).
use crate::classify::Operation;
use crate::command::{Args, Git};
use crate::directory;
use crate::error::{CheckoutError, During};
use crate::settings::MirrorMode;
use redkite_shell::Shell;
use redkite_telemetry::SpanStart;
use std::fs;
use std::path::{Path, PathBuf};

/// Git's list of repositories whose objects the one at `checkout` uses.
pub(crate) fn file(checkout: &Path) -> PathBuf {
    checkout.join(".git").join("objects").join("info").join("alternates")
}

/// Gives the checkout its own copy of everything it borrows.
pub(crate) fn dissociate(shell: &Shell, checkout: &Path, mode: MirrorMode) -> Result<(), CheckoutError> {
    let alternates = file(checkout);
    if !alternates.exists() {
        return Ok(());
    }
    shell.log().comment(format_args!(
        "Dissociating existing reference clone because git mirror checkout mode is {:?}",
        mode.name()
    ));
    shell.trace().within(SpanStart::step("git.dissociate"), |_| {
        Git::new(shell)
            .run_as(Operation::Repack, Args::new(["repack", "-a", "-d"]))
            .during("cleaning up reference clone")?;
        directory::remove_all(&alternates)
            .map_err(CheckoutError::file("removing alternates file", alternates.clone()))
    })
}

/// Makes the checkout borrow from `mirror`, unless it borrows from somewhere already.
pub(crate) fn reassociate(
    shell: &Shell,
    checkout: &Path,
    mirror: &Path,
    mode: MirrorMode,
) -> Result<(), CheckoutError> {
    let alternates = file(checkout);
    if alternates.exists() {
        return Ok(());
    }
    shell.log().comment(format_args!(
        "Re-associating existing clone because git mirror checkout mode is {:?}",
        mode.name()
    ));
    let objects = mirror.join("objects");
    if !objects.is_dir() {
        let mirror = mirror.display();
        return Err(CheckoutError::Invalid(format!(
            "objects directory missing from mirror directory {mirror}"
        )));
    }
    fs::write(&alternates, format!("{}\n", objects.display()))
        .map_err(CheckoutError::file("writing alternates file", alternates))
}
