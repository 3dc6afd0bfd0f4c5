//! A socket with a thread that accepts callers: what the job API and the agent API share.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use super::connections::{self, Connections};
use crate::http::{Answer, Head, Request};
use crate::socket::{self, BindError, Closer};

/// Answers requests, several at once.
pub(super) trait Handler: Send + Sync {
    /// Why a request isn't even read to its end.
    fn refuse(&self, _: &Head) -> Option<Answer> {
        None
    }

    fn answer(&self, request: &Request) -> Answer;
}

/// A socket that is served. Dropping it stops it at once.
#[derive(Debug)]
pub(super) struct Listening {
    socket: PathBuf,
    connections: Arc<Connections>,
    acceptor: Option<(JoinHandle<()>, Closer)>,
}

impl Listening {
    /// Serves `handler` at `socket`.
    pub(super) fn start(socket: PathBuf, handler: Arc<dyn Handler>) -> Result<Self, BindError> {
        let (listener, closer) = socket::listen(&socket)?;
        let connections = Arc::new(Connections::default());
        let acceptor = std::thread::spawn({
            let connections = Arc::clone(&connections);
            move || connections::accept(&listener, &connections, &handler)
        });
        Ok(Self { socket, connections, acceptor: Some((acceptor, closer)) })
    }

    /// Where it listens.
    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    /// Takes no more requests, and waits at most `limit` for those that are being answered. Whether all were.
    pub(super) fn stop(mut self, limit: Duration) -> bool {
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

impl Drop for Listening {
    fn drop(&mut self) {
        self.close();
    }
}
