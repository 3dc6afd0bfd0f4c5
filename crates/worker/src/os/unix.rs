//! Unix: modes, names, signals, and where the system keeps what it says of itself.

use crate::signals::Asked;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How the agent's log shows a command.
pub(crate) const PROMPT: &str = "$";
/// File names of a hook, by preference: as they are, and with these endings.
pub(crate) const HOOK_ENDINGS: &[&str] = &["", ".ps1"];
/// The interpreter of PowerShell hooks.
pub(crate) const POWERSHELL: &str = "pwsh";

/// Makes a new file readable by its owner only.
pub(crate) fn private(options: &mut OpenOptions) {
    options.mode(0o600);
}

/// Makes a new file one that only its owner may change.
pub(crate) fn unchangeable_by_others(options: &mut OpenOptions) {
    options.mode(0o644);
}

/// Lets everybody read a file and its owner alone change it, whatever the mask of this process says.
pub(crate) fn readable_by_all(file: &File) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(0o644))
}

/// Under which names a program may lie in a folder.
pub(crate) fn names_of(folder: &Path, name: &OsStr) -> Vec<PathBuf> {
    vec![folder.join(name)]
}

/// Whether a variable is the one that programs are looked up in.
pub(crate) fn is_path_variable(name: &OsStr) -> bool {
    name == "PATH"
}

/// Whether a file can be run.
pub(crate) fn is_runnable(path: &Path) -> bool {
    path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

/// The machine's name.
pub(crate) fn hostname() -> Option<String> {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    (!name.is_empty()).then_some(name)
}

/// Who runs this process: name and number, as far as the system's own list knows the name.
pub(crate) fn user() -> String {
    let number = rustix::process::getuid().as_raw();
    let list = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let mut names = list.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let (name, uid) = (fields.next()?, fields.nth(1)?);
        (uid.parse() == Ok(number)).then(|| name.to_owned())
    });
    names.next().map_or_else(|| number.to_string(), |name| format!("{name} ({number})"))
}

/// The signals that the agent handles (spec/agent.md §11).
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
    hang_up: Signal,
}

impl Signals {
    /// From here on the signals don't end the process.
    pub(crate) fn install() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.terminate.recv() => Asked::Stop,
            _ = self.interrupt.recv() => Asked::Stop,
            _ = self.quit.recv() => Asked::ForcedStop,
            _ = self.hang_up.recv() => Asked::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_owner_changes_what_others_may_read() {
        let folder = tempfile::tempdir().unwrap();
        let mode = |file: &File| file.metadata().unwrap().permissions().mode() & 0o777;
        let mut options = OpenOptions::new();
        unchangeable_by_others(options.write(true).create_new(true));
        let file = options.open(folder.path().join("mark")).unwrap();
        assert_eq!(mode(&file) & !0o644, 0, "{:o}", mode(&file));
        for before in [0o600, 0o666, 0o777] {
            file.set_permissions(Permissions::from_mode(before)).unwrap();
            readable_by_all(&file).unwrap();
            assert_eq!(mode(&file), 0o644, "{before:o}");
        }
    }
}
