//! Files and folders that only their owner may read.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// Takes a folder away from everybody but its owner.
pub(crate) fn restrict_folder(folder: &Path) -> io::Result<()> {
    os::set_mode(folder, 0o700)
}

/// Writes a whole file that only its owner may read; a reader sees the old one or the new one.
pub(crate) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = os::create(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

/// Makes what happened in a folder (new and renamed files) durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    os::sync_folder(folder)
}

/// Opens a file for appending, made for its owner only.
pub(crate) fn append(path: &Path) -> io::Result<File> {
    os::append(path)
}

#[cfg(unix)]
mod os {
    use super::{File, Path, fs, io};
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};

    pub(super) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
    }

    pub(super) fn create(path: &Path) -> io::Result<File> {
        File::options().create(true).truncate(true).write(true).mode(0o600).open(path)
    }

    pub(super) fn append(path: &Path) -> io::Result<File> {
        File::options().create(true).append(true).read(true).mode(0o600).open(path)
    }

    pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }
}

#[cfg(windows)]
mod os {
    use super::{File, Path, io};

    // A new file inherits the access list of the user's folder, and folders have nothing to flush.
    pub(super) fn set_mode(_path: &Path, _mode: u32) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn create(path: &Path) -> io::Result<File> {
        File::create(path)
    }

    pub(super) fn append(path: &Path) -> io::Result<File> {
        File::options().create(true).append(true).read(true).open(path)
    }

    pub(super) fn sync_folder(_folder: &Path) -> io::Result<()> {
        Ok(())
    }
}
