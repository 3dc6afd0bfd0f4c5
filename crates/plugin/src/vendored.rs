//! Plugins that are part of the checked-out repository (spec/job.md §9.8).
use crate::error::PluginError;
use crate::loaded::LoadedPlugin;
use crate::plugin::Plugin;
use crate::validation::{Validation, validate};
use redkite_shell::Shell;
use std::path::{Path, PathBuf};

/// Finds those of `plugins` that are vendored in the checkout at `root`, in order.
///
/// # Errors
/// The first one that isn't there.
pub fn find_vendored(
    shell: &Shell,
    plugins: &[Plugin],
    root: &Path,
    validation: Validation,
) -> Result<Vec<LoadedPlugin>, PluginError> {
    let vendored = plugins.iter().filter(|plugin| plugin.reference.is_vendored());
    let found = vendored.map(|plugin| {
        let found = find(plugin, root)?;
        validate(shell, &found, validation)?;
        Ok(found)
    });
    found.collect()
}

fn find(plugin: &Plugin, root: &Path) -> Result<LoadedPlugin, PluginError> {
    let location = plugin.reference.location();
    let below = PathBuf::from(location.strip_prefix("./").unwrap_or(location));
    let found = LoadedPlugin { plugin: plugin.clone(), root: root.to_path_buf(), below };
    found
        .require_folder()
        .map_err(|source| PluginError::Vendored { location: location.to_owned(), source })?;
    found
        .require_hooks()
        .map_err(|source| PluginError::VendoredHooks { path: found.below.join("hooks"), source })?;
    Ok(found)
}
