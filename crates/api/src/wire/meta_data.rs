//! Meta-data of a build (spec/agent-api.md §13.1).

use crate::lenient::null_as_default;
use serde::{Deserialize, Serialize};

/// A key with its value: `POST …/data/set`, and the answer to `get`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetaData {
    /// The key.
    #[serde(deserialize_with = "null_as_default")]
    pub key: String,
    /// The value.
    #[serde(deserialize_with = "null_as_default")]
    pub value: String,
}

/// `POST …/data/set-batch`: all or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetaDataBatch {
    /// In the order of the arguments.
    pub items: Vec<MetaData>,
}

/// `POST …/data/get` and `exists`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Key {
    /// The key.
    pub key: String,
}

/// The answer to `exists`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Exists {
    /// Whether the key has a value.
    #[serde(deserialize_with = "null_as_default")]
    pub exists: bool,
}
