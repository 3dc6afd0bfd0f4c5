//! What the options of `bootstrap` mean: checked, and as the job's settings (docs/spec/job.md §1.2).

use std::time::Duration;

use redkite_executor::settings::{
    CheckoutSettings, Experiments, Identity, Live, Parts, Paths, Rules, Settings, Source,
};
use redkite_git::settings::MirrorMode;
use redkite_process::{Signal, Terminal};
use redkite_shell::{OverrideMode, Verbosity};

use super::host;
use super::options::Args;
use crate::cli::Context;
use crate::failure::{Failure, OrFail};

/// How children of the job are ended.
pub(super) struct Ending {
    pub(super) signal: Signal,
    pub(super) grace: Duration,
}

impl Args {
    /// The settings, if they make sense, in the order of spec/job.md §1.2.
    pub(super) fn checked(&self, cx: &Context) -> Result<(Settings, Ending), Failure> {
        let parts = Parts::parse(self.phases.iter().map(String::as_str))?;
        self.checkout.git_mirror_checkout_mode.parse::<MirrorMode>()?;
        host::check_sparse_mode(&self.checkout.git_sparse_checkout_mode)?;
        let signal =
            Signal::from_cancel_name(&self.cancel.cancel_signal).or_fail("failed to parse cancel-signal")?;
        let grace = self.cancel.signal_grace()?;
        host::check_trace_encoding(&self.tracing.trace_context_encoding)?;
        let override_mode: OverrideMode = self.checkout.checkout_override_mode.parse()?;
        let settings = self.settings(cx, parts, override_mode)?;
        Ok((settings, Ending { signal, grace }))
    }

    fn settings(&self, cx: &Context, parts: Parts, mode: OverrideMode) -> Result<Settings, Failure> {
        let job = &self.job;
        Ok(Settings {
            identity: Identity {
                job: job.job.clone(),
                agent: job.agent.clone(),
                organization: job.organization.clone(),
                pipeline: job.pipeline.clone(),
            },
            source: Source {
                commit: job.commit.clone(),
                branch: job.branch.clone(),
                tag: job.tag.clone(),
                pull_request: job.pullrequest.clone(),
                pull_request_merge: job.pull_request_using_merge_refspec,
                provider: job.pipeline_provider.clone(),
            },
            command: job.command.clone(),
            plugins: job.plugins.clone(),
            secrets: job.secrets.clone(),
            paths: self.all_paths(cx)?,
            rules: self.rules(mode),
            parts,
            shell: self.shell.clone(),
            hooks_shell: self.hooks_shell.clone(),
            terminal: self.terminal(cx),
            verbosity: if self.diagnostics.debug { Verbosity::Debug } else { Verbosity::Normal },
            redacted_vars: self.redaction.redacted_vars.clone(),
            checkout: CheckoutSettings {
                mirrors_path: self.checkout.git_mirrors_path.as_path().into(),
                mirrors_lock_timeout: self.checkout.git_mirrors_lock_timeout,
                remote_mirror_url: self.git_remote_mirror_url.clone(),
                keyscan: self.ssh_keyscan,
                attempts: self.checkout.checkout_attempts,
            },
            experiments: Experiments {
                zip_plugins: cx.experiment("zip-plugins"),
                resolve_commit: cx.experiment("resolve-commit-after-checkout"),
            },
            live: self.live(),
        })
    }

    fn all_paths(&self, cx: &Context) -> Result<Paths, Failure> {
        Ok(Paths {
            agent: host::agent_program(cx, &self.job.job)?.path().clone(),
            bin: self.bin_path.as_path().into(),
            build: self.build_path.as_path().into(),
            hooks: self.paths.hooks_path.as_path().into(),
            additional_hooks: self.paths.additional_hooks_paths.iter().map(Into::into).collect(),
            plugins: self.paths.plugins_path.as_path().into(),
            temporary: std::env::temp_dir(),
            home: std::env::home_dir().filter(|home| !home.as_os_str().is_empty()),
        })
    }

    /// Without command evaluation nobody but the agent may say how the checkout is done.
    fn rules(&self, mode: OverrideMode) -> Rules {
        let rules = &self.rules;
        Rules {
            command_eval: rules.command_eval,
            plugins: rules.plugins_enabled,
            local_hooks: rules.local_hooks_enabled,
            plugin_validation: rules.plugin_validation,
            strict_single_hooks: rules.strict_single_hooks,
            override_mode: if rules.command_eval { mode } else { OverrideMode::Strict },
        }
    }

    fn terminal(&self, cx: &Context) -> Terminal {
        match (self.pty && Terminal::EXISTS, cx.experiment("pty-raw")) {
            (false, _) => Terminal::None,
            (true, false) => Terminal::Pty,
            (true, true) => Terminal::RawPty,
        }
    }

    /// What hooks can change, as it is at the start.
    fn live(&self) -> Live {
        let (job, checkout) = (&self.job, &self.checkout);
        Live {
            repository: job.repository.clone(),
            refspec: job.refspec.clone(),
            submodules: self.git_submodules,
            lfs: self.git_lfs_enabled,
            clean_checkout: self.clean_checkout,
            skip_checkout: checkout.skip_checkout,
            sparse_paths: checkout.git_sparse_checkout_paths.clone(),
            sparse_mode: checkout.git_sparse_checkout_mode.clone(),
            skip_fetch: checkout.git_skip_fetch_existing_commits,
            checkout_timeout: checkout.git_checkout_timeout,
            checkout_flags: checkout.git_checkout_flags.clone(),
            clone_flags: checkout.git_clone_flags.clone(),
            fetch_flags: checkout.git_fetch_flags.clone(),
            clone_mirror_flags: checkout.git_clone_mirror_flags.clone(),
            mirror_mode: checkout.git_mirror_checkout_mode.clone(),
            clean_flags: checkout.git_clean_flags.clone(),
            ssh_key: self.git_ssh_key.clone(),
            verification: checkout.git_commit_verification.clone(),
            submodule_configuration: self.git_submodule_clone_config.clone(),
            plugins_always_fresh: self.rules.plugins_always_clone_fresh,
            mirrors_skip_update: checkout.git_mirrors_skip_update,
            artifact_paths: job.artifact_upload_paths.clone(),
            artifact_destination: job.artifact_upload_destination.clone(),
        }
    }
}
