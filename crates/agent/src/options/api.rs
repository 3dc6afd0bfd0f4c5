//! How a command reaches the Agent API.

use redkite_api::blocking::Client;
use redkite_api::{Endpoint, Http2, HttpLog, RequestHeaders, Settings, Token};

use crate::environment::Environment;

/// The options of every command that calls the Agent API.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ApiOptions {
    #[command(flatten)]
    pub(crate) access: AccessOptions,
    #[command(flatten)]
    pub(crate) traffic: TrafficOptions,
}

/// Where the Agent API is, and as whom it is called.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct AccessOptions {
    /// The token of this job's agent, sent with every request
    #[arg(long, env = "BUILDKITE_AGENT_ACCESS_TOKEN")]
    pub(crate) agent_access_token: String,

    #[command(flatten)]
    pub(crate) endpoint: EndpointOptions,
}

/// Where the Agent API is.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct EndpointOptions {
    /// Address of the Agent API
    #[arg(long, env = "BUILDKITE_AGENT_ENDPOINT", default_value = Endpoint::DEFAULT)]
    pub(crate) endpoint: String,

    /// Speak HTTP/1.1 only
    #[arg(long, env = "BUILDKITE_NO_HTTP2")]
    pub(crate) no_http2: bool,
}

/// How much of the traffic with the Agent API is logged.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct TrafficOptions {
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
        Client::new(Settings { log: self.traffic.log(), ..self.access.settings(environment) })
    }
}

impl AccessOptions {
    /// What a client is told, with the headers that the server asked for and the environment carries.
    pub(crate) fn settings(&self, environment: &Environment) -> Settings {
        self.endpoint.settings(Token::from(self.agent_access_token.as_str()), environment)
    }
}

impl EndpointOptions {
    /// What a client that calls as the holder of `token` is told.
    pub(crate) fn settings(&self, token: Token, environment: &Environment) -> Settings {
        Settings {
            headers: RequestHeaders::from_environment(environment.texts()),
            http2: if self.no_http2 { Http2::Disabled } else { Http2::Offered },
            ..Settings::new(Endpoint::from(self.endpoint.as_str()), token)
        }
    }
}

impl TrafficOptions {
    /// What of the traffic the client shows.
    pub(crate) fn log(&self) -> HttpLog {
        HttpLog { dumps: self.debug_http, timings: self.trace_http }
    }
}
