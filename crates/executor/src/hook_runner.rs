//! Running the hooks of one moment, scope after scope, and applying what they change.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use redkite_hooks::{Changes, Hook, HookName, Scope, find, find_confined};
use redkite_plugin::LoadedPlugin;
use redkite_shell::{EnvDiff, Verbosity};
use redkite_telemetry::SpanStart;

use crate::changes;
use crate::error::PhaseError;
use crate::job::Job;
use crate::refresh::refresh;

/// Where the repository's hooks are.
const LOCAL_HOOKS: &str = ".buildkite/hooks";

/// Whose hooks of a moment are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Agent,
    Repository,
    Plugins,
}

/// Whose hooks are run, in order, at the moments when all of them are (spec/job.md §8.1). `checkout` and `command`
/// are not here: the first scope that has one decides.
pub(crate) fn scopes(name: HookName) -> &'static [Whose] {
    use Whose::{Agent, Plugins, Repository};
    match name {
        HookName::Environment | HookName::PreCheckout => &[Agent, Plugins],
        _ => &[Agent, Repository, Plugins],
    }
}

/// How a trace shows a hook (spec/job.md §18.1).
fn span(hook: &Hook, plugin: Option<&LoadedPlugin>) -> SpanStart {
    let (scope, datadog) = match hook.scope {
        Scope::Agent => ("agent", "global"),
        Scope::Repository => ("repository", "local"),
        Scope::Plugin(_) => ("plugin", "plugin"),
    };
    let start = SpanStart::phase(format!("{scope} {} hook", hook.name))
        .datadog("hook.execute")
        .with_either("hook.type", scope, datadog)
        .with("hook.name", hook.name.as_str())
        .with("hook.command", redkite_text::shown(hook.path.as_os_str()).into_owned());
    let Some(plugin) = plugin else { return start };
    let reference = &plugin.plugin.reference;
    start
        .with("plugin.name", reference.name())
        .with("plugin.version", reference.version().unwrap_or_default().to_owned())
        .with("plugin.location", reference.location().to_owned())
        .with("plugin.is_vendored", reference.is_vendored().to_string())
}

impl Job<'_> {
    /// Runs all hooks of a moment; the first that fails ends it.
    pub(crate) fn run_hooks(&mut self, name: HookName) -> Result<(), PhaseError> {
        scopes(name).iter().try_for_each(|whose| self.run_hooks_of(*whose, name))
    }

    /// Runs the hooks of one scope.
    pub(crate) fn run_hooks_of(&mut self, whose: Whose, name: HookName) -> Result<(), PhaseError> {
        match whose {
            Whose::Agent => self.agent_hook_directories().iter().try_for_each(|directory| {
                find(directory, name).map_or(Ok(()), |path| self.run_agent_hook(name, path))
            }),
            Whose::Repository => match self.repository_hook(name) {
                Some(path) => self.run_repository_hook(name, path),
                None => {
                    if self.shell.verbosity() == Verbosity::Debug {
                        self.shell.log().comment(format_args!("Local hook {name} doesn't exist, skipping"));
                    }
                    Ok(())
                }
            },
            Whose::Plugins => {
                let plugins = self.plugins.clone();
                plugins.iter().try_for_each(|plugin| self.run_plugin_hook(plugin, name))
            }
        }
    }

    /// Whether a scope has a hook for a moment.
    pub(crate) fn has_hook(&self, whose: Whose, name: HookName) -> bool {
        match whose {
            Whose::Agent => self.agent_hook_directories().iter().any(|path| find(path, name).is_some()),
            Whose::Repository => self.repository_hook(name).is_some(),
            Whose::Plugins => self.plugins.iter().any(|plugin| plugin.hook(name).is_some()),
        }
    }

    /// Runs the plugins' hooks of a moment that is meant for one (spec/job.md §8.1).
    pub(crate) fn run_single_plugin_hooks(&mut self, name: HookName) -> Result<(), PhaseError> {
        let plugins = self.plugins.clone();
        let having = plugins.iter().enumerate().filter(|(_, plugin)| plugin.hook(name).is_some());
        for (count, (index, plugin)) in having.enumerate() {
            if count > 0 {
                let which = format!("{name} hook ({} plugin, position {})", plugin.display_name(), index + 1);
                if self.settings.rules.strict_single_hooks {
                    self.shell.log().warning(format_args!("Ignoring additional {which}"));
                    continue;
                }
                self.shell.log().warning(format_args!(
                    "The additional {which} still runs, but a future version of the agent will ignore it. \
                     To have it ignored now, set --strict-single-hooks, BUILDKITE_STRICT_SINGLE_HOOKS=true or \
                     strict-single-hooks=true in the agent's configuration"
                ));
            }
            self.run_plugin_hook(plugin, name)?;
        }
        Ok(())
    }

    fn agent_hook_directories(&self) -> Vec<PathBuf> {
        let paths = &self.settings.paths;
        std::iter::once(&paths.hooks).chain(&paths.additional_hooks).cloned().collect()
    }

    fn repository_hook(&self, name: HookName) -> Option<PathBuf> {
        find_confined(self.checkout_root.as_deref()?, Path::new(LOCAL_HOOKS), name)
    }

    fn run_agent_hook(&mut self, name: HookName, path: PathBuf) -> Result<(), PhaseError> {
        self.run_hook(Hook { name, scope: Scope::Agent, path, variables: Vec::new() }, None)
    }

    /// A repository's hook is refused, not skipped, where they are not allowed (spec/job.md §8.3).
    pub(crate) fn run_repository_hook(&mut self, name: HookName, path: PathBuf) -> Result<(), PhaseError> {
        let refused = matches!(&*self.shell.env().text("BUILDKITE_NO_LOCAL_HOOKS"), "true" | "1");
        if refused || !self.settings.rules.local_hooks {
            return Err(PhaseError::LocalHooksDisabled(path));
        }
        self.run_hook(Hook { name, scope: Scope::Repository, path, variables: Vec::new() }, None)
    }

    pub(crate) fn run_plugin_hook(
        &mut self,
        plugin: &LoadedPlugin,
        name: HookName,
    ) -> Result<(), PhaseError> {
        let Some(path) = plugin.hook(name) else { return Ok(()) };
        let variables = plugin.announce_variables(self.shell.log());
        let hook = Hook { name, scope: Scope::Plugin(plugin.display_name()), path, variables };
        self.run_hook(hook, Some(plugin))
    }

    fn run_hook(&mut self, hook: Hook, plugin: Option<&LoadedPlugin>) -> Result<(), PhaseError> {
        self.within(span(&hook, plugin), |job| job.run_hook_alone(&hook))
    }

    fn run_hook_alone(&mut self, hook: &Hook) -> Result<(), PhaseError> {
        match hook.run(&self.shell, &self.hook_settings)? {
            Changes::Lost => {}
            Changes::Captured { diff, directory } => self.apply(diff, directory),
            Changes::ThroughApi => self.apply(EnvDiff::default(), self.pending_directory.take()),
        }
        Ok(())
    }

    /// Applies a hook's changes, in the order of spec/job.md §8.7.
    fn apply(&mut self, mut diff: EnvDiff, directory: Option<PathBuf>) {
        if let Some(directory) = directory.filter(|directory| *directory != self.shell.directory()) {
            // A directory that the hook has removed is left alone: the next command says so.
            let _ = self.shell.cd(&directory);
        }
        let blocked = changes::drop_protected(&mut diff, self.settings.rules.override_mode);
        if !blocked.is_empty() {
            let names = blocked.join(" ");
            self.shell.log().comment(format_args!(
                "Changes to some env vars were blocked; the affected vars are: [{names}]"
            ));
        }
        self.shell.env().apply(&diff);
        let env = self.shell.env().clone();
        self.redaction.add(&env, self.shell.log());
        let changed = self.refresh_settings();
        changes::lines(&diff, &changed).iter().for_each(|line| self.shell.log().comment(line));
    }

    /// Takes settings over from their variables; answers those that really changed.
    pub(crate) fn refresh_settings(&mut self) -> BTreeMap<&'static str, OsString> {
        let env = self.shell.env().clone();
        let refreshed = refresh(&mut self.live, &env, self.settings.rules.override_mode);
        for (name, kind) in refreshed.unparsable {
            let now = jiff::Zoned::now().strftime("%Y/%m/%d %H:%M:%S").to_string();
            self.shell.log().plain(format_args!("{now} warning: cannot parse {name} as {kind}, ignoring"));
        }
        if self.live.lfs {
            self.shell.set("GIT_LFS_SKIP_SMUDGE", "1");
        }
        refreshed.changed
    }
}
