//! Set-up: paths, secrets, the agent's `environment` hooks (spec/job.md §6).

use redkite_hooks::HookName;
use redkite_shell::Verbosity;

use crate::error::PhaseError;
use crate::hook_runner::Whose;
use crate::job::Job;
use crate::os;

impl Job<'_> {
    /// Makes everything ready, so that plugins can be looked at.
    pub(crate) fn set_up(&mut self) -> Result<(), PhaseError> {
        self.set_paths()?;
        self.warn_of_ignored_variables();
        if self.shell.verbosity() == Verbosity::Debug {
            self.show_variables();
        }
        // Nobody is there to answer git's questions.
        self.shell.set("GIT_TERMINAL_PROMPT", "0");
        self.load_secrets()?;
        if self.live.lfs {
            self.shell.set("GIT_LFS_SKIP_SMUDGE", "1");
        }
        self.run_hooks_of(Whose::Agent, HookName::Environment)
    }

    fn set_paths(&mut self) -> Result<(), PhaseError> {
        let (paths, names) = (&self.settings.paths, &self.settings.identity);
        let mut env = self.shell.env();
        if !paths.bin.as_os_str().is_empty() {
            // Last: what the machine's owner put in front stays in front.
            let path = [env.value("PATH"), paths.bin.as_os_str()].join(os::PATH_SEPARATOR.as_ref());
            env.set("PATH", path);
        }
        if env.contains("BUILDKITE_BUILD_CHECKOUT_PATH") {
            return Ok(());
        }
        if paths.build.as_os_str().is_empty() {
            return Err(PhaseError::NoCheckoutPath);
        }
        let checkout =
            redkite_git::paths::checkout(&paths.build, &names.agent, &names.organization, &names.pipeline);
        env.set("BUILDKITE_BUILD_CHECKOUT_PATH", checkout);
        Ok(())
    }

    /// Says which variables of the job the agent has left out.
    fn warn_of_ignored_variables(&self) {
        let ignored = self.shell.env().text("BUILDKITE_IGNORED_ENV").into_owned();
        if ignored.is_empty() {
            return;
        }
        let log = self.shell.log();
        log.header("Detected protected environment variables");
        log.comment(
            "The job sets variables that only hooks, plugins and the agent's configuration can set: \
             they were left out",
        );
        for name in ignored.split(',') {
            log.warning(format_args!("Ignored {name}"));
        }
        log.expand();
    }

    /// What a job was given, for people who look for a mistake (spec/job.md §22).
    fn show_variables(&self) {
        let log = self.shell.log();
        log.header("Buildkite environment variables");
        for (name, value) in self.shell.env().iter() {
            if !["BUILDKITE", "CI", "PATH"].iter().any(|prefix| name.starts_with(prefix)) {
                continue;
            }
            let shown = match name {
                "BUILDKITE_AGENT_ACCESS_TOKEN" => "*".repeat(18).into(),
                "BUILDKITE_GIT_REMOTE_MIRROR_URL" => {
                    redkite_redact::public_url(&redkite_text::shown(value)).into_owned().into()
                }
                _ => redkite_text::join(redkite_text::split(value, b'\n'), "\\n"),
            };
            log.plain_bytes([name.as_bytes(), b"=", shown.as_encoded_bytes()].concat());
        }
    }
}
