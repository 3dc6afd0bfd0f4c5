//! The hooks of the process: `agent-startup`, `agent-shutdown` (spec/agent.md §7).

use crate::hooks::{self, Hook, HookError, Lines};
use crate::os;
use crate::session::Session;
use crate::settings::{Colour, Settings};
use redkite_api::wire::RegisterAnswer;
use std::ffi::OsString;
use std::path::PathBuf;

/// Hooks that run once per process (spec/agent.md §7).
pub(crate) struct LifecycleHooks {
    folders: Vec<PathBuf>,
    shell: OsString,
    env: Vec<(OsString, OsString)>,
    colour: Colour,
}

impl LifecycleHooks {
    pub(crate) fn new(settings: &Settings, sessions: &[(Session, RegisterAnswer)]) -> Self {
        let joined = |of: fn(&Session) -> &str| {
            let texts: Vec<_> = sessions.iter().map(|(session, _)| of(session)).collect();
            texts.join(",")
        };
        let mut env = settings.environment.clone();
        env.push(("BUILDKITE_AGENT_IDS".into(), joined(|session| session.id.as_str()).into()));
        env.push(("BUILDKITE_AGENT_NAMES".into(), joined(|session| &session.name).into()));
        let first = settings.job.hooks_path.clone();
        let more = settings.job.additional_hooks_paths.iter().map(PathBuf::from);
        let folders = [first].into_iter().chain(more).collect();
        Self { folders, shell: settings.job.hooks_shell.clone(), env, colour: settings.colour }
    }

    /// Runs the hook of every folder that has one; the first failure is logged and ends it.
    pub(crate) async fn run(&self, name: &'static str) -> Result<(), HookError> {
        for (place, folder) in self.folders.iter().enumerate() {
            let path = match hooks::find(folder, name) {
                Ok(path) => path,
                Err(error) if place == 0 => return Err(error),
                Err(error) => {
                    tracing::error!("{error}");
                    None
                }
            };
            let Some(path) = path else { continue };
            let prompt = match self.colour {
                Colour::On => format!("\x1b[90m{}\x1b[0m", os::PROMPT),
                Colour::Off => os::PROMPT.to_owned(),
            };
            tracing::info!(hook = name, "{prompt} {}", path.display());
            let (shell, env) = (self.shell.clone(), self.env.clone());
            let thread = tokio::task::spawn_blocking(move || {
                let mut lines = Lines::default();
                let hook = Hook { name, path: &path, shell: &shell, env };
                let result =
                    hook.run(|bytes| lines.write(bytes, |line| tracing::info!(hook = name, "{line}")));
                lines.finish(|line| tracing::info!(hook = name, "{line}"));
                result
            });
            let result = thread.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
            result.inspect_err(|error| tracing::error!("{error}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
