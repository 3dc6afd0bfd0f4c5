//! Checkouts: clone, fetch, clean, submodules, mirrors, known hosts.
//!
//! [`check_out`] is the whole default checkout: up to so many attempts, each the steps of `attempt`, with what a
//! failure leads to decided in `reaction`. The rules (`classify`, `fetch_plan`, `flags`, `paths`, …) are apart from
//! the commands. Phases, hooks and the order of things around the checkout are the executor's.
mod alternates;
mod attempt;
mod checkout;
mod classify;
mod command;
pub mod credentials;
pub mod directory;
mod error;
mod fetch;
mod fetch_plan;
mod flags;
mod gitmodules;
mod keyscan;
mod known_hosts;
mod lfs;
pub mod metadata;
mod mirror;
mod origin;
pub mod paths;
mod prepare;
mod reaction;
mod ref_name;
mod remote_mirror;
pub mod retry;
pub mod settings;
mod source;
mod sparse;
mod ssh_key;
mod submodules;
#[cfg(test)]
mod test_settings;
pub mod url;
mod verify;

#[cfg(unix)]
#[path = "os_unix.rs"]
mod os;
#[cfg(windows)]
#[path = "os_windows.rs"]
mod os;

pub use checkout::{DEFAULT_ATTEMPTS, check_out};
pub use classify::Class;
pub use error::CheckoutError;
pub use keyscan::{add_host, add_host_within};
pub use reaction::{Cause, Retried};
pub use settings::Settings;
