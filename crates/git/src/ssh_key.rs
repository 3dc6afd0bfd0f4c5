//! The job's own ssh key, for as long as one attempt takes (spec/checkout.md §17).
use crate::directory;
use crate::error::CheckoutError;
use crate::os;
use crate::paths::sanitised;
use redkite_shell::{Shell, quote_word};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const SSH_COMMAND: &str = "GIT_SSH_COMMAND";

/// A key that git's ssh uses. It must be [removed](Self::remove).
#[derive(Debug)]
pub(crate) struct SshKey {
    directory: PathBuf,
    previous: Option<OsString>,
}

/// Writes `key` beside the checkout and has git use it; nothing when it is empty.
pub(crate) fn install(shell: &Shell, key: &str, pipeline: &str) -> Result<Option<SshKey>, CheckoutError> {
    if key.is_empty() {
        return Ok(None);
    }
    let checkout = directory::checkout_path(shell)?;
    let parent = checkout.parent().unwrap_or(&checkout);
    os::private_directory(parent).map_err(CheckoutError::file("creating directory", parent))?;
    let directory = unique_directory(shell, parent, pipeline)
        .map_err(CheckoutError::file("creating a directory in", parent))?;
    let previous = shell.get(SSH_COMMAND);
    let installed = SshKey { directory, previous };
    let file = installed.directory.join("id");
    let written =
        os::private_file(&file).and_then(|mut file| writeln!(file, "{}", key.trim_end_matches('\n')));
    if let Err(error) = written {
        // The unwritten key's error counts, not the clean-up's.
        let _ = directory::remove_all(&installed.directory);
        return Err(CheckoutError::file("writing", file)(error));
    }
    let before = installed.previous.as_deref().map(redkite_text::trimmed);
    let before = before.filter(|before| !before.is_empty()).unwrap_or_else(|| "ssh".into());
    let file = quote_word(file);
    let words = [before.as_os_str(), "-i".as_ref(), &file, "-o IdentitiesOnly=yes".as_ref()];
    shell.set(SSH_COMMAND, redkite_text::join(words, " "));
    Ok(Some(installed))
}

impl SshKey {
    /// Removes the key, and git's knowledge of it.
    pub(crate) fn remove(self, shell: &Shell) -> Result<(), CheckoutError> {
        match self.previous {
            Some(previous) => shell.set(SSH_COMMAND, previous),
            None => shell.unset(SSH_COMMAND),
        }
        directory::remove_all(&self.directory)
            .map_err(CheckoutError::file("cleaning up git ssh key", self.directory.join("id")))
    }
}

fn unique_directory(shell: &Shell, parent: &Path, pipeline: &str) -> io::Result<PathBuf> {
    let prefix = format!(".buildkite-ssh-key-{}{}", sanitised(pipeline), shell.job_mark());
    os::unique_private_directory(parent, &prefix)
}
