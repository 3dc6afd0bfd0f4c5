//! How a command reaches the Agent API.

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
