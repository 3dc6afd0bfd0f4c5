//! The build of a job (spec/agent-api.md §13.6).

use crate::call::{Call, required};
use crate::ids::BuildId;
use crate::path::Path;
use crate::policy;
use crate::wire::Canceled;
use http::Method;

/// `POST builds/{build}/cancel`.
#[must_use]
pub fn cancel(build: &BuildId) -> Call<Canceled> {
    let path = Path::of(&["builds", build.as_str(), "cancel"]);
    Call::new(Method::POST, path, policy::CONTROL, required)
}
