//! How a command reaches the Agent API.

use redkite_api::blocking::Client;
use redkite_api::{Endpoint, Http2, HttpLog, RequestHeaders, Settings, Token};

use crate::environment::Environment;

/// The options of every command that calls the Agent API.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ApiOptions {
    #[command(flatten)]
    pub(crate) access: AccessOptions,

    /// Log requests and answers in full, at debug level
    #[arg(long, env = "BUILDKITE_AGENT_DEBUG_HTTP")]
    pub(crate) debug_http: bool,

    /// Log how long the parts of each request took, at debug level
    #[arg(long, env = "BUILDKITE_AGENT_TRACE_HTTP")]
    pub(crate) trace_http: bool,
}

/// Where the Agent API is, and as whom it is called.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct AccessOptions {
    /// The token of this job's agent, sent with every request
    #[arg(long, env = "BUILDKITE_AGENT_ACCESS_TOKEN")]
    pub(crate) agent_access_token: String,

    /// Address of the Agent API
    #[arg(long, env = "BUILDKITE_AGENT_ENDPOINT", default_value = Endpoint::DEFAULT)]
    pub(crate) endpoint: String,

    /// Speak HTTP/1.1 only
    #[arg(long, env = "BUILDKITE_NO_HTTP2")]
    pub(crate) no_http2: bool,
}

impl ApiOptions {
    /// A client for these options. Nothing is connected, and no TLS set up, before the first call.
    pub(crate) fn client(&self, environment: &Environment) -> Client {
        let log = if self.debug_http { HttpLog::Dumps } else { HttpLog::Lines };
        Client::new(Settings { log, ..self.access.settings(environment) })
    }
}

impl AccessOptions {
    /// What a client is told, with the headers that the server asked for and the environment carries.
    pub(crate) fn settings(&self, environment: &Environment) -> Settings {
        let endpoint = Endpoint::from(self.endpoint.as_str());
        let token = Token::from(self.agent_access_token.as_str());
        Settings {
            headers: RequestHeaders::from_environment(environment.texts()),
            http2: if self.no_http2 { Http2::Disabled } else { Http2::Offered },
            ..Settings::new(endpoint, token)
        }
    }
}
