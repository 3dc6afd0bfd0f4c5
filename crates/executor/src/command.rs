//! The command phase: `pre-command` hooks, the command, `post-command` hooks (spec/job.md §11).

use std::ffi::OsStr;

use redkite_hooks::{HookError, HookName};
use redkite_process::Ending;
use redkite_shell::{RunError, quoted};
use redkite_telemetry::SpanStart;

use crate::error::PhaseError;
use crate::hook_runner::Whose;
use crate::job::Job;
use crate::outcome::CommandFailed;

/// How the command ended, whoever ran it.
#[derive(Debug)]
pub(crate) enum CommandEnd {
    /// With status 0.
    Passed,
    /// It ran and failed.
    Failed {
        /// How, as hooks and the status see it.
        ending: Ending,
        /// As it is told.
        text: String,
    },
    /// It did not run.
    Impossible {
        /// Why.
        text: String,
    },
}

impl CommandEnd {
    /// Of the default command; `what` is what was to be run.
    pub(crate) fn of_run(what: &OsStr, result: Result<(), RunError>) -> Self {
        match result {
            Ok(()) => Self::Passed,
            Err(RunError::Failed(ending)) => Self::Failed { ending, text: ending.to_string() },
            Err(error @ RunError::NotFound { .. }) => Self::Impossible { text: error.to_string() },
            Err(error) => Self::Impossible { text: format!("error running {}: {error}", quoted(what)) },
        }
    }

    /// Of `command` hooks.
    fn of_hooks(result: Result<(), PhaseError>) -> Self {
        match result {
            Ok(()) => Self::Passed,
            Err(PhaseError::Hook(error)) => match error.ending() {
                Some(ending) => Self::Failed { ending: seen(&error, ending), text: error.to_string() },
                None => Self::Impossible { text: error.to_string() },
            },
            Err(error) => Self::Impossible { text: error.to_string() },
        }
    }

    /// What later hooks read in `BUILDKITE_COMMAND_EXIT_STATUS`.
    fn status(&self) -> i32 {
        match self {
            Self::Passed => 0,
            Self::Failed { ending, .. } => ending.code(),
            Self::Impossible { .. } => 1,
        }
    }

    /// What is said of it, if it did not pass.
    fn message(&self) -> Option<String> {
        match self {
            Self::Passed => None,
            Self::Failed { ending: Ending::Signalled(_), text } => {
                Some(format!("The command was interrupted by a signal: {text}"))
            }
            Self::Failed { ending: Ending::Exited(status), .. } => {
                Some(format!("The command exited with status {status}"))
            }
            Self::Impossible { text } => Some(text.clone()),
        }
    }
}

/// A shell hook that was killed counts as one that exited with −1: its wrapper stood between (spec/job.md §11.1).
fn seen(error: &HookError, ending: Ending) -> Ending {
    if error.is_shell_status() { Ending::Exited(ending.code()) } else { ending }
}

impl Job<'_> {
    /// Runs the command with the hooks around it. The artifact phase follows, whatever comes of this.
    pub(crate) fn run_command_phase(&mut self) -> Result<(), PhaseError> {
        let span = self.shell.trace().enter(SpanStart::phase("command"));
        let hooks = self.run_command_with_hooks();
        // Of several failures the hooks' are the phase's own.
        match (&hooks, &self.failures.command) {
            (Err(error), _) => span.fail(error),
            (Ok(()), Some(CommandFailed { text })) => span.fail(text),
            (Ok(()), None) => {}
        }
        hooks
    }

    fn run_command_with_hooks(&mut self) -> Result<(), PhaseError> {
        let before = SpanStart::phase("pre-command").datadog("pre-command hooks");
        self.within(before, |job| job.run_hooks(HookName::PreCommand))?;
        let end = self.run_command();
        self.shell.set("BUILDKITE_COMMAND_EXIT_STATUS", end.status().to_string());
        if let Some(message) = end.message() {
            self.shell.log().expand();
            self.shell.log().error(message);
        }
        self.shell = self.shell.within(&self.contexts.own_grace());
        let after = SpanStart::phase("post-command").datadog("post-command hooks");
        let hooks = self.within(after, |job| job.run_hooks(HookName::PostCommand));
        if let CommandEnd::Failed { text, .. } = end {
            self.shell.log().plain(format_args!("user command error: {text}"));
            self.span.fail(&text);
            self.failures.command = Some(CommandFailed { text });
        }
        hooks
    }

    fn run_default_command_traced(&mut self) -> CommandEnd {
        let span = self.shell.trace().enter(self.default_command_span());
        let end = self.run_default_command();
        if let CommandEnd::Failed { text, .. } | CommandEnd::Impossible { text } = &end {
            span.fail(text);
        }
        end
    }

    /// Plugins' command hooks, else the repository's, else the agent's, else the command that the job came with.
    fn run_command(&mut self) -> CommandEnd {
        let name = HookName::Command;
        if self.has_hook(Whose::Plugins, name) {
            return CommandEnd::of_hooks(self.run_single_plugin_hooks(name));
        }
        let local = [Whose::Repository, Whose::Agent].into_iter().find(|whose| self.has_hook(*whose, name));
        match local {
            Some(whose) => CommandEnd::of_hooks(self.run_hooks_of(whose, name)),
            None => self.run_default_command_traced(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use redkite_process::Signal;

    fn check(end: &CommandEnd, status: i32, message: Option<&str>) {
        assert_eq!((end.status(), end.message().as_deref()), (status, message));
    }

    #[test]
    fn endings_of_the_default_command() {
        let of = |result| CommandEnd::of_run("make".as_ref(), result);
        check(&of(Ok(())), 0, None);
        let exited = of(Err(RunError::Failed(Ending::Exited(3))));
        check(&exited, 3, Some("The command exited with status 3"));
        let killed = of(Err(RunError::Failed(Ending::Signalled(Signal::KILL))));
        check(&killed, -1, Some("The command was interrupted by a signal: signal: killed"));
        let cancelled = of(Err(RunError::Cancelled));
        check(&cancelled, 1, Some("error running \"make\": context canceled"));
    }

    #[test]
    fn endings_of_command_hooks() {
        let of = |error| CommandEnd::of_hooks(Err(PhaseError::Hook(error)));
        let hook = || "agent command".to_owned();
        let killed = Ending::Signalled(Signal::KILL);
        let shell = of(HookError::Failed { hook: hook(), ending: killed });
        check(&shell, -1, Some("The command exited with status -1"));
        let binary = of(HookError::Run { hook: hook(), kind: "binary", source: RunError::Failed(killed) });
        let text = "running \"agent command\" binary hook: signal: killed";
        check(&binary, -1, Some(&format!("The command was interrupted by a signal: {text}")));
        let refused = CommandEnd::of_hooks(Err(PhaseError::LocalHooksDisabled("/h".into())));
        check(&refused, 1, Some("refusing to run /h, local hooks are disabled"));
    }
}
