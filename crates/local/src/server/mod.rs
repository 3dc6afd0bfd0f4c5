//! The job API of one job: a socket, a token and a thread (docs/spec/local-apis.md §2).

mod authentication;
mod connections;
mod promises;
mod routes;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::Job;
use crate::client::{SOCKET_VARIABLE, TOKEN_VARIABLE};
use crate::socket::{self, Closer};
use connections::Connections;
use routes::Routes;

/// A serving job API. Dropping it stops it at once; [`JobServer::stop`] lets requests finish.
#[derive(Debug)]
pub struct JobServer {
    socket: PathBuf,
    token: String,
    connections: Arc<Connections>,
    acceptor: Option<(JoinHandle<()>, Closer)>,
}

/// Why no job API can be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// This machine has no sockets for it; the job goes on without.
    #[error("the job API is unavailable on this machine")]
    Unavailable,
    /// The socket could not be made.
    #[error("creating the job API socket: {0}")]
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
        let path = sockets_path.join("job-api").join(name);
        let (listener, closer) =
            socket::listen(&path).map_err(|error| ServeError::Socket(described(&error)))?;
        let connections = Arc::new(Connections::default());
        let routes = Arc::new(Routes::new(job, token.clone()));
        let acceptor = std::thread::spawn({
            let connections = Arc::clone(&connections);
            move || connections::accept(&listener, &connections, &routes)
        });
        Ok(Self { socket: path, token, connections, acceptor: Some((acceptor, closer)) })
    }

    /// Where it listens.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The variables by which the job's processes find it.
    pub fn variables(&self) -> [(&'static str, String); 2] {
        [(SOCKET_VARIABLE, self.socket.to_string_lossy().into_owned()), (TOKEN_VARIABLE, self.token.clone())]
    }

    /// What the job's processes must show.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Takes no more requests, and waits at most `limit` for those that are being answered. Whether all were.
    pub fn stop(mut self, limit: Duration) -> bool {
        self.close();
        self.connections.drain(limit)
    }

    fn close(&mut self) {
        let Some((acceptor, closer)) = self.acceptor.take() else { return };
        self.connections.close();
        closer.close();
        std::fs::remove_file(&self.socket).ok();
        acceptor.join().ok();
    }
}

impl Drop for JobServer {
    fn drop(&mut self) {
        self.close();
    }
}

/// A number for the socket's name, and a token.
fn random() -> Result<(u32, String), ServeError> {
    let mut bytes = [0_u8; 36];
    getrandom::fill(&mut bytes).map_err(ServeError::Token)?;
    let [a, b, c, d, token @ ..] = bytes;
    Ok((u32::from_le_bytes([a, b, c, d]) % 100_000, URL_SAFE_NO_PAD.encode(token)))
}

fn described(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    if let Some(source) = error.source() {
        write!(text, ": {source}").expect("writing to a string");
    }
    text
}
