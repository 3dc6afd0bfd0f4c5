//! From the words of a command line to a running command (docs/spec/cli.md §1–§8).

mod command;
mod config_file;
mod context;
mod definition;
mod deprecation;
mod dispatch;
#[cfg(test)]
mod every_option;
pub(crate) mod help;
mod inside;
mod lists;
#[cfg_attr(unix, path = "os_unix.rs")]
#[cfg_attr(windows, path = "os_windows.rs")]
mod os;
mod paths;
mod resolve;
mod split;
mod values;

pub(crate) use command::{Category, Command, Entry, Group, ReadsConfigFile, command, group, hidden};
pub(crate) use context::Context;
pub(crate) use deprecation::Deprecation;
pub(crate) use dispatch::run;
pub(crate) use inside::run_inside;
pub(crate) use paths::{CommandPath, FilePath, absolute, home_directory};
pub(crate) use resolve::{Resolved, Source};
pub(crate) use values::{GoDuration, boolean, integer};

#[cfg(test)]
pub(crate) use definition::{Definition, Flag, Kind};
