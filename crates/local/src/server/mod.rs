//! The servers of this machine's sockets: the job API of one job, the locks of the agents.

mod agent;
mod connections;
mod job;
mod listening;

pub use agent::AgentServer;
pub use job::{JobServer, ServeError};
