//! Files that only their owner may read: on Windows, what the folder's access list says.

use std::fs::{File, OpenOptions};
use std::io;

/// Makes a file; it must not exist.
pub(super) fn create(path: &str) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}
