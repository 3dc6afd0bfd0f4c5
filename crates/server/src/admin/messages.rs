//! What commands send and get, where it is not a type of the plane already.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::store::AgentToken;

/// A token is wanted.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TokenRequest {
    /// What for.
    pub description: String,
}

/// A new token, in the clear this once.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct NewToken {
    /// What the store keeps.
    pub token: AgentToken,
    /// The token itself.
    pub secret: String,
}

/// A build is to stop.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CancelRequest {
    /// Why.
    pub reason: Option<String>,
}

/// A block or input step is submitted.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct UnblockRequest {
    /// Answers by key.
    pub fields: BTreeMap<String, String>,
}

/// A piece of a log, in base 64.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LogAnswer {
    /// The bytes.
    pub bytes: String,
    /// Where the next piece starts.
    pub next: u64,
}
