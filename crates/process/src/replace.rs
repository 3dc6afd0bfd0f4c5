//! Becoming another program without a new process.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use crate::os;

/// Runs `program` in the place of this one, with exactly these arguments and this environment. It keeps the
/// process's number and every descriptor that is inherited. Returns only when that failed.
pub fn replace(program: &Path, args: &[OsString], env: &[(OsString, OsString)]) -> io::Error {
    #[expect(clippy::disallowed_methods, reason = "this crate is the one that starts programs")]
    let mut command = std::process::Command::new(program);
    command.args(args).env_clear().envs(env.iter().map(|(name, value)| (name, value)));
    os::replace(&mut command)
}
