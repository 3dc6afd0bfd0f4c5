//! The artifact phase (spec/job.md §12).

use redkite_hooks::HookName;
use redkite_telemetry::SpanStart;

use crate::error::PhaseError;
use crate::job::Job;
use crate::surroundings::Upload;

impl Job<'_> {
    /// Uploads what the settings name, with the hooks around that.
    pub(crate) fn upload_artifacts(&mut self) -> Result<(), PhaseError> {
        if self.live.artifact_paths.is_empty() {
            return Ok(());
        }
        self.within(SpanStart::phase("artifacts").datadog("artifact upload"), Self::upload_with_hooks)
    }

    /// The upload and the hooks after it are measured, but their processes are parts of the whole
    /// (spec/job.md §18.1).
    fn upload_with_hooks(&mut self) -> Result<(), PhaseError> {
        self.within(SpanStart::phase("pre-artifact"), |job| job.run_hooks(HookName::PreArtifact))?;
        self.within(SpanStart::beside("artifact-upload"), Self::upload)?;
        self.within(SpanStart::beside("post-artifact"), |job| job.run_hooks(HookName::PostArtifact))
    }

    fn upload(&mut self) -> Result<(), PhaseError> {
        self.shell.log().header("Uploading artifacts");
        let upload = Upload {
            paths: self.live.artifact_paths.clone(),
            destination: self.live.artifact_destination.clone(),
        };
        self.surroundings.upload(&self.shell, &upload).map_err(PhaseError::Command)
    }
}
