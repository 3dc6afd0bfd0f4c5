//! The file that says where the server's admin endpoint is, and the secret it asks for.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::plane::StartError;
use crate::private_files;
use crate::secret::Secret;

/// The file of a running server; removed when the server ends.
#[derive(Debug)]
pub(crate) struct AdminFile {
    path: PathBuf,
    secret: Secret,
}

/// What the file holds.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Content {
    /// Where the endpoint listens.
    pub address: SocketAddr,
    /// What it asks for.
    pub secret: String,
}

impl AdminFile {
    /// Writes the file for an endpoint on this listener.
    pub(crate) fn write(path: &Path, listener: &TcpListener) -> Result<Self, StartError> {
        let failed = |source: io::Error| StartError::Admin { path: path.to_path_buf(), source };
        let secret = Secret::random("");
        let content =
            Content { address: listener.local_addr().map_err(failed)?, secret: secret.expose().to_owned() };
        let text = serde_json::to_vec(&content).expect("an address and a text");
        private_files::write(path, &text).map_err(failed)?;
        Ok(Self { path: path.to_path_buf(), secret })
    }

    /// What callers must send.
    pub(crate) fn secret(&self) -> Secret {
        self.secret.clone()
    }

    /// Reads the file of whichever server runs, or ran, on a data folder.
    pub(super) fn read(path: &Path) -> io::Result<Option<Content>> {
        match fs::read(path) {
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(io::Error::other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Drop for AdminFile {
    fn drop(&mut self) {
        // A file that stays names a port nobody listens on, and commands notice that.
        let _ = fs::remove_file(&self.path);
    }
}
