//! Standard input, for commands that read it when nothing else was named (docs/spec/cli.md §3).

use std::io::{self, Read};

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod os;

/// Everything on standard input, if it is a pipe, file or socket; a terminal or the null device is not read.
pub(crate) fn read_if_readable() -> Option<io::Result<Vec<u8>>> {
    os::is_readable().then(|| {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    })
}
