//! Cache registries (spec/agent-api.md §16).

use crate::lenient::null_as_default;
use serde::{Deserialize, Serialize};

/// One part of a cache key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CacheKeyPart {
    /// Its value.
    pub value: String,
    /// Whether a fallback must match it, too.
    pub mandatory: bool,
}

/// What a cache archive must hash to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CacheDigest {
    /// `sha256`.
    pub algorithm: String,
    /// Hexadecimal.
    pub value: String,
}

/// One archive of a cache entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CacheBlob {
    /// What it hashes to.
    pub digest: CacheDigest,
    /// Bytes.
    pub file_size: i64,
    /// `zip`.
    pub compression: String,
}

/// `POST …/peek`, `retrieve` and `expire`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CacheQuery {
    /// What is cached.
    pub target_paths: Vec<String>,
    /// Under which key.
    pub cache_key: Vec<CacheKeyPart>,
}

/// The answer to `peek` and `retrieve`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CacheEntry {
    /// What is cached.
    #[serde(deserialize_with = "null_as_default")]
    pub target_paths: Vec<String>,
    /// The key that matched.
    #[serde(deserialize_with = "null_as_default")]
    pub cache_key: Vec<CacheKeyPart>,
    /// Its archives.
    #[serde(deserialize_with = "null_as_default")]
    pub blobs: Vec<CacheBlob>,
    /// When it goes away.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub expires_at: String,
    /// Which kind of store has it.
    #[serde(deserialize_with = "null_as_default")]
    pub store: String,
    /// Whether only the mandatory parts matched.
    #[serde(deserialize_with = "null_as_default")]
    pub fallback: bool,
    /// Whether it is to be fetched in parts.
    #[serde(deserialize_with = "null_as_default")]
    pub multipart: bool,
    /// Where to fetch it; unused by stores that agents manage.
    #[serde(deserialize_with = "null_as_default")]
    pub download_instructions: Vec<String>,
    /// For people.
    #[serde(deserialize_with = "null_as_default")]
    pub message: String,
}

/// The answer to `GET cache_registries/{slug}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CacheRegistry {
    /// Its id.
    #[serde(deserialize_with = "null_as_default")]
    pub uuid: String,
    /// Its name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// `agent_managed` or `local_file`.
    #[serde(deserialize_with = "null_as_default")]
    pub store: String,
}

/// `PUT …/store`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CacheStore {
    /// What is cached.
    pub target_paths: Vec<String>,
    /// Under which key.
    pub cache_key: Vec<CacheKeyPart>,
    /// Its archives.
    pub blobs: Vec<CacheBlob>,
    /// `<os>/<arch>`.
    pub platform: String,
}

/// The answer to `PUT …/store`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CacheUpload {
    /// To be committed.
    #[serde(deserialize_with = "null_as_default")]
    pub upload_id: String,
    /// Whether it is to be sent in parts.
    #[serde(deserialize_with = "null_as_default")]
    pub multipart: bool,
    /// Where to send it; unused by stores that agents manage.
    #[serde(deserialize_with = "null_as_default")]
    pub upload_instructions: Vec<String>,
    /// For people.
    #[serde(deserialize_with = "null_as_default")]
    pub message: String,
}

/// `PUT …/commit`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CacheCommit {
    /// The upload that is complete.
    pub upload_id: String,
    /// What a store answered to the parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub e_tags: Vec<String>,
}

/// The answer to `commit`, and the body of a miss.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CacheMessage {
    /// For people, but two of them are told apart by it (§16).
    #[serde(deserialize_with = "null_as_default")]
    pub message: String,
}

/// The answer to `expire`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CacheExpired {
    /// For people.
    #[serde(deserialize_with = "null_as_default")]
    pub message: String,
    /// Whether there was one.
    #[serde(deserialize_with = "null_as_default")]
    pub existed: bool,
}
