//! What is Windows's own (spec/job.md §23).

use std::borrow::Cow;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

use crate::Env;
use crate::words::Flavour;

/// Before the command of a prompt.
pub(crate) const PROMPT: &str = ">";
/// How settings are split into words.
pub(crate) const WORDS: Flavour = Flavour::Batch;
/// What makes a program's name a path.
pub(crate) const SEPARATORS: &[u8] = b"/\\:";

/// A variable's name as it is compared.
pub(crate) fn name(name: &str) -> Cow<'_, str> {
    Cow::Owned(name.to_uppercase())
}

/// The directories in which programs are looked for, the current one first.
pub(crate) fn search_path(env: &Env) -> impl Iterator<Item = PathBuf> {
    let listed: Vec<PathBuf> = std::env::split_paths(env.value("PATH")).collect();
    std::iter::once(PathBuf::from(".")).chain(listed)
}

/// `path`, with one of the extensions of `PATHEXT` where it has none of them, if there is such a file.
pub(crate) fn runnable(path: &Path, env: &Env) -> Option<PathBuf> {
    let listed = env.text("PATHEXT");
    let extensions = if listed.is_empty() { ".com;.exe;.bat;.cmd" } else { &listed };
    let bare = path.extension().is_some().then(|| path.to_path_buf());
    let extended = extensions.split(';').map(|extension| {
        let mut name = path.as_os_str().to_os_string();
        name.push(extension.to_lowercase());
        PathBuf::from(name)
    });
    bare.into_iter().chain(extended).find(|candidate| candidate.is_file())
}

/// A file that these options make is for whom its folder is.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}
