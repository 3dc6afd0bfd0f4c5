//! `tool …`: keys, and signing outside of builds.

pub(crate) mod keygen;
pub(crate) mod sign;

mod key_name;
#[cfg_attr(unix, path = "private_file_unix.rs")]
#[cfg_attr(windows, path = "private_file_windows.rs")]
mod private_file;
