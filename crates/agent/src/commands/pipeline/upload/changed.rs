//! Which files a build has changed (docs/spec/pipeline.md §13).

use std::fs;

use super::Args;
use super::git::{Git, GitError};
use crate::environment::Environment;
use crate::failure::chain;

/// The paths of the changed files; `None`, after a word about it, if they can't be found out.
pub(super) fn find_out(args: &Args, environment: &Environment) -> Option<Vec<String>> {
    if args.changed_files_path.is_empty() {
        return from_git(args, environment);
    }
    let path = &args.changed_files_path;
    match fs::read(path) {
        Ok(text) => {
            let files = lines(&String::from_utf8_lossy(&text));
            tracing::info!("if_changed: {} listed in {path:?}", counted(&files));
            Some(files)
        }
        Err(error) => {
            tracing::error!(
                "No step is skipped, because the list of changed files {path:?} can't be read: {error}"
            );
            None
        }
    }
}

fn lines(text: &str) -> Vec<String> {
    text.split('\n').filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
}

fn counted(files: &[String]) -> String {
    match files.len() {
        1 => "1 changed file".to_owned(),
        count => format!("{count} changed files"),
    }
}

fn from_git(args: &Args, environment: &Environment) -> Option<Vec<String>> {
    let base = base(args, environment);
    let diff = Git::new(environment).map_err(|error| (chain(&error), String::new())).and_then(|git| {
        if args.fetch_diff_base {
            fetch(&git, &base);
        }
        changes(&git, &base).map_err(|error| (chain(&error), error.complaints))
    });
    match diff {
        Ok(files) => {
            tracing::info!("if_changed: {}", counted(&files));
            Some(files)
        }
        Err((error, complaints)) => {
            tracing::error!("No step is skipped, because git can't tell what has changed: {error}");
            complaints.lines().for_each(|line| tracing::error!("git: {line}"));
            tracing::error!(
                "The base was {base:?}: name another with --git-diff-base or BUILDKITE_GIT_DIFF_BASE, or have it \
                 fetched with --fetch-diff-base"
            );
            None
        }
    }
}

/// What the build is compared with: the first that is not empty, whether it exists or not.
fn base(args: &Args, environment: &Environment) -> String {
    let branch = |name| environment.get(name).filter(|branch| !branch.is_empty());
    if !args.git_diff_base.is_empty() {
        return args.git_diff_base.clone();
    }
    let branch = branch("BUILDKITE_PULL_REQUEST_BASE_BRANCH")
        .or_else(|| branch("BUILDKITE_PIPELINE_DEFAULT_BRANCH"))
        .unwrap_or_else(|| "main".to_owned());
    format!("origin/{branch}")
}

fn fetch(git: &Git, base: &str) {
    let (remote, name) = base.split_once('/').unwrap_or_else(|| {
        tracing::warn!("The diff base {base:?} names no remote, so it is fetched from origin");
        ("origin", base)
    });
    if let Err(error) = git.capture(&["fetch", "--", remote, name]) {
        tracing::error!("Fetching what the build is compared with failed: {}", chain(&error));
        error.complaints.lines().for_each(|line| tracing::error!("git: {line}"));
    }
}

fn changes(git: &Git, base: &str) -> Result<Vec<String>, GitError> {
    let base_commit = git.capture(&["rev-parse", base])?;
    let head = git.capture(&["rev-parse", "HEAD"])?;
    if base_commit == head {
        tracing::warn!("The diff base {base:?} and HEAD are the same commit, {head}");
        tracing::warn!("The files of that commit alone count as changed");
        return Ok(lines(&git.capture(&[
            "log",
            "--first-parent",
            "-1",
            "--name-only",
            "--pretty=format:",
        ])?));
    }
    let common = git.capture(&["merge-base", base, "HEAD"])?;
    tracing::info!("if_changed compares with {common:?}, where {base:?} and HEAD part");
    Ok(lines(&git.capture(&["diff", "--name-only", &common])?))
}
