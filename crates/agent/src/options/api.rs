//! How a command reaches the Agent API.

use redkite_api::blocking::Client;
use redkite_api::{Endpoint, Http2, HttpLog, RequestHeaders, Settings, Token};

use crate::environment::Environment;

/// The options of every command that calls the Agent API.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ApiOptions {
    /// The token of this job's agent, sent with every request
    #[arg(long, env = "BUILDKITE_AGENT_ACCESS_TOKEN")]
    pub(crate) agent_access_token: String,

    /// Address of the Agent API
    #[arg(long, env = "BUILDKITE_AGENT_ENDPOINT", default_value = "https://agent-edge.buildkite.com/v3")]
    pub(crate) endpoint: String,

    /// Speak HTTP/1.1 only
    #[arg(long, env = "BUILDKITE_NO_HTTP2")]
    pub(crate) no_http2: bool,

    /// Log requests and answers in full, at debug level
    #[arg(long, env = "BUILDKITE_AGENT_DEBUG_HTTP")]
    pub(crate) debug_http: bool,

    /// Log how long the parts of each request took, at debug level
    #[arg(long, env = "BUILDKITE_AGENT_TRACE_HTTP")]
    pub(crate) trace_http: bool,
}

impl ApiOptions {
    /// A client for these options. Nothing is connected, and no TLS set up, before the first call.
    pub(crate) fn client(&self, environment: &Environment) -> Client {
        Client::new(self.settings(environment))
    }

    /// What the client is told, with the headers that the server asked for and the environment carries.
    pub(crate) fn settings(&self, environment: &Environment) -> Settings {
        Settings {
            headers: RequestHeaders::from_environment(environment.texts()),
            http2: if self.no_http2 { Http2::Disabled } else { Http2::Offered },
            log: if self.debug_http { HttpLog::Dumps } else { HttpLog::Lines },
            ..Settings::new(
                Endpoint::from(self.endpoint.as_str()),
                Token::from(self.agent_access_token.as_str()),
            )
        }
    }
}
