//! Plugins are checked out, each into a directory that is complete once it is there (spec/job.md §9.5).
use crate::archive::{self, ArchiveError, Archives};
use crate::error::{FetchError, PluginError};
use crate::loaded::LoadedPlugin;
use crate::os;
use crate::plugin::Plugin;
use crate::reference::LocationError;
use crate::validation::{Validation, validate};
use redkite_git::retry::{Policy, random};
use redkite_shell::{Command, RunError, Shell, Verbosity, quoted};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// How plugins are checked out.
#[derive(Clone, Debug)]
pub struct CheckoutSettings {
    /// Where they go; empty when there is no such place.
    pub plugins_path: PathBuf,
    /// The agent's name: each agent has its own copies.
    pub agent_name: String,
    /// A copy that is there is not kept.
    pub always_fresh: bool,
    /// Plugins get their submodules.
    pub submodules: bool,
    /// Hosts are added to the `known_hosts` below this home directory; `None` when they aren't.
    pub keyscan_home: Option<PathBuf>,
    /// Configurations are checked against the plugins' definitions.
    pub validation: Validation,
    /// Zip archives are plugins, too.
    pub archives: Archives,
}

/// Gets all of `plugins` that are not vendored, in order. Directories that must go when the job has ended are added
/// to `leftovers`.
///
/// # Errors
/// The first plugin that can't be had.
pub fn check_out(
    shell: &Shell,
    plugins: &[Plugin],
    settings: &CheckoutSettings,
    leftovers: &mut Vec<PathBuf>,
) -> Result<Vec<LoadedPlugin>, PluginError> {
    let mut loaded: Vec<LoadedPlugin> = Vec::new();
    let debug = shell.verbosity() == Verbosity::Debug;
    for plugin in plugins {
        if plugin.reference.is_vendored() {
            if debug {
                let name = plugin.name();
                shell.log().comment(format_args!("Skipping vendored plugin {name}: the checkout has it"));
            }
            continue;
        }
        let label = plugin.reference.label();
        if let Some(same) = loaded.iter().find(|other| other.plugin.reference.label() == label) {
            let again = LoadedPlugin { plugin: plugin.clone(), ..same.clone() };
            loaded.push(again);
            continue;
        }
        let failed = |source| PluginError::Checkout { name: plugin.name(), source };
        let fetched = fetch(shell, plugin, settings, leftovers).map_err(failed)?;
        fetched.require_hooks().map_err(|source| {
            failed(FetchError::NoHooks { name: plugin.name(), path: fetched.hooks_folder(), source })
        })?;
        if debug {
            let (root, hooks) = (quoted(&fetched.root), fetched.hooks_folder());
            shell
                .log()
                .comment(format_args!("Plugin {label:?} is in {root}, its hooks in {}", quoted(&hooks)));
        }
        validate(shell, &fetched, settings.validation)?;
        loaded.push(fetched);
    }
    Ok(loaded)
}

fn fetch(
    shell: &Shell,
    plugin: &Plugin,
    settings: &CheckoutSettings,
    leftovers: &mut Vec<PathBuf>,
) -> Result<LoadedPlugin, FetchError> {
    if settings.plugins_path.as_os_str().is_empty() {
        return Err(FetchError::NoPluginsPath);
    }
    let parent = settings.plugins_path.join(&settings.agent_name);
    let identifier = plugin.reference.identifier();
    if identifier.is_empty() {
        // Without a name of its own its directory would be that of all plugins, which must not be removed.
        return Err(LocationError::Missing.into());
    }
    let directory = parent.join(identifier);
    let make_parent = || fs::create_dir_all(&parent).map_err(FetchError::file("creating directory", &parent));
    let below = if plugin.reference.is_zip() {
        if settings.archives == Archives::Refused {
            return Err(ArchiveError::Refused.into());
        }
        make_parent()?;
        archive::install(shell, plugin, &settings.plugins_path, &directory, leftovers)?;
        // An archive is a plugin, whatever its address looks like.
        PathBuf::new()
    } else {
        let repository = plugin.reference.repository()?;
        make_parent()?;
        checked_out(shell, plugin, settings, &repository, &directory)?;
        plugin.reference.subdirectory()?.into()
    };
    Ok(LoadedPlugin { plugin: plugin.clone(), root: directory, below })
}

/// The plugin's repository is at `directory`, from now or from before.
fn checked_out(
    shell: &Shell,
    plugin: &Plugin,
    settings: &CheckoutSettings,
    repository: &str,
    directory: &Path,
) -> Result<(), FetchError> {
    let (reference, log) = (&plugin.reference, shell.log());
    if settings.always_fresh && directory.exists() {
        log.comment(format_args!(
            "BUILDKITE_PLUGINS_ALWAYS_CLONE_FRESH is true; removing previous checkout of plugin {}",
            reference.label()
        ));
        fs::remove_dir_all(directory).map_err(FetchError::file("removing", directory))?;
    }
    if directory.join(".git").exists() {
        let commit = commit_of(shell, directory);
        log.comment(format_args!("Plugin {:?} already checked out ({commit})", reference.label()));
        return Ok(());
    }
    let shown = quoted(directory);
    log.comment(format_args!("Plugin {:?} will be checked out to {shown}", reference.display_name()));
    if settings.keyscan_home.is_some() {
        redkite_git::add_host(shell, repository, settings.keyscan_home.as_deref());
    }
    clone_into_place(shell, plugin, settings, repository, directory)
}

fn commit_of(shell: &Shell, directory: &Path) -> String {
    let git_dir = directory.join(".git");
    let place = ["--git-dir".as_ref(), git_dir.as_os_str(), "--work-tree".as_ref(), directory.as_os_str()];
    let args = ["rev-parse", "--short=7", "HEAD"].map(OsStr::new);
    shell
        .capture(&Command::new("git", place.into_iter().chain(args)))
        .unwrap_or_else(|error| format!("can't tell its commit: {error}"))
}

/// Clones beside the final place and moves the finished clone there: what is there is always whole.
fn clone_into_place(
    shell: &Shell,
    plugin: &Plugin,
    settings: &CheckoutSettings,
    repository: &str,
    directory: &Path,
) -> Result<(), FetchError> {
    let (log, plugins, before) = (shell.log(), &settings.plugins_path, shell.directory());
    log.prompt_of("mktemp -dp", [plugins]);
    // With mode 0700, which the plugin keeps.
    let prefix = format!(".plugin-clone{}", shell.job_mark());
    let temporary = os::private_directory(&prefix, plugins)
        .map_err(FetchError::file("creating a directory in", plugins))?;
    log.comment("Switching to the temporary plugin directory");
    shell.cd(temporary.path())?;
    let cloned = clone(shell, repository, plugin.reference.version(), settings.submodules);
    let moved = cloned.and_then(|()| {
        log.comment("Moving temporary plugin directory to final location");
        log.prompt_of("mv", [temporary.path(), directory]);
        fs::rename(temporary.path(), directory).map_err(FetchError::file("moving the plugin to", directory))
    });
    let back = shell.cd(&before);
    moved?;
    // There is nothing left to remove there.
    let _ = temporary.keep();
    Ok(back?)
}

/// Clones into the current directory, which is empty.
fn clone(shell: &Shell, repository: &str, version: Option<&str>, submodules: bool) -> Result<(), FetchError> {
    let recursive = submodules.then_some("--recursive");
    let args = ["clone", "-v"].into_iter().chain(recursive).chain(["--", repository, "."]);
    let command = Command::new("git", args);
    for attempt in Policy::PLUGIN_CLONE.tries(random) {
        let Err(error) = shell.run(&command) else { break };
        if attempt.is_last() || shell.context().is_over() {
            return Err(error.into());
        }
        shell.log().comment(format_args!("Cloning the plugin failed: {error} ({attempt})"));
        if !shell.context().sleep(attempt.pause) {
            return Err(RunError::over(shell.context()).into());
        }
        empty(&shell.directory())?;
    }
    let Some(version) = version else { return Ok(()) };
    shell.log().comment(format_args!("Checking out `{version}`"));
    let args = ["-c", "advice.detachedHead=false", "checkout", "-f", version];
    Ok(shell.run(&Command::new("git", args))?)
}

/// A git that was killed, or had no room for the files, leaves a directory that git doesn't clone into.
fn empty(directory: &Path) -> Result<(), FetchError> {
    let failed = FetchError::file("emptying", directory);
    let remove = |entry: fs::DirEntry| {
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())
        } else {
            fs::remove_file(entry.path())
        }
    };
    fs::read_dir(directory)
        .and_then(|mut entries| entries.try_for_each(|entry| remove(entry?)))
        .map_err(failed)
}
