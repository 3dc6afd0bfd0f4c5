//! Annotations of a build (spec/agent-api.md §13.2).

use super::{is_false, is_zero};
use serde::{Deserialize, Serialize};

/// `POST jobs/{job}/annotations`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Annotation {
    /// Markdown; absent when only the style changes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// Which annotation; absent means `default`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub context: String,
    /// `success`, `info`, `warning` or `error`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub style: String,
    /// Add to the body that is there.
    #[serde(skip_serializing_if = "is_false")]
    pub append: bool,
    /// 1 to 10.
    #[serde(skip_serializing_if = "is_zero")]
    pub priority: i64,
    /// What it is about; absent means the build.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<AnnotationScope>,
}

/// What an annotation is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnnotationScope {
    /// The build.
    #[default]
    Build,
    /// The job.
    Job,
}

impl AnnotationScope {
    /// As it is sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Job => "job",
        }
    }
}
