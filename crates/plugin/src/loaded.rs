//! A plugin that is on this machine: where its hooks are, and what they get.
use crate::plugin::Plugin;
use crate::variables::Variables;
use redkite_hooks::{HookName, confined, find_confined};
use redkite_shell::Log;
use std::path::{Path, PathBuf};

/// A plugin whose files are there.
#[derive(Clone, Debug)]
pub struct LoadedPlugin {
    /// What the job says of it.
    pub plugin: Plugin,
    /// What its files may not lead out of.
    pub root: PathBuf,
    /// Its folder, below `root`.
    pub below: PathBuf,
}

/// A folder that must be there isn't.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such directory, or it leads out of where it should be")]
pub struct NoDirectory;

const HOOKS: &str = "hooks";

impl LoadedPlugin {
    /// Its name in headings.
    #[must_use]
    pub fn display_name(&self) -> String {
        self.plugin.reference.display_name()
    }

    /// The file of one of its hooks.
    #[must_use]
    pub fn hook(&self, name: HookName) -> Option<PathBuf> {
        find_confined(&self.root, &self.hooks_folder(), name)
    }

    /// The variables of its hooks. Names that are set only for older plugins are announced, and so is a
    /// configuration that gives no variables at all.
    pub fn announce_variables(&self, log: &Log) -> Vec<(String, String)> {
        let Variables { values, deprecated } = self.plugin.environment().unwrap_or_else(|error| {
            log.warning(format_args!("Error configuring plugin environment: {error}"));
            Variables::default()
        });
        if !deprecated.is_empty() {
            log.header(format_args!("Deprecated environment variables for plugin {}", self.plugin.name()));
            log.plain("Names with several underscores in a row used to be shortened. Read these by their new names:");
            for names in &deprecated {
                log.plain(format_args!("deprecated: {:?}", names.old));
                log.plain(format_args!("replacement: {:?}\n", names.new));
            }
        }
        values.into_iter().collect()
    }

    /// Whether it has a folder of hooks.
    pub(crate) fn require_hooks(&self) -> Result<(), NoDirectory> {
        self.require(&self.hooks_folder())
    }

    /// Where its hooks are, below its root.
    pub(crate) fn hooks_folder(&self) -> PathBuf {
        self.below.join(HOOKS)
    }

    /// Whether its own folder is there.
    pub(crate) fn require_folder(&self) -> Result<(), NoDirectory> {
        self.require(&self.below)
    }

    fn require(&self, path: &Path) -> Result<(), NoDirectory> {
        confined(&self.root, path).filter(|real| real.is_dir()).map(drop).ok_or(NoDirectory)
    }

    /// Its folder on disk.
    pub(crate) fn folder(&self) -> PathBuf {
        self.root.join(&self.below)
    }
}
