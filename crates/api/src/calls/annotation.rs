//! Annotations (spec/agent-api.md §13.2).

use crate::call::{Call, ignored};
use crate::ids::JobId;
use crate::path::Path;
use crate::policy;
use crate::wire::{Annotation, AnnotationScope};
use http::Method;

/// `POST jobs/{job}/annotations`.
#[must_use]
pub fn create(job: &JobId, annotation: &Annotation) -> Call<()> {
    let path = Path::of(&["jobs", job.as_str(), "annotations"]);
    Call::new(Method::POST, path, policy::ANNOTATION, ignored).json(annotation)
}

/// `DELETE jobs/{job}/annotations/{context}`.
#[must_use]
pub fn remove(job: &JobId, context: &str, scope: AnnotationScope) -> Call<()> {
    let path = Path::of(&["jobs", job.as_str(), "annotations", context]).query("scope", scope.as_str());
    Call::new(Method::DELETE, path, policy::ANNOTATION, ignored)
}
