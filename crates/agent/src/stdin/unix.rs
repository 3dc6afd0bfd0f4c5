//! What kind of file standard input is.

use rustix::fs::{FileType, fstat};

/// Whether standard input is open and no character device.
pub(super) fn is_readable() -> bool {
    let kind = fstat(rustix::stdio::stdin()).map(|stat| FileType::from_raw_mode(stat.st_mode));
    kind.is_ok_and(|kind| kind != FileType::CharacterDevice)
}
