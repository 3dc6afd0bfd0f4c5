//! Calling the local APIs, as the commands that jobs run do (docs/spec/local-apis.md §1.2).

mod job_api;
mod locks;

use std::io::{self, BufReader, Write};
use std::path::PathBuf;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::http::{escaped, read_answer};
use crate::socket;

pub use job_api::{Changes, JobApi, PromiseAnswer, SOCKET_VARIABLE, TOKEN_VARIABLE};
pub(crate) use locks::ping;
pub use locks::{Locks, Swapped};

/// Why a local API doesn't do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A variable that names the API is not there.
    #[error("{0} empty or undefined")]
    Variable(&'static str),
    /// Nothing listens at the path.
    #[error("{0}")]
    Unreachable(String),
    /// The connection broke.
    #[error("calling the local API at {path}")]
    Call {
        /// The socket.
        path: String,
        /// What happened.
        source: io::Error,
    },
    /// The API refused.
    #[error("API status {status}: {error}")]
    Refused {
        /// Its status.
        status: u16,
        /// Its words.
        error: String,
    },
    /// The API refused in an unknown form.
    #[error("decoding error response: status {status}")]
    RefusedOddly {
        /// Its status.
        status: u16,
    },
    /// The answer is old, or clocks differ.
    #[error("the answer's time is {age:?} off")]
    Stale {
        /// By how much.
        age: Duration,
    },
    /// The answer can't be read.
    #[error("decoding response: {0}")]
    Answer(serde_json::Error),
}

/// A socket, and what calls to it carry.
#[derive(Debug, Clone)]
struct Endpoint {
    socket: PathBuf,
    host: &'static str,
    token: Option<String>,
    /// How long a call may take; for ever if that isn't said.
    limit: Option<Duration>,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: String,
}

impl Endpoint {
    /// The endpoint, once something has answered there.
    fn checked(self) -> Result<Self, ClientError> {
        match socket::connect(&self.socket) {
            Ok(_) => Ok(self),
            Err(error) => Err(ClientError::Unreachable(error.to_string())),
        }
    }

    fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, ClientError> {
        let request = self.request(method, path, &body.map(escaped).unwrap_or_default());
        let stream = socket::connect(&self.socket);
        let stream = stream.map_err(|error| ClientError::Unreachable(error.to_string()))?;
        let answer = self.exchange(&stream, &request);
        let failed = |source| ClientError::Call { path: self.socket.display().to_string(), source };
        let (status, answer) = answer.map_err(failed)?;
        if status < 400 {
            return serde_json::from_slice(&answer).map_err(ClientError::Answer);
        }
        match serde_json::from_slice::<ErrorBody>(&answer) {
            Ok(body) => Err(ClientError::Refused { status, error: body.error }),
            Err(_) => Err(ClientError::RefusedOddly { status }),
        }
    }

    fn exchange(&self, mut stream: &socket::Stream, request: &[u8]) -> io::Result<(u16, Vec<u8>)> {
        if let Some(limit) = self.limit {
            socket::limit(stream, limit)?;
        }
        // Who refuses a request for its head doesn't read the rest, but has answered.
        let written = stream.write_all(request);
        read_answer(&mut BufReader::new(stream)).map_err(|error| written.err().unwrap_or(error))
    }

    fn request(&self, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.host);
        if let Some(token) = &self.token {
            head.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        if !body.is_empty() {
            head.push_str("Content-Type: application/json\r\n");
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        let mut request = head.into_bytes();
        request.extend_from_slice(body);
        request
    }
}
