//! The system's text on Unix: bytes.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// Text of these bytes.
pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> OsString {
    OsString::from_vec(bytes.into())
}
