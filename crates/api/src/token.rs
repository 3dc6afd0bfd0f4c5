//! Tokens of the Agent API (spec/agent-api.md §3): text that is sent and never shown.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A registration, access or job token. `Debug` shows nothing of it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(String);

impl Token {
    /// The token in the clear, for a header or a job's environment.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// An empty token means: no `Authorization` header.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Into<String>> From<T> for Token {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}
