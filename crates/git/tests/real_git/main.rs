//! Checkouts with a real git in a directory of their own.
#![cfg(unix)]

mod bed;
mod existing;
mod failures;
mod fresh;
mod mirrors;
mod submodules;
