//! What a job needs from this program: the job API and the upload of artifacts.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use redkite_api::blocking::Client;
use redkite_api::calls::job::promise_failure;
use redkite_api::wire::PromisedFailure;
use redkite_api::{Endpoint, Http2, JobId, RequestHeaders, Settings, Token};
use redkite_executor::{ApiAccess, JobApi, JobSide, Surroundings, Upload};
use redkite_git::metadata::MetaData;
use redkite_local::{Declared, Job, JobServer, ServeError};
use redkite_shell::{OverrideMode, RunError, Shell, Verbosity};

use super::own_commands::OwnCommands;

/// Whether there is a job API, and where its socket is.
#[derive(Debug)]
pub(super) enum Sockets {
    /// The agent is told to do without.
    Disabled,
    /// Below this directory.
    Below(PathBuf),
}

/// This program, as its jobs need it.
#[derive(Debug)]
pub(super) struct AgentSurroundings {
    commands: OwnCommands,
    sockets: Sockets,
    server: Option<JobServer>,
}

/// How long requests to the job API may go on after the job.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

impl AgentSurroundings {
    pub(super) fn new(commands: OwnCommands, sockets: Sockets) -> Self {
        Self { commands, sockets, server: None }
    }
}

impl Surroundings for AgentSurroundings {
    fn start_job_api(&mut self, side: JobSide) -> Result<JobApi, Box<dyn Error + Send + Sync>> {
        let sockets = match &self.sockets {
            Sockets::Disabled => return Ok(JobApi::Disabled),
            Sockets::Below(sockets) => sockets,
        };
        let server = match JobServer::start(sockets, Arc::new(RunningJob(side))) {
            Err(ServeError::Unavailable) => return Ok(JobApi::Unavailable),
            other => other?,
        };
        let access = ApiAccess { socket: server.socket().to_path_buf(), token: server.token().to_owned() };
        self.server = Some(server);
        Ok(JobApi::Started(access))
    }

    fn stop_job_api(&mut self) -> Result<(), Box<dyn Error + Send + Sync>> {
        match self.server.take().map(|server| server.stop(LAST_REQUESTS)) {
            Some(false) => Err("a request to it did not end in time".into()),
            Some(true) | None => Ok(()),
        }
    }

    fn upload(&mut self, shell: &Shell, upload: &Upload) -> Result<(), RunError> {
        self.commands.run(
            shell,
            ["artifact".as_ref(), "upload".as_ref(), upload.paths.as_os_str(), &upload.destination],
        )
    }
}

impl MetaData for AgentSurroundings {
    fn has_meta_data(&mut self, shell: &Shell, key: &str) -> bool {
        self.commands.run(shell, ["meta-data", "exists", key]).is_ok()
    }

    fn set_meta_data(&mut self, shell: &Shell, key: &str, value: String) -> Result<(), RunError> {
        self.commands.run_with(shell, ["meta-data", "set", key], value)
    }
}

/// The job, as the job API sees and changes it.
struct RunningJob(JobSide);

impl Job for RunningJob {
    fn environment(&self) -> BTreeMap<String, String> {
        self.0.shell.env().texts().collect()
    }

    fn checkout_override(&self) -> OverrideMode {
        self.0.override_mode
    }

    fn set(&self, name: &str, value: &str) {
        self.0.shell.set(name, value);
    }

    fn unset(&self, name: &str) {
        self.0.shell.unset(name);
    }

    fn set_workdir(&self, directory: &Path) {
        self.0.set_directory(directory.to_path_buf());
    }

    fn redact(&self, text: &str) {
        self.0.shell.log().redact([text]);
    }

    fn promise_failure(&self, exit_status: i64, reason: &str) -> Declared {
        let job = JobId::from(&*self.0.shell.env().text("BUILDKITE_JOB_ID"));
        let promise = PromisedFailure { exit_status, reason: reason.to_owned() };
        match self.client().call(&promise_failure(&job, &promise)) {
            Ok(()) => Declared::Accepted { upstream_status: 204 },
            Err(error) => Declared::Refused {
                upstream_status: error.status().map(|status| status.as_u16()),
                error: error.to_string(),
            },
        }
    }

    fn served(&self, line: &str) {
        if self.0.shell.verbosity() == Verbosity::Debug {
            self.0.shell.log().comment(line);
        }
    }
}

impl RunningJob {
    /// A client for the server that the job's environment names (docs/spec/job.md §17).
    fn client(&self) -> Client {
        let env = self.0.shell.env();
        let headers = RequestHeaders::from_environment(env.texts());
        let http2 = match &*env.text("BUILDKITE_NO_HTTP2") {
            "true" | "1" => Http2::Disabled,
            _ => Http2::Offered,
        };
        let endpoint = Endpoint::of_job(&env.text("BUILDKITE_AGENT_ENDPOINT"));
        let token = Token::from(&*env.text("BUILDKITE_AGENT_ACCESS_TOKEN"));
        Client::new(Settings { headers, http2, ..Settings::new(endpoint, token) })
    }
}
