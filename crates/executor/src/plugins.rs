//! The plugins of a job: got, found, and their `environment` hooks run (spec/job.md §9).

use redkite_hooks::HookName;
use redkite_plugin::{Archives, CheckoutSettings, LoadedPlugin, Validation};
use redkite_shell::Verbosity;

use crate::error::PhaseError;
use crate::job::Job;

impl Job<'_> {
    /// Gets the plugins that don't lie in the repository, and runs their `environment` hooks.
    pub(crate) fn get_plugins(&mut self) -> Result<(), PhaseError> {
        let debug = self.shell.verbosity() == Verbosity::Debug;
        if self.settings.plugins.is_empty() {
            if debug {
                self.shell.log().comment("Skipping plugin phase");
            }
            return Ok(());
        }
        self.shell.log().header("Preparing plugins");
        if let Some(flag) = self.why_disabled() {
            return Err(PhaseError::PluginsDisabled(flag));
        }
        if debug {
            self.shell.log().comment(format_args!("Plugin JSON is {}", self.settings.plugins));
        }
        self.requested_plugins = redkite_plugin::parse(&self.settings.plugins)?;
        if debug {
            self.shell.log().comment(format_args!("Parsed {} plugins", self.requested_plugins.len()));
        }
        let checkout = self.plugin_checkout();
        let loaded =
            redkite_plugin::check_out(&self.shell, &self.requested_plugins, &checkout, &mut self.leftovers)?;
        self.adopt(loaded)
    }

    /// Finds the plugins that lie in the repository, and runs their `environment` hooks.
    pub(crate) fn find_vendored_plugins(&mut self) -> Result<(), PhaseError> {
        let Some(root) = &self.checkout_root else { return Ok(()) };
        let requested = &self.requested_plugins;
        let found = redkite_plugin::find_vendored(&self.shell, requested, root, self.validation())?;
        self.adopt(found)
    }

    /// From here on the hooks of these plugins take part; their first ones run now.
    fn adopt(&mut self, plugins: Vec<LoadedPlugin>) -> Result<(), PhaseError> {
        self.plugins.extend(plugins.iter().cloned());
        plugins.iter().try_for_each(|plugin| self.run_plugin_hook(plugin, HookName::Environment))
    }

    /// The flag that keeps plugins from running, if one does.
    fn why_disabled(&self) -> Option<&'static str> {
        let rules = &self.settings.rules;
        match (rules.plugins, rules.local_hooks, rules.command_eval) {
            (true, _, _) => None,
            (false, false, _) => Some("--no-local-hooks"),
            (false, true, false) => Some("--no-command-eval"),
            (false, true, true) => Some("--no-plugins"),
        }
    }

    fn plugin_checkout(&self) -> CheckoutSettings {
        let settings = &self.settings;
        CheckoutSettings {
            plugins_path: settings.paths.plugins.clone(),
            agent_name: settings.identity.agent.clone(),
            always_fresh: self.live.plugins_always_fresh,
            submodules: self.live.submodules,
            keyscan_home: settings.paths.home.clone().filter(|_| self.scans_hosts()),
            validation: self.validation(),
            archives: self.archives(),
        }
    }

    fn archives(&self) -> Archives {
        if self.settings.experiments.zip_plugins { Archives::Allowed } else { Archives::Refused }
    }

    fn validation(&self) -> Validation {
        if self.settings.rules.plugin_validation { Validation::On } else { Validation::Off }
    }
}
