//! Running a hook, wrapped or directly.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use redkite_shell::{Command, Display, EnvDiff, RunError, Shell, Verbosity, split_words};

use crate::capture::CaptureError;
use crate::error::HookError;
use crate::wrapper::Wrapper;
use crate::{Hook, HookKind, capture, os};

/// What all hooks of a job have in common.
#[derive(Clone, Debug)]
pub struct HookSettings {
    /// The shell that runs shell hooks, as words; empty for the one that each names (`--hooks-shell`).
    pub hooks_shell: OsString,
    /// The agent's program, whose `env dump` wrappers use.
    pub agent: PathBuf,
    /// Where wrappers are written.
    pub temporary: PathBuf,
}

/// What a hook that succeeded has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changes {
    /// A shell hook ended before its changes could be seen, with `exit 0` or `exec`: they are lost.
    Lost,
    /// These changes of the environment, and the directory in which it ended.
    Captured {
        /// Without what the wrapper added.
        diff: EnvDiff,
        /// Where it ended, if that is known.
        directory: Option<PathBuf>,
    },
    /// The hook was not wrapped: its changes came through the job API.
    ThroughApi,
}

impl Hook {
    /// Prints the heading, runs the hook and answers what it changed. Sets `BUILDKITE_LAST_HOOK_EXIT_STATUS` after
    /// a shell hook.
    pub fn run(&self, shell: &Shell, settings: &HookSettings) -> Result<Changes, HookError> {
        shell.log().header(format_args!("Running {self} hook"));
        let kind = HookKind::of(&self.path);
        let kind = kind.map_err(|source| HookError::Kind { hook: self.to_string(), source })?;
        match &kind {
            HookKind::Shell { shebang } => self.run_wrapped(shell, settings, shebang.as_deref()),
            HookKind::Script { shebang } if !os::runs_scripts() => Err(HookError::Unsupported {
                hook: self.to_string(),
                shebang: redkite_text::shown(shebang).into_owned(),
            }),
            HookKind::Script { .. } | HookKind::Binary => self.run_directly(shell, &kind),
        }
    }

    fn run_directly(&self, shell: &Shell, kind: &HookKind) -> Result<Changes, HookError> {
        let command = Command::new(&self.path, [""; 0])
            .envs(self.variables.iter().cloned())
            .env("BUILDKITE_HOOK_PHASE", self.name.as_str())
            .env("BUILDKITE_HOOK_PATH", &self.path)
            .env("BUILDKITE_HOOK_SCOPE", self.scope.kind());
        let failed = |source| HookError::Run { hook: self.to_string(), kind: kind.as_str(), source };
        shell.run(&command).map_err(failed)?;
        Ok(Changes::ThroughApi)
    }

    fn run_wrapped(
        &self,
        shell: &Shell,
        settings: &HookSettings,
        shebang: Option<&OsStr>,
    ) -> Result<Changes, HookError> {
        let written = Wrapper::write(
            &self.absolute(),
            shebang,
            &settings.agent,
            (&settings.temporary, &shell.job_mark()),
        );
        let wrapper = written.map_err(|source| {
            shell.log().error(format_args!("Error creating hook script: {source}"));
            HookError::Wrapper { hook: self.to_string(), source }
        })?;
        let result = self.run_script(shell, settings, shebang, &wrapper);
        shell.log().release();
        let captured = |source| HookError::Capture { hook: self.to_string(), source };
        let changes = result.and_then(|()| changes(&wrapper).map_err(captured));
        if let Err(error) = wrapper.remove() {
            shell.log().warning(format_args!("Failed to remove the hook's temporary files: {error}"));
        }
        changes
    }

    fn run_script(
        &self,
        shell: &Shell,
        settings: &HookSettings,
        shebang: Option<&OsStr>,
        wrapper: &Wrapper,
    ) -> Result<(), HookError> {
        shell.log().prompt(shown_path(&self.path, &shell.directory()));
        let command = self.wrapped_command(shell, settings, shebang, &wrapper.script)?;
        if shell.verbosity() == Verbosity::Debug {
            let script = wrapper.script.display();
            shell.log().comment(format_args!("A hook runner was written to \"{script}\""));
        }
        let result = shell.run(&command.envs(self.variables.iter().cloned()).display(Display::Debug));
        let status = result.as_ref().map_or_else(RunError::code, |()| 0);
        shell.set("BUILDKITE_LAST_HOOK_EXIT_STATUS", status.to_string());
        let interpreter = shebang.filter(|_| settings.hooks_shell.is_empty());
        result.map_err(|source| self.explain(shell, source, interpreter))
    }

    /// A run's failure as the hook's, after a hint where the system's words mislead.
    fn explain(&self, shell: &Shell, source: RunError, shebang: Option<&OsStr>) -> HookError {
        match (&source, shebang) {
            (RunError::Failed(ending), _) => {
                return HookError::Failed { hook: self.to_string(), ending: *ending };
            }
            (RunError::Start(error), Some(line)) if error.is_not_found() => {
                let line = redkite_text::shown(line);
                let interpreter = line.trim_start_matches("#!").trim();
                shell.log().error(format_args!(
                    "The {self} hook failed to run - perhaps the script interpreter {interpreter:?} is missing"
                ));
            }
            (RunError::Start(error), _) if error.is_text_busy() => {
                shell.log().error(format_args!(
                    "The {self} hook failed to run - another process still has its file open for writing"
                ));
            }
            _ => {}
        }
        HookError::Run { hook: self.to_string(), kind: "shell", source }
    }

    /// What runs a wrapper: the configured shell, the one that its first line names, or bash.
    fn wrapped_command(
        &self,
        shell: &Shell,
        settings: &HookSettings,
        shebang: Option<&OsStr>,
        script: &Path,
    ) -> Result<Command, HookError> {
        if settings.hooks_shell.is_empty() {
            return match shebang {
                Some(_) => Ok(Command::new(script, [""; 0])),
                None => os::run_bare(shell, script)
                    .map_err(|source| HookError::NoShell { hook: self.to_string(), source }),
            };
        }
        let failed = |source| HookError::HooksShell {
            hook: self.to_string(),
            setting: redkite_text::shown(&settings.hooks_shell).into_owned(),
            source,
        };
        let mut words = split_words(&settings.hooks_shell).map_err(|error| failed(Some(error)))?;
        if words.is_empty() {
            return Err(failed(None));
        }
        let program = words.remove(0);
        words.push(script.into());
        Ok(Command::new(program, words))
    }

    /// The same hook by its absolute path: it is sourced from wherever the shell is.
    fn absolute(&self) -> Self {
        let path = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        Self { path, ..self.clone() }
    }
}

/// A hook's path as its prompt shows it: relative when it is below the shell's directory.
fn shown_path(path: &Path, directory: &Path) -> String {
    path.strip_prefix(directory).unwrap_or(path).display().to_string()
}

fn changes(wrapper: &Wrapper) -> Result<Changes, CaptureError> {
    let Some(after) = capture::read(&wrapper.after)? else {
        return Ok(Changes::Lost);
    };
    let before = capture::read(&wrapper.before)?.unwrap_or_default();
    let (diff, directory) = capture::compare(&before, &after);
    Ok(Changes::Captured { diff, directory })
}
