//! Checkouts with a real git in a directory of their own.
#![cfg(unix)]

mod agent;
mod bed;
mod existing;
mod failures;
mod fresh;
mod hosts;
mod lfs;
mod mirrors;
mod remote_mirrors;
mod sparse;
mod ssh;
mod sshd;
mod submodules;
mod verification;
