//! Text of the system: UTF-16, of which anything that was text before survives as UTF-8.

use std::ffi::OsString;

/// Text from its bytes.
pub(crate) fn text(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}
