//! Windows: names, signals, and where the system keeps what it says of itself.

use crate::signals::Asked;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use tokio::signal::windows::{CtrlBreak, CtrlC, ctrl_break, ctrl_c};

/// How the agent's log shows a command.
pub(crate) const PROMPT: &str = ">";
/// File names of a hook, by preference: with these endings.
pub(crate) const HOOK_ENDINGS: &[&str] = &[".bat", ".cmd", ".ps1", ".exe", ""];
/// The interpreter of PowerShell hooks.
pub(crate) const POWERSHELL: &str = "powershell.exe";

/// New files are as private as their folder.
pub(crate) fn private(_: &mut OpenOptions) {}

/// New files have the rights that their folder gives them.
pub(crate) fn unchangeable_by_others(_: &mut OpenOptions) {}

/// They keep them.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(crate) fn readable_by_all(_: &File) -> io::Result<()> {
    Ok(())
}

/// Under which names a program may lie in a folder.
pub(crate) fn names_of(folder: &Path, name: &OsStr) -> Vec<PathBuf> {
    let with = |ending: &&str| folder.join([name, OsStr::new(ending)].join("".as_ref()));
    ["", ".exe", ".bat", ".cmd"].iter().map(with).collect()
}

/// Whether a variable is the one that programs are looked up in.
pub(crate) fn is_path_variable(name: &OsStr) -> bool {
    name.eq_ignore_ascii_case("PATH")
}

/// Whether a file can be run.
pub(crate) fn is_runnable(path: &Path) -> bool {
    path.is_file()
}

/// The machine's name.
#[expect(clippy::disallowed_methods, reason = "Windows tells it in a variable")]
pub(crate) fn hostname() -> Option<String> {
    std::env::var("COMPUTERNAME").ok().filter(|name| !name.is_empty())
}

/// Who runs this process.
#[expect(clippy::disallowed_methods, reason = "Windows tells it in a variable")]
pub(crate) fn user() -> String {
    std::env::var("USERNAME").unwrap_or_default()
}

/// The signals that the agent handles.
pub(crate) struct Signals {
    ctrl_c: CtrlC,
    ctrl_break: CtrlBreak,
}

impl Signals {
    /// From here on they don't end the process.
    pub(crate) fn install() -> io::Result<Self> {
        Ok(Self { ctrl_c: ctrl_c()?, ctrl_break: ctrl_break()? })
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.ctrl_c.recv() => Asked::Stop,
            _ = self.ctrl_break.recv() => Asked::Stop,
        }
    }
}
