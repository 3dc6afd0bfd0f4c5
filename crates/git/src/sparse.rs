//! Sparse checkout: only a part of the tree (spec/checkout.md §13).
use crate::command::{Args, Git};
use crate::error::{CheckoutError, During};
use crate::settings::SparseWish;
use redkite_shell::Shell;
use redkite_telemetry::SpanStart;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// A part of the tree that git will be told to check out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sparse {
    pub(crate) mode: Mode,
    pub(crate) paths: Vec<OsString>,
    version: Version,
}

/// How git reads the paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// As directories.
    Cone,
    /// As patterns.
    NoCone,
}

type Version = (u32, u32);

/// From this version on `sparse-checkout set` takes the mode, and understands patterns as we mean them.
const SET_TAKES_MODE: Version = (2, 35);
const CONE: Version = (2, 27);

impl Mode {
    /// Reads the setting; an empty one is the default.
    pub(crate) fn parse(text: &str) -> Result<Self, CheckoutError> {
        match text {
            "" | "cone" => Ok(Self::Cone),
            "no-cone" => Ok(Self::NoCone),
            _ => Err(CheckoutError::Invalid(format!(
                "invalid sparse checkout mode {text:?}, must be one of [cone no-cone]"
            ))),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Cone => "cone",
            Self::NoCone => "no-cone",
        }
    }

    const fn needs(self) -> Version {
        match self {
            Self::Cone => CONE,
            Self::NoCone => SET_TAKES_MODE,
        }
    }
}

/// What the wish comes to with the git that is here: `None` is the whole tree.
pub(crate) fn resolve(shell: &Shell, wish: &SparseWish) -> Result<Option<Sparse>, CheckoutError> {
    let paths = wanted(&wish.paths);
    if paths.is_empty() {
        return Ok(None);
    }
    let mode = Mode::parse(&wish.mode)?;
    let (needed, which) = (mode.needs(), if mode == Mode::NoCone { " in no-cone mode" } else { "" });
    let requires = format!("Sparse checkout{which} requires git >= {}.{}", needed.0, needed.1);
    let version = Git::new(shell).capture(Args::new(["--version"]));
    let complaint = match version.as_deref().map(parse_version) {
        Ok(Some(version)) if version >= needed => return Ok(Some(Sparse { mode, paths, version })),
        Ok(Some((major, minor))) => format!(", got {major}.{minor}; falling back to full checkout"),
        Ok(None) => "; falling back to full checkout (git does not say its version)".to_owned(),
        Err(error) => format!("; falling back to full checkout ({error})"),
    };
    shell.log().warning(format_args!("{requires}{complaint}"));
    Ok(None)
}

/// Paths without the blanks around them; empty ones don't count.
fn wanted(paths: &[OsString]) -> Vec<OsString> {
    paths.iter().map(|path| redkite_text::trimmed(path)).filter(|path| !path.is_empty()).collect()
}

fn parse_version(output: &str) -> Option<Version> {
    let mut numbers = output.strip_prefix("git version ")?.split('.');
    let major = numbers.next()?.parse().ok()?;
    let minor = numbers.next()?;
    let digits = minor.find(|c: char| !c.is_ascii_digit()).unwrap_or(minor.len());
    Some((major, minor[..digits].parse().ok()?))
}

/// Makes the checkout sparse, or whole again.
pub(crate) fn adjust(shell: &Shell, sparse: Option<&Sparse>, checkout: &Path) -> Result<(), CheckoutError> {
    let start = SpanStart::step("git.sparse_checkout")
        .with("git.path_count", sparse.map_or(0, |sparse| sparse.paths.len()).to_string())
        .with("git.sparse_mode", sparse.map_or("none", |sparse| sparse.mode.name()));
    shell.trace().within(start, |_| match sparse {
        Some(sparse) => sparse.apply(shell),
        None => {
            disable(shell, checkout);
            Ok(())
        }
    })
}

impl Sparse {
    /// Tells git.
    fn apply(&self, shell: &Shell) -> Result<(), CheckoutError> {
        let git = Git::new(shell);
        let name = self.mode.name();
        shell.log().comment(format_args!(
            "Setting up sparse checkout ({name} mode) for paths: {}",
            self.paths.join(",".as_ref()).display()
        ));
        let mut set = Args::new(["sparse-checkout", "set"]);
        if self.version >= SET_TAKES_MODE {
            set = set.and([format!("--{name}")]);
        } else {
            shell.log().comment("Enabling cone mode by configuration: before 2.35 git takes no mode option");
            git.run(Args::new(["sparse-checkout", "init", "--cone"]))
                .during("enabling sparse checkout cone mode")?;
        }
        git.run(set.and(["--"]).and(self.paths.iter().cloned())).during("setting sparse checkout paths")
    }
}

/// Undoes what an earlier build set up.
fn disable(shell: &Shell, checkout: &Path) {
    let git_dir = git_dir(checkout);
    let traces = [git_dir.join("info").join("sparse-checkout"), git_dir.join("config.worktree")];
    if !traces.iter().any(|trace| trace.exists()) {
        return;
    }
    let git = Git::new(shell);
    let enabled = git.capture_quietly(Args::new(["config", "--get", "core.sparseCheckout"]));
    if !enabled.is_ok_and(|value| value == "true") {
        return;
    }
    shell.log().comment("Disabling sparse checkout from previous build");
    if let Err(error) = git.run(Args::new(["sparse-checkout", "disable"])) {
        shell.log().warning(format_args!("Failed to disable sparse checkout: {error}"));
    }
    // Git leaves the extension on; other tools stumble over it.
    if git.capture(Args::new(["config", "--worktree", "--list"])).is_ok_and(|list| list.is_empty()) {
        let _ = git.capture_quietly(Args::new(["config", "--unset", "extensions.worktreeConfig"]));
    }
}

/// Where the repository of a checkout is: `.git`, or what that file names.
fn git_dir(checkout: &Path) -> PathBuf {
    let dot_git = checkout.join(".git");
    let named = fs::read_to_string(&dot_git).ok();
    match named.as_deref().and_then(|text| text.trim().strip_prefix("gitdir:")) {
        Some(path) => checkout.join(path.trim()),
        None => dot_git,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(parse_version("git version 2.39.5"), Some((2, 39)));
        assert_eq!(parse_version("git version 2.44.0.windows.1"), Some((2, 44)));
        assert_eq!(parse_version("git version 2.39-rc1"), Some((2, 39)));
        assert_eq!(parse_version("git version 3"), None);
        assert_eq!(parse_version("hub"), None);
    }

    #[test]
    fn paths_are_trimmed() {
        let paths: Vec<_> = [" src/ ", "", "  ", "docs"].map(OsString::from).to_vec();
        assert_eq!(wanted(&paths), ["src/", "docs"]);
    }

    #[test]
    fn modes_are_exact() {
        assert_eq!(Mode::parse("").ok(), Some(Mode::Cone));
        assert_eq!(Mode::parse("no-cone").ok(), Some(Mode::NoCone));
        assert!(Mode::parse("Cone").is_err());
    }
}
