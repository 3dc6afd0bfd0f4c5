//! Files that only their owner may read: on Windows, what the folder's access list says.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Makes a file; it must not exist.
pub(super) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}
