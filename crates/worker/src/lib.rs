//! The long-lived agent: registers, asks for work, runs jobs, streams their logs (spec/agent.md).
//!
//! ```text
//! pool      N workers, signals, the process's end
//! worker    connect → heartbeat ∥ dispatch → disconnect      dispatch: the pure state machine it follows
//! job       accept → start → gate → bootstrap ∥ log ∥ cancel → finish
//! log       a job's bytes on their way to the control plane
//! ```
//! Options, the configuration file and the agent's own log are the `agent` crate's business.

mod dispatch;
mod heartbeat;
mod hooks;
mod idle;
mod interrupts;
mod job;
mod lifecycle;
mod log;
mod lookup;
mod machine;
mod os;
mod ping;
mod pool;
mod random;
mod register;
mod registration;
mod schedule;
mod session;
pub mod settings;
mod signals;
mod statsd;
mod status;
mod stop;
mod stream;
mod survive;
pub mod tags;
mod tracing_policy;
mod worker;

pub use hooks::HookError;
pub use job::OnFailure;
pub use pool::{Exit, start};
pub use settings::Settings;
