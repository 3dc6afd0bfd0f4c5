//! The job API, from inside the job.

use std::collections::BTreeMap;
use std::ffi::OsString;

use serde::{Deserialize, Serialize};

use super::{ClientError, Endpoint};

/// The variable that names the job API's socket.
pub const SOCKET_VARIABLE: &str = "BUILDKITE_AGENT_JOB_API_SOCKET";
/// The variable that holds its token.
pub const TOKEN_VARIABLE: &str = "BUILDKITE_AGENT_JOB_API_TOKEN";

const BASE: &str = "/api/current-job/v0";

/// The API of the job this process belongs to.
#[derive(Debug, Clone)]
pub struct JobApi(Endpoint);

/// What an update of variables did; names sorted.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// New ones.
    pub added: Vec<String>,
    /// Ones that were there before.
    pub updated: Vec<String>,
}

/// What became of a promised failure.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PromiseAnswer {
    /// `declared`, or `debounced` if it had been declared before.
    pub outcome: String,
    /// Whether the control plane took it.
    pub accepted: bool,
    /// The control plane's status.
    pub upstream_status: Option<u16>,
    /// Why it was not taken.
    pub error: String,
}

#[derive(Serialize, Deserialize)]
struct Env {
    env: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Keys<'a> {
    keys: Option<&'a [String]>,
}

#[derive(Deserialize)]
struct Deleted {
    deleted: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Workdir {
    workdir: String,
}

#[derive(Serialize)]
struct Redact<'a> {
    redact: &'a str,
}

#[derive(Serialize)]
struct Promise<'a> {
    exit_status: i64,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
}

const NO_BODY: Option<&()> = None;

impl JobApi {
    /// The job API that the environment names, once something has answered there.
    ///
    /// # Errors
    /// If a variable is missing or nothing listens.
    pub fn of_this_job(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, ClientError> {
        let present = |name| {
            variable(name).filter(|value: &OsString| !value.is_empty()).ok_or(ClientError::Variable(name))
        };
        let socket = present(SOCKET_VARIABLE)?;
        let token = redkite_text::into_shown(present(TOKEN_VARIABLE)?);
        Endpoint { socket: socket.into(), host: "job", token: Some(token), limit: None }.checked().map(Self)
    }

    /// All variables of the job.
    ///
    /// # Errors
    /// As for every call: see [`ClientError`].
    pub fn environment(&self) -> Result<BTreeMap<String, String>, ClientError> {
        let answer: Env = self.0.call("GET", &format!("{BASE}/env"), NO_BODY)?;
        Ok(answer.env)
    }

    /// Gives variables values, all or none.
    ///
    /// # Errors
    /// If one is protected.
    pub fn set(&self, variables: BTreeMap<String, String>) -> Result<Changes, ClientError> {
        self.0.call("PATCH", &format!("{BASE}/env"), Some(&Env { env: variables }))
    }

    /// Removes variables, all or none; the names of those that existed.
    ///
    /// # Errors
    /// If one is protected.
    pub fn unset(&self, names: Option<&[String]>) -> Result<Vec<String>, ClientError> {
        let answer: Deleted = self.0.call("DELETE", &format!("{BASE}/env"), Some(&Keys { keys: names }))?;
        Ok(answer.deleted)
    }

    /// Sets the directory of later phases; the directory the job took.
    ///
    /// # Errors
    /// If it is not absolute.
    pub fn set_workdir(&self, directory: &str) -> Result<String, ClientError> {
        let body = Workdir { workdir: directory.to_owned() };
        let answer: Workdir = self.0.call("PUT", &format!("{BASE}/workdir"), Some(&body))?;
        Ok(answer.workdir)
    }

    /// Hides a text in the job's log from now on.
    ///
    /// # Errors
    /// As for every call.
    pub fn redact(&self, text: &str) -> Result<(), ClientError> {
        let _: serde_json::Value =
            self.0.call("POST", &format!("{BASE}/redactions"), Some(&Redact { redact: text }))?;
        Ok(())
    }

    /// Declares that the job will end with this status.
    ///
    /// # Errors
    /// As for every call; a refusal of the control plane is an answer.
    pub fn promise_failure(&self, exit_status: i64, reason: &str) -> Result<PromiseAnswer, ClientError> {
        self.0.call("POST", &format!("{BASE}/promise-failure"), Some(&Promise { exit_status, reason }))
    }
}
