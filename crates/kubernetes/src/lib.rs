//! One job over the containers of a pod (spec/local-apis.md §7–§11).
//!
//! ```text
//! agent container                                   checkout and command containers
//! start --kubernetes-exec                           kubernetes-bootstrap
//!   Pod::run ── members: the pure state machine       Container::join → environment
//!     │  socket  ◄─────── register, alive, exit ───────  │  waits for its turn
//!     │          ────────── start, interrupt ──────────► │  runs `buildkite-agent bootstrap`
//!     └ log      ◄──────────── output ─────────────────  └ output to its own streams as well
//! ```
//! Both ends are this program, so the bytes between them are our own: `wire` has them, with a number in their first
//! line that two versions that don't understand each other notice.

mod container;
mod environment;
mod members;
mod pod;
mod wire;

pub use container::{Bootstrap, Container, JoinError, RunError};
pub use environment::Overlay;
pub use members::{End, Status};
pub use pod::{Pod, PodError};
pub use wire::WireError;
