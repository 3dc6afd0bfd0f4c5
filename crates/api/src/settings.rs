//! What a client must be told: where, as whom, and how (spec/agent-api.md §2–§4).

use crate::headers::{RequestHeaders, UserAgent};
use crate::path::Endpoint;
use crate::token::Token;

/// Everything that is the same for all calls of a client.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to.
    pub endpoint: Endpoint,
    /// As whom.
    pub token: Token,
    /// What we say we are.
    pub user_agent: UserAgent,
    /// What the server asked to have on every call.
    pub headers: RequestHeaders,
    /// Whether HTTP/2 is offered.
    pub http2: Http2,
    /// How much of the traffic is shown in the debug log.
    pub log: HttpLog,
}

/// Whether HTTP/2 is offered to `https` endpoints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Http2 {
    /// It is.
    #[default]
    Offered,
    /// `no-http2`.
    Disabled,
}

/// How much of the traffic is shown in the log (§7), besides a line before and one after each request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HttpLog {
    /// The whole of requests (without credentials) and answers: `debug-http`.
    pub dumps: bool,
    /// How long the parts of each request took: `trace-http`.
    pub timings: bool,
}

impl Settings {
    /// Settings of the agent itself: its user agent, HTTP/2 offered, nothing dumped.
    #[must_use]
    pub fn new(endpoint: Endpoint, token: Token) -> Self {
        Self {
            endpoint,
            token,
            user_agent: UserAgent::agent(),
            headers: RequestHeaders::default(),
            http2: Http2::default(),
            log: HttpLog::default(),
        }
    }
}
