//! Steps (spec/agent-api.md §13.3–§13.5).

use crate::call::{Call, ignored, required};
use crate::ids::StepRef;
use crate::path::Path;
use crate::policy;
use crate::wire::{Canceled, StepCancel, StepExport, StepOutput, StepUpdate};
use http::Method;

/// `POST steps/{step}/export`.
#[must_use]
pub fn export(step: &StepRef, export: &StepExport) -> Call<StepOutput> {
    let path = Path::of(&["steps", step.as_str(), "export"]);
    Call::new(Method::POST, path, policy::STEP, required).json(export)
}

/// `PUT steps/{step}`.
#[must_use]
pub fn update(step: &StepRef, update: &StepUpdate) -> Call<()> {
    Call::new(Method::PUT, Path::of(&["steps", step.as_str()]), policy::STEP, ignored).json(update)
}

/// `POST steps/{step}/cancel`.
#[must_use]
pub fn cancel(step: &StepRef, cancel: &StepCancel) -> Call<Canceled> {
    let path = Path::of(&["steps", step.as_str(), "cancel"]);
    Call::new(Method::POST, path, policy::STEP, required).json(cancel)
}
