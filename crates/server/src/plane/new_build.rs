//! What a build is made from.

use indexmap::IndexMap;
use redkite_scheduler::Source;
use serde::{Deserialize, Serialize};

/// Everything that is known about a build before it exists (control-plane.md §5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewBuild {
    /// The pipeline file, YAML or JSON. The plane interpolates it with what is known of the build, as
    /// `pipeline upload` would.
    #[serde(with = "text")]
    pub pipeline: Vec<u8>,
    /// The pipeline's slug: builds are numbered per slug.
    pub slug: String,
    /// URL or path of the git repository.
    pub repository: String,
    /// Branch to check out.
    pub branch: String,
    /// Commit, or `HEAD` to let the first agent find it.
    pub commit: String,
    /// Shown as the build's title.
    pub message: String,
    /// Variables for every job.
    #[serde(default)]
    pub env: IndexMap<String, String>,
    /// Meta-data it starts with.
    #[serde(default)]
    pub meta_data: IndexMap<String, String>,
    /// Name of who asked for it.
    #[serde(default)]
    pub author: String,
    /// E-mail address of who asked for it.
    #[serde(default)]
    pub author_email: String,
    /// Where it comes from.
    pub source: Source,
    /// Whether every key in `depends_on` has to be in the file.
    #[serde(default)]
    pub references: References,
    /// Who replaces the variables in the file.
    #[serde(default)]
    pub interpolation: Interpolation,
}

/// Who replaces the variables in a pipeline file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interpolation {
    /// The plane, with what it knows of the build.
    #[default]
    ByPlane,
    /// Whoever asks for the build has done it.
    Done,
}

/// Where the keys in `depends_on` come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum References {
    /// The file, or steps that a job uploads later.
    #[default]
    MayCome,
    /// The file: it is the whole pipeline, and an unknown key is a mistake.
    MustExist,
}

/// A pipeline file is text; what is not UTF-8 is refused by the parser, with a place.
mod text {
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&String::from_utf8_lossy(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        String::deserialize(deserializer).map(String::into_bytes)
    }
}
