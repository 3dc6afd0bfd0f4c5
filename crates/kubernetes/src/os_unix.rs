//! Text of the system: bytes.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// Text from its bytes.
pub(crate) fn text(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}
