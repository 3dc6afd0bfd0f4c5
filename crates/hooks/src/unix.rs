//! What is Unix's own about hooks.

use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use redkite_shell::{Command, Shell};
use tempfile::TempDir;

use crate::error::NoShell;
use crate::posix::{self, Places};
use crate::powershell;
use crate::wrapper::Wrapper;

/// Extensions of hook files, in the order in which they are tried.
pub(crate) const EXTENSIONS: &[&str] = &["", ".ps1"];

/// Whether hooks are run by the interpreters that they name.
pub(crate) fn runs_scripts() -> bool {
    true
}

/// A directory that nobody else can look into.
pub(crate) fn private_directory(prefix: &str, parent: &Path) -> io::Result<TempDir> {
    tempfile::Builder::new()
        .prefix(prefix)
        .permissions(std::fs::Permissions::from_mode(0o700))
        .tempdir_in(parent)
}

pub(crate) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    write(path, content, 0o600)
}

pub(crate) fn write_executable(path: &Path, content: &[u8]) -> io::Result<()> {
    write(path, content, 0o700)
}

fn write(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?.write_all(content)
}

pub(crate) fn script_name(hook: &Path) -> &'static str {
    if powershell::is_script(hook) { "hook-script-wrapper.ps1" } else { "hook-script-wrapper" }
}

/// The wrapper.
pub(crate) fn script(wrapper: &Wrapper, shebang: Option<&OsStr>, agent: &Path, hook: &Path) -> OsString {
    let places = Places::of(wrapper, agent, hook, |path| path.as_os_str().to_owned());
    if shebang.is_none() && powershell::is_script(hook) {
        return powershell::script(&places);
    }
    posix::script(shebang, &places)
}

/// How a wrapper without a shell of its own is run: with PowerShell if it is its, else with bash, or with sh where
/// there is no bash.
pub(crate) fn run_bare(shell: &Shell, script: &Path) -> Result<Command, NoShell> {
    if powershell::is_script(script) {
        let pwsh = shell.find("pwsh").ok_or(NoShell::PowerShell)?;
        return Ok(Command::new(pwsh, [OsStr::new("-file"), script.as_os_str()]));
    }
    if let Some(bash) = shell.find("bash") {
        return Ok(Command::new(bash, [script]));
    }
    let Some(sh) = shell.find("sh") else { return Err(NoShell::Posix) };
    shell.log().warning("There is no bash in PATH: sh runs this hook, which breaks if it needs bash");
    Ok(Command::new(sh, [script]))
}
