//! Artifacts (spec/agent-api.md §15).

use super::{is_false, is_zero};
use crate::ids::{ArtifactId, JobId};
use crate::lenient::null_as_default;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// One artifact: in requests without ids, in search results complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Artifact {
    /// Empty in requests.
    #[serde(deserialize_with = "null_as_default")]
    pub id: ArtifactId,
    /// Relative to the working directory.
    #[serde(deserialize_with = "null_as_default")]
    pub path: String,
    /// Where the file is.
    #[serde(deserialize_with = "null_as_default")]
    pub absolute_path: String,
    /// The pattern that found it; empty in requests.
    #[serde(deserialize_with = "null_as_default")]
    pub glob_path: String,
    /// Bytes.
    #[serde(deserialize_with = "null_as_default")]
    pub file_size: i64,
    /// 40 hexadecimal digits.
    #[serde(deserialize_with = "null_as_default")]
    pub sha1sum: String,
    /// 64 hexadecimal digits.
    #[serde(deserialize_with = "null_as_default")]
    pub sha256sum: String,
    /// Empty in requests.
    #[serde(deserialize_with = "null_as_default")]
    pub job_id: JobId,
    /// The year 1 in requests; anything but RFC 3339 fails a search.
    pub created_at: Timestamp,
    /// Where to fetch it.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// The store it is in, when it isn't the server's.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub upload_destination: String,
    /// Its media type.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub content_type: String,
}

/// The time that stands for "none" on this wire: 0001-01-01T00:00:00Z.
const YEAR_ONE: i64 = -62_135_596_800;

impl Default for Artifact {
    fn default() -> Self {
        Self {
            id: ArtifactId::default(),
            path: String::new(),
            absolute_path: String::new(),
            glob_path: String::new(),
            file_size: 0,
            sha1sum: String::new(),
            sha256sum: String::new(),
            job_id: JobId::default(),
            created_at: Timestamp::from_second(YEAR_ONE).expect("the year 1 is within range"),
            url: String::new(),
            upload_destination: String::new(),
            content_type: String::new(),
        }
    }
}

/// `POST jobs/{job}/artifacts`: at most 30 at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ArtifactBatch {
    /// The same over all attempts.
    pub id: Uuid,
    /// The artifacts.
    pub artifacts: Vec<Artifact>,
    /// Empty means the server's own storage.
    pub upload_destination: String,
    /// Whether the agent can upload in parts.
    #[serde(skip_serializing_if = "is_false")]
    pub multipart_supported: bool,
}

/// The answer to `POST jobs/{job}/artifacts`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ArtifactBatchCreated {
    /// The batch.
    #[serde(deserialize_with = "null_as_default")]
    pub id: String,
    /// As many as there were artifacts, in their order.
    #[serde(deserialize_with = "null_as_default")]
    pub artifact_ids: Vec<ArtifactId>,
    /// How to upload all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload_instructions: Option<UploadInstructions>,
    /// How to upload some of them otherwise.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub per_artifact_instructions: BTreeMap<ArtifactId, UploadInstructions>,
}

/// How the content of an artifact is uploaded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UploadInstructions {
    /// Form fields.
    #[serde(deserialize_with = "crate::lenient::text_map", skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, String>,
    /// One form upload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<UploadAction>,
    /// One request per part.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<UploadAction>,
}

/// One request of an upload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UploadAction {
    /// Where to.
    #[serde(deserialize_with = "null_as_default")]
    pub url: String,
    /// `POST` for a form, `PUT` for a part.
    #[serde(deserialize_with = "null_as_default")]
    pub method: String,
    /// Replaces the path of the URL of a form.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The name of the file's form field.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub file_input: String,
    /// Which part.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "is_zero")]
    pub part_number: i64,
}

/// `PUT jobs/{job}/artifacts`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ArtifactStates {
    /// Each artifact once.
    pub artifacts: Vec<ArtifactUpdate>,
}

/// How the upload of one artifact ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactUpdate {
    /// The artifact.
    pub id: ArtifactId,
    /// Well or not.
    pub state: ArtifactState,
    /// Whether it was uploaded in more than one part.
    #[serde(default, skip_serializing_if = "is_false")]
    pub multipart: bool,
    /// What the store answered to each part, in order.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub multipart_etags: Vec<PartEtag>,
}

/// How an upload ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ArtifactState {
    /// The content is stored.
    Finished,
    /// It isn't.
    Error,
}

/// What a store answered to one part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PartEtag {
    /// Which part.
    pub part_number: i64,
    /// The header's value, quotes included.
    pub etag: String,
}
