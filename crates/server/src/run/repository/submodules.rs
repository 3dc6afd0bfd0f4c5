//! Submodules whose URL is relative to the repository's own (gitmodules(5)).
//!
//! Jobs clone the snapshot, so git would look for `../lib.git` beside that, in the data folder. What such a URL
//! means to the user is found out here, and told to the jobs' git as configuration.

use std::path::{Component, Path, PathBuf};

use super::{Git, GitError, Repository, Snapshot};

/// What jobs' git has to be told about the submodules of `snapshot` with a relative URL: settings and values.
pub(crate) fn submodule_settings(
    repository: &Repository,
    snapshot: &Snapshot,
) -> Result<Vec<(String, String)>, GitError> {
    let listing = listing(&repository.git.at(&snapshot.path), &snapshot.commit)?;
    let entries = listing.split('\0').filter_map(|entry| entry.split_once('\n'));
    let relative: Vec<_> = entries.filter(|(_, url)| is_relative(url)).collect();
    if relative.is_empty() {
        return Ok(Vec::new());
    }
    // As it is written: git applies `insteadOf` to what comes out.
    let origin = repository.git.answer(["config", "--get", "remote.origin.url"])?;
    let base = base(origin.as_deref(), &repository.top);
    let path = snapshot.path.to_string_lossy();
    Ok(relative.into_iter().flat_map(|(key, url)| settings(key, url, &base, &path)).collect())
}

/// The URL for a clone, and for one that was cloned: `git submodule sync` writes the wrong URL into it.
fn settings(key: &str, url: &str, base: &str, snapshot: &str) -> Vec<(String, String)> {
    let (right, wrong) = (resolve(base, url), resolve(snapshot, url));
    let mut settings = vec![(key.to_owned(), right.clone())];
    // `insteadOf` is about all URLs that start so: the snapshot's own must not.
    if wrong != right && !snapshot.starts_with(&wrong) {
        settings.push((format!("url.{right}.insteadOf"), wrong));
    }
    settings
}

/// Keys and URLs as `git config -z` lists them; nothing when the commit has no `.gitmodules`.
fn listing(git: &Git, commit: &str) -> Result<String, GitError> {
    let blob = format!("{commit}:.gitmodules");
    if git.answer(["--git-dir=.", "rev-parse", "--verify", "--quiet", &blob])?.is_none() {
        return Ok(String::new());
    }
    let urls = r"^submodule\..*\.url$";
    let listing = git.answer(["--git-dir=.", "config", "-z", "--blob", &blob, "--get-regexp", urls])?;
    Ok(listing.unwrap_or_default())
}

fn is_relative(url: &str) -> bool {
    url.starts_with("./") || url.starts_with("../")
}

/// What URLs are relative to: the origin, else the repository itself. A path among the first is from `top`.
fn base(origin: Option<&str>, top: &Path) -> String {
    let origin = origin.filter(|origin| !origin.is_empty()).unwrap_or(".");
    if is_remote(origin) {
        return origin.to_owned();
    }
    tidy(&top.join(origin)).to_string_lossy().into_owned()
}

/// As git tells them apart: `scheme://` and `host:path` are elsewhere, unless a slash comes before the colon.
fn is_remote(url: &str) -> bool {
    url.split_once(':').is_some_and(|(before, _)| !before.contains('/'))
}

/// Without `.` and `..`, of which git would drop the last like a name.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(tidy.pop()),
            other => tidy.push(other),
        }
    }
    tidy
}

/// `url` as git resolves it against `base`: each `../` drops the last part, be it after a slash or the colon of
/// `host:path`.
fn resolve(base: &str, url: &str) -> String {
    let mut base = base.strip_suffix('/').unwrap_or(base);
    let mut rest = url;
    let mut separator = '/';
    loop {
        if let Some(inner) = rest.strip_prefix("./") {
            rest = inner;
        } else if let Some(outer) = rest.strip_prefix("../") {
            rest = outer;
            let Some(end) = base.rfind('/').or_else(|| base.rfind(':')) else { break };
            if base[end..].starts_with(':') {
                separator = ':';
            }
            base = &base[..end];
        } else {
            break;
        }
    }
    let whole = format!("{base}{separator}{rest}");
    whole.strip_suffix('/').map_or_else(|| whole.clone(), str::to_owned)
}

#[cfg(test)]
#[path = "submodules_tests.rs"]
mod tests;
