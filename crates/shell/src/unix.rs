//! What is Unix's own.

use std::borrow::Cow;
use std::fs::OpenOptions;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::Env;
use crate::words::Flavour;

/// Before the command of a prompt.
pub(crate) const PROMPT: &str = "$";
/// How settings are split into words.
pub(crate) const WORDS: Flavour = Flavour::Posix;
/// What makes a program's name a path.
pub(crate) const SEPARATORS: &[u8] = b"/";

/// A variable's name as it is compared.
pub(crate) fn name(name: &str) -> Cow<'_, str> {
    Cow::Borrowed(name)
}

/// The directories in which programs are looked for.
pub(crate) fn search_path(env: &Env) -> impl Iterator<Item = PathBuf> {
    std::env::split_paths(env.value("PATH")).filter(|_| env.contains("PATH"))
}

/// `path`, if it can be executed.
pub(crate) fn runnable(path: &Path, _: &Env) -> Option<PathBuf> {
    let metadata = path.metadata().ok()?;
    let runnable = !metadata.is_dir() && metadata.permissions().mode() & 0o111 != 0;
    runnable.then(|| path.to_path_buf())
}

/// A file that these options make is for nobody but the agent's user.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}
