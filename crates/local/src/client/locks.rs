//! The locks that the leading agent of this machine keeps (docs/spec/local-apis.md §5.1).

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::{ClientError, Endpoint};

/// What may stand in a query as it is.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The values by key; empty and absent are the same.
#[derive(Debug, Clone)]
pub struct Locks(Endpoint);

/// What a compare-and-swap found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Swapped {
    /// The value that is stored now.
    pub value: String,
    /// Whether it is the new one.
    pub swapped: bool,
}

#[derive(Serialize)]
struct Swap<'a> {
    old: &'a str,
    new: &'a str,
}

#[derive(Deserialize)]
struct Held {
    value: String,
}

impl Locks {
    /// The locks of the leader whose socket lies below `sockets_path`, once it has answered.
    ///
    /// # Errors
    /// If no agent leads.
    pub fn of_leader(sockets_path: &Path) -> Result<Self, ClientError> {
        let socket = sockets_path.join("agent-leader");
        Endpoint { socket, host: "agent", token: None, limit: None }.checked().map(Self)
    }

    /// The value of a key.
    ///
    /// # Errors
    /// As for every call: see [`ClientError`].
    pub fn get(&self, key: &str) -> Result<String, ClientError> {
        let held: Held = self.0.call("GET", &path(key), None::<&()>)?;
        Ok(held.value)
    }

    /// Puts `new` in the place of `old`, if that is the value.
    ///
    /// # Errors
    /// As for every call.
    pub fn compare_and_swap(&self, key: &str, old: &str, new: &str) -> Result<Swapped, ClientError> {
        self.0.call("PATCH", &path(key), Some(&Swap { old, new }))
    }
}

fn path(key: &str) -> String {
    format!("/api/leader/v0/lock/?key={}", utf8_percent_encode(key, QUERY))
}

#[derive(Deserialize)]
struct Pong {
    now: Timestamp,
}

/// Asks the agent at `socket` whether it is there, which it must say within `limit` and with a clock that agrees.
///
/// # Errors
/// As for every call.
pub(crate) fn ping(socket: &Path, limit: Duration) -> Result<(), ClientError> {
    let endpoint = Endpoint { socket: socket.to_owned(), host: "agent", token: None, limit: Some(limit) };
    let pong: Pong = endpoint.call("GET", "/api/leader/v0/ping", None::<&()>)?;
    let age = pong.now.duration_until(Timestamp::now()).unsigned_abs();
    if age > limit { Err(ClientError::Stale { age }) } else { Ok(()) }
}
