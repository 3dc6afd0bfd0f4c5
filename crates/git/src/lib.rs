//! Checkouts: clone, fetch, clean, submodules, mirrors, known hosts.
pub mod classify;
pub mod fetch_plan;
pub mod flags;
mod gitmodules;
pub mod known_hosts;
pub mod paths;
pub mod reaction;
pub mod ref_name;
pub mod remote_decision;
pub mod retry;
pub mod settings;
#[cfg(test)]
mod test_settings;
pub mod url;
