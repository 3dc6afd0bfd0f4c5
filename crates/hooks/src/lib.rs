//! Finding hooks and running them with their environment changes.
//!
//! A [`Hook`] is a file in a scope; [`Hook::run`] runs it and answers what it changed. Which hooks run when, and
//! what becomes of their changes, is the executor's business.

mod capture;
mod declarations;
mod error;
mod find;
mod hook;
mod kind;
mod posix;
mod powershell;
mod run;
mod wrapper;

#[cfg(unix)]
#[path = "unix.rs"]
mod os;
#[cfg(windows)]
#[path = "windows.rs"]
mod os;

pub use error::{HookError, NoShell};
pub use find::{confined, find, find_confined};
pub use hook::{Hook, HookName, Scope};
pub use kind::{HookKind, KindError};
pub use run::{Changes, HookSettings};
