//! The end of a job: `pre-exit` hooks, and what has to be removed (spec/job.md §13).

use std::io;

use redkite_hooks::HookName;
use redkite_telemetry::SpanStart;

use crate::docker;
use crate::error::PhaseError;
use crate::job::Job;
use crate::settings::Part;

impl Job<'_> {
    /// Ends the job; the first failure ends this, too.
    pub(crate) fn tear_down(&mut self) -> Result<(), PhaseError> {
        if self.settings.parts.include(Part::Command) {
            self.within(SpanStart::phase("pre-exit"), |job| job.run_hooks(HookName::PreExit))?;
        }
        let containers = docker::is_used(&self.shell.env());
        if containers {
            return docker::clean_up(&self.shell);
        }
        for directory in std::mem::take(&mut self.leftovers) {
            match std::fs::remove_dir_all(&directory) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    let directory = directory.display();
                    self.shell.log().warning(format_args!("Failed to remove dir {directory}: {error}"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}
