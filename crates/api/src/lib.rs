//! The Agent API: wire types for both of its ends, every call with its retry rule as a value, and two
//! clients that carry calls; no policy of its own, no process (spec/agent-api.md).
//!
//! ```text
//! wire::*        what is sent and answered          (client and server)
//! calls::*       path, body, retry rule, decoder    → Call<T>
//! blocking::Client   one-request commands           feature `blocking`
//! client::Client     the long-lived worker          feature `async`
//! ```

mod call;
pub mod calls;
mod error;
mod halt;
mod headers;
mod ids;
mod lenient;
mod path;
pub mod policy;
mod settings;
mod shown;
#[cfg(feature = "async")]
pub mod stream;
mod token;
pub mod wire;

#[cfg(any(feature = "blocking", feature = "async"))]
mod attempts;
#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(feature = "async")]
pub mod client;
#[cfg(feature = "blocking")]
mod connections;
#[cfg(any(feature = "blocking", feature = "async"))]
mod dump;
#[cfg(feature = "blocking")]
mod forwarding;
#[cfg(any(feature = "blocking", feature = "async"))]
mod proxies;
#[cfg(any(feature = "blocking", feature = "async"))]
mod reason;
#[cfg(any(feature = "blocking", feature = "async"))]
mod redirect;
#[cfg(any(feature = "blocking", feature = "async"))]
pub mod tls;
#[cfg(any(feature = "blocking", feature = "async"))]
mod traffic;

pub use call::{Answer, Body, BrokenOff, Call, Sequence};
#[cfg(feature = "blocking")]
pub use connections::Connections;
pub use error::{ApiError, Failure};
pub use halt::Halt;
pub use headers::{AGENT_BUILD, AGENT_VERSION, RequestHeaders, UserAgent, VARIABLE_PREFIX, go_arch, go_os};
pub use ids::{AgentId, ArtifactId, BuildId, JobId, StepRef};
pub use path::{Endpoint, Path, encode_segment};
#[cfg(any(feature = "blocking", feature = "async"))]
pub use proxies::{Proxies, ProxyError, proxy_authorization};
pub use settings::{Http2, HttpLog, Settings};
pub use shown::shown_url;
pub use token::Token;
