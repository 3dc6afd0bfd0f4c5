//! The commands' side of the admin endpoint: blocking, one request after the other.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use ureq::Agent;
use ureq::http::Response;

use super::file::{AdminFile, Content};
use crate::data_folder::DataPaths;

/// No answer takes longer.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Why a command did not get its answer.
#[derive(Debug, Error)]
pub(crate) enum AdminError {
    /// The data folder has no server.
    #[error("no redkite server runs on the data folder {0}")]
    NotRunning(PathBuf),
    /// The file that names the server can't be read.
    #[error("reading {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The server did not answer.
    #[error("asking the server of the data folder {data}")]
    Transport {
        /// The folder.
        data: PathBuf,
        /// The reason.
        source: Box<ureq::Error>,
    },
    /// The server said no.
    #[error("{0}")]
    Refused(String),
}

/// The way to the server of a data folder.
#[derive(Debug)]
pub(crate) struct AdminClient {
    data: PathBuf,
    content: Content,
    agent: Agent,
}

impl AdminClient {
    /// Finds the server that runs on a data folder.
    pub(crate) fn connect(data: &Path) -> Result<Self, AdminError> {
        let path = DataPaths::new(data).admin();
        let content = AdminFile::read(&path).map_err(|source| AdminError::File { path, source })?;
        let content = content.ok_or_else(|| AdminError::NotRunning(data.to_path_buf()))?;
        let config =
            Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false).proxy(None);
        let client = Self { data: data.to_path_buf(), content, agent: config.build().new_agent() };
        client.get::<Vec<crate::store::AgentToken>>("tokens")?;
        Ok(client)
    }

    /// Reads something.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, AdminError> {
        let request = self.agent.get(self.url(path)).header("Authorization", self.authorization());
        self.answer(request.call())
    }

    /// Asks for something.
    pub(crate) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, AdminError> {
        let text = serde_json::to_vec(body).expect("requests have only text keys");
        let request = self.agent.post(self.url(path)).header("Authorization", self.authorization());
        self.answer(request.header("Content-Type", "application/json").send(&text))
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.content.address)
    }

    fn authorization(&self) -> String {
        format!("Bearer {}", self.content.secret)
    }

    fn answer<T: DeserializeOwned>(
        &self,
        sent: Result<Response<ureq::Body>, ureq::Error>,
    ) -> Result<T, AdminError> {
        let mut response = match sent {
            Ok(response) => response,
            // The server was killed: its file is still there, its port is not.
            Err(ureq::Error::Io(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                return Err(AdminError::NotRunning(self.data.clone()));
            }
            Err(source) => return Err(self.transport(source)),
        };
        let status = response.status();
        let text =
            response.body_mut().with_config().limit(u64::MAX).read_to_vec().map_err(|e| self.transport(e))?;
        if status.is_success() {
            return serde_json::from_slice(&text).map_err(|error| AdminError::Refused(error.to_string()));
        }
        let message = serde_json::from_slice::<serde_json::Value>(&text).ok();
        let message = message.and_then(|body| body.get("message")?.as_str().map(str::to_owned));
        Err(AdminError::Refused(message.unwrap_or_else(|| format!("the server answered {status}"))))
    }

    fn transport(&self, source: ureq::Error) -> AdminError {
        AdminError::Transport { data: self.data.clone(), source: Box::new(source) }
    }
}
