//! Secrets and tokens that a job may ask for (spec/agent-api.md §13.8–§13.10).

use super::is_zero;
use crate::lenient::null_as_default;
use crate::token::Token;
use serde::{Deserialize, Serialize};

/// The answer to `GET jobs/{job}/secrets`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Secret {
    /// Its name, as the server writes it.
    #[serde(deserialize_with = "null_as_default")]
    pub key: String,
    /// The secret.
    #[serde(deserialize_with = "null_as_default")]
    pub value: Token,
    /// Its id.
    #[serde(deserialize_with = "null_as_default")]
    pub uuid: String,
}

/// `POST jobs/{job}/oidc/tokens`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OidcRequest {
    /// Whom the token is for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub audience: String,
    /// Seconds; 0 leaves it to the server.
    #[serde(skip_serializing_if = "is_zero")]
    pub lifetime: i64,
    /// Claims to add.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<String>,
    /// Claims to add as AWS session tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aws_session_tags: Vec<String>,
    /// The claim that becomes the subject.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subject_claim: String,
}

/// The answer to `POST jobs/{job}/oidc/tokens`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OidcToken {
    /// The JWT.
    #[serde(deserialize_with = "null_as_default")]
    pub token: Token,
}

/// `POST jobs/{job}/repository_access_token`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RepositoryUrl {
    /// An `https` URL.
    pub repo_url: String,
}

/// The answer to `POST jobs/{job}/repository_access_token`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RepositoryToken {
    /// The password for git; empty when there is none.
    #[serde(deserialize_with = "null_as_default")]
    pub token: Token,
}
