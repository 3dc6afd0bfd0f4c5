//! What is Windows's own about hooks (spec/job.md §23).

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use redkite_shell::{Command, Shell};
use tempfile::TempDir;

use crate::capture::{DIRECTORY, STATUS};
use crate::error::NoShell;
use crate::posix::{self, Places};
use crate::powershell;
use crate::wrapper::Wrapper;

/// Extensions of hook files, in the order in which they are tried.
pub(crate) const EXTENSIONS: &[&str] = &[".bat", ".cmd", ".ps1", ".exe", ""];

/// Whether hooks are run by the interpreters that they name.
pub(crate) fn runs_scripts() -> bool {
    false
}

pub(crate) fn private_directory(prefix: &str, parent: &Path) -> io::Result<TempDir> {
    tempfile::Builder::new().prefix(prefix).tempdir_in(parent)
}

pub(crate) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    std::fs::write(path, content)
}

pub(crate) fn write_executable(path: &Path, content: &[u8]) -> io::Result<()> {
    std::fs::write(path, content)
}

/// What a hook's extension makes of it.
enum Language {
    Batch,
    PowerShell,
    Posix,
}

fn language(hook: &Path) -> Language {
    match hook.extension().map(|extension| extension.to_ascii_lowercase()) {
        None => Language::Posix,
        Some(_) if powershell::is_script(hook) => Language::PowerShell,
        Some(_) => Language::Batch,
    }
}

pub(crate) fn script_name(hook: &Path) -> &'static str {
    match language(hook) {
        Language::Batch => "hook-script-wrapper.bat",
        Language::PowerShell => "hook-script-wrapper.ps1",
        Language::Posix => "hook-script-wrapper",
    }
}

/// The wrapper, in the hook's language.
pub(crate) fn script(wrapper: &Wrapper, shebang: Option<&OsStr>, agent: &Path, hook: &Path) -> OsString {
    let language = language(hook);
    // Files are written as UTF-8.
    let written = |path: &Path| match language {
        Language::Posix => path.display().to_string().replace('\\', "/").into(),
        _ => path.display().to_string().into(),
    };
    let places = Places::of(wrapper, agent, hook, written);
    let [hook, agent, before, after] =
        [&places.hook, &places.agent, &places.before, &places.after].map(|place| redkite_text::shown(place));
    match language {
        Language::Batch => format!(
            "@echo off\nSETLOCAL ENABLEDELAYEDEXPANSION\n\
             \"{agent}\" env dump > \"{before}\"\n\
             CALL \"{hook}\"\n\
             SET {STATUS}=!ERRORLEVEL!\n\
             SET {DIRECTORY}=%CD%\n\
             \"{agent}\" env dump > \"{after}\"\n\
             EXIT %{STATUS}%\n"
        )
        .into(),
        Language::PowerShell => powershell::script(&places),
        Language::Posix => posix::script(shebang, &places),
    }
}

/// How a wrapper without a shell of its own is run.
pub(crate) fn run_bare(shell: &Shell, script: &Path) -> Result<Command, NoShell> {
    match language(script) {
        Language::Batch => Ok(Command::new(script, [""; 0])),
        Language::PowerShell => Ok(Command::new("powershell.exe", [OsStr::new("-file"), script.as_os_str()])),
        Language::Posix => match shell.find("bash.exe") {
            Some(bash) => Ok(Command::new(bash, [script.display().to_string().replace('\\', "/")])),
            None => Err(NoShell::Posix),
        },
    }
}
