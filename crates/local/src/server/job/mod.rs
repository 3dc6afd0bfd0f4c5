//! The job API of one job: a socket, a token and a thread (docs/spec/local-apis.md §2).

mod authentication;
mod promises;
mod routes;

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::listening::Listening;
use crate::client::{SOCKET_VARIABLE, TOKEN_VARIABLE};
use crate::{Job, described};
use routes::Routes;

/// A serving job API. Dropping it stops it at once; [`JobServer::stop`] lets requests finish.
#[derive(Debug)]
pub struct JobServer {
    token: String,
    listening: Listening,
}

/// Why no local API can be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// This machine has no sockets for it; a job goes on without.
    #[error("this machine has no unix sockets")]
    Unavailable,
    /// The socket could not be made.
    #[error("{0}")]
    Socket(String),
    /// The system gives no random bytes.
    #[error("making a job API token: {0}")]
    Token(getrandom::Error),
}

impl JobServer {
    /// Serves `job` at a new socket below `sockets_path`.
    ///
    /// # Errors
    /// If the machine has no such sockets, the path is too long, or the directory can't be written.
    pub fn start(sockets_path: &Path, job: Arc<dyn Job>) -> Result<Self, ServeError> {
        if cfg!(windows) {
            return Err(ServeError::Unavailable);
        }
        let (number, token) = random()?;
        let name = format!("{}-{number}.sock", std::process::id());
        let routes = Arc::new(Routes::new(job, token.clone()));
        let listening = Listening::start(sockets_path.join("job-api").join(name), routes);
        let listening = listening.map_err(|error| ServeError::Socket(described(&error)))?;
        Ok(Self { token, listening })
    }

    /// Where it listens.
    pub fn socket(&self) -> &Path {
        self.listening.socket()
    }

    /// The variables by which the job's processes find it.
    pub fn variables(&self) -> [(&'static str, OsString); 2] {
        [(SOCKET_VARIABLE, self.socket().into()), (TOKEN_VARIABLE, self.token.clone().into())]
    }

    /// What the job's processes must show.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Takes no more requests, and waits at most `limit` for those that are being answered. Whether all were.
    pub fn stop(self, limit: Duration) -> bool {
        self.listening.stop(limit)
    }
}

/// A number for the socket's name, and a token.
fn random() -> Result<(u32, String), ServeError> {
    let mut bytes = [0_u8; 36];
    getrandom::fill(&mut bytes).map_err(ServeError::Token)?;
    let [a, b, c, d, token @ ..] = bytes;
    Ok((u32::from_le_bytes([a, b, c, d]) % 100_000, URL_SAFE_NO_PAD.encode(token)))
}
