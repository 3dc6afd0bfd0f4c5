//! The artifact phase (spec/job.md §12).

use redkite_hooks::HookName;

use crate::error::PhaseError;
use crate::job::Job;
use crate::surroundings::Upload;

impl Job<'_> {
    /// Uploads what the settings name, with the hooks around that.
    pub(crate) fn upload_artifacts(&mut self) -> Result<(), PhaseError> {
        if self.live.artifact_paths.is_empty() {
            return Ok(());
        }
        self.run_hooks(HookName::PreArtifact)?;
        self.shell.log().header("Uploading artifacts");
        let upload = Upload {
            paths: self.live.artifact_paths.clone(),
            destination: self.live.artifact_destination.clone(),
        };
        self.surroundings.upload(&self.shell, &upload).map_err(PhaseError::Command)?;
        self.run_hooks(HookName::PostArtifact)
    }
}
