//! Descriptors that carry a token.

use std::fs::File;
use std::io::{self, PipeReader, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, RawFd};

/// As much as is read from a descriptor.
const LONGEST: u64 = 64 * 1024;

/// Reads an inherited descriptor to its end and closes it, so that no hook or job inherits it.
pub(super) fn read_descriptor(number: u32) -> io::Result<String> {
    let path = format!("/dev/fd/{number}");
    if !std::path::Path::new(&path).exists() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut text = String::new();
    match RawFd::try_from(number) {
        Ok(number) if number > 2 => take(number).take(LONGEST).read_to_string(&mut text)?,
        _ => File::open(path)?.take(LONGEST).read_to_string(&mut text)?,
    };
    Ok(text)
}

#[expect(unsafe_code, reason = "a descriptor that is known by its number only")]
fn take(number: RawFd) -> File {
    // SAFETY: it is open, it is none of the standard streams, and whoever started this process named it on the
    // command line for this one purpose: nothing else here knows of it.
    unsafe { File::from_raw_fd(number) }
}

/// A descriptor that a replaced program inherits and can read `secret` from.
pub(super) fn inherited_pipe(secret: &str) -> io::Result<(PipeReader, u32)> {
    let (reader, mut writer) = io::pipe()?;
    // A pipe holds far more than any token, so this doesn't block.
    writer.write_all(secret.as_bytes())?;
    rustix::io::fcntl_setfd(&reader, rustix::io::FdFlags::empty())?;
    let number = u32::try_from(reader.as_raw_fd()).map_err(|_| io::ErrorKind::InvalidData)?;
    Ok((reader, number))
}
