//! The system's text on Windows: UTF-16, of which whatever is text survives as UTF-8.

use std::ffi::OsString;

/// Text of these bytes.
pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> OsString {
    match String::from_utf8(bytes.into()) {
        Ok(text) => text.into(),
        Err(error) => crate::shown_bytes(error.as_bytes()).into_owned().into(),
    }
}
