//! Submodules are checked out (spec/checkout.md §12).
use crate::command::{Args, Git};
use crate::error::{CheckoutError, During};
use crate::mirror::{Mirror, Part};
use crate::settings::{Keyscan, MirrorMode, Settings};
use crate::{directory, gitmodules, keyscan};
use redkite_shell::Shell;
use redkite_telemetry::{Span, SpanStart};
use std::path::{Path, PathBuf};

/// Initialises and updates the submodules of the checkout in the current directory.
pub(crate) fn update(
    shell: &Shell,
    settings: &Settings,
    leftovers: &mut Vec<PathBuf>,
) -> Result<(), CheckoutError> {
    let mirrored = settings.mirrors.is_some().to_string();
    let start = SpanStart::step("git.submodules").with("git.mirrored", mirrored);
    shell.trace().within(start, |span| update_all(shell, settings, leftovers, span))
}

fn update_all(
    shell: &Shell,
    settings: &Settings,
    leftovers: &mut Vec<PathBuf>,
    span: &Span,
) -> Result<(), CheckoutError> {
    let git = Git::new(shell);
    if let Err(error) = git.run(Args::new(["submodule", "sync", "--recursive"])) {
        let version = git.capture(Args::new(["--version"])).unwrap_or_default();
        shell.log().warning(format_args!(
            "Failed to recursively sync git submodules; that needs git 1.8.1 or later, and this is {version}: {error}"
        ));
    }
    let urls = match urls(git) {
        Ok(urls) => urls,
        Err(error) => {
            shell.log().warning(format_args!("Failed to enumerate git submodules: {error}"));
            return Ok(());
        }
    };
    span.set("git.count", urls.len().to_string());
    for url in &urls {
        if settings.keyscan != Keyscan::Off {
            keyscan::add_host(shell, url, settings.home.as_deref());
        }
        if let Some(mirrors) = &settings.mirrors {
            let mirror =
                Mirror::new(shell, settings, mirrors, url.as_ref(), Part::Submodule).prepare(leftovers);
            let mirror = mirror.during("getting/updating mirror dir for submodules")?;
            directory::ensure(shell)?;
            checkout(shell, settings, mirror.as_deref().map(|mirror| (mirror, mirrors.mode)))?;
        }
    }
    if settings.mirrors.is_none() {
        checkout(shell, settings, None)?;
    }
    git.run(Args::new(["submodule", "foreach", "--recursive", "git reset --hard"]))
        .during("resetting submodules")
}

fn urls(git: Git<'_>) -> Result<Vec<String>, CheckoutError> {
    let args = ["config", "--file", ".gitmodules", "--null", "--get-regexp", r"submodule\..+\.url"];
    let listing = git.capture(Args::new(args))?;
    gitmodules::urls(&listing).map_err(|error| CheckoutError::Invalid(error.to_string()))
}

/// One update of all submodules. With mirrors it runs once for each URL: git takes one reference at a time.
fn checkout(
    shell: &Shell,
    settings: &Settings,
    mirror: Option<(&Path, MirrorMode)>,
) -> Result<(), CheckoutError> {
    let entries = settings.submodules.configuration.iter().filter(|entry| !entry.is_empty());
    let configuration = entries.flat_map(|entry| ["-c".as_ref(), entry.as_os_str()]);
    let mut args = Args::new(configuration).and(["submodule", "update", "--init", "--recursive", "--force"]);
    if let Some((mirror, mode)) = mirror {
        args = args.and(["--reference"]).and([mirror]);
        if mode == MirrorMode::Dissociate {
            args = args.and(["--dissociate"]);
        }
    }
    let start = SpanStart::step("git.submodule.update");
    shell.trace().within(start, |_| Git::new(shell).run(args)).during("updating submodules")
}
