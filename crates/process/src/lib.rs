//! Child processes: groups, signals, pseudo-terminals and grace periods; the only crate that spawns.
//!
//! A [`Launch`] says what to start; [`Launch::spawn`] gives a [`Child`]; [`Child::supervise`] copies its output
//! to a sink and sees it to its end, asking it to stop, and then making it, when its [`Context`] says so.
//! Everything blocks: asynchronous callers give it a thread of its own. Deciding is apart from doing:
//! `warden` is a pure state machine, `unix` and `windows` offer the same verbs.

mod cancel;
mod child;
mod ending;
mod interrupts;
mod launch;
mod replace;
mod signal;
mod task;
mod warden;

#[cfg(unix)]
#[path = "unix/mod.rs"]
mod os;
#[cfg(windows)]
#[path = "windows.rs"]
mod os;

pub use cancel::{Bell, Cancel, Context};
pub use child::{Child, Finished, Group, OutputEnd, Policy};
pub use ending::Ending;
pub use interrupts::{Interrupts, InterruptsError, Swallowed, die_by};
pub use launch::{Input, Launch, SpawnError, Stream, Streams, Terminal};
pub use os::unbuffered_output;
pub use replace::replace;
pub use signal::{Signal, UnknownSignal};
pub use task::{TaskEnd, run_task};
