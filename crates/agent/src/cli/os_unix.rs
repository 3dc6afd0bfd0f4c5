//! What the command line finds different on Unix: homes, places of files, how the shell writes variables.

use std::ffi::OsString;
use std::fs;

/// Where a configuration file is looked for, besides the program's own folder.
pub(super) const CONFIG_PLACES: &[&str] = if cfg!(all(target_os = "macos", target_arch = "aarch64")) {
    &[
        "$HOME/.buildkite-agent/buildkite-agent.cfg",
        "/opt/homebrew/etc/buildkite-agent/buildkite-agent.cfg",
        "/usr/local/etc/buildkite-agent/buildkite-agent.cfg",
        "/etc/buildkite-agent/buildkite-agent.cfg",
    ]
} else {
    &[
        "$HOME/.buildkite-agent/buildkite-agent.cfg",
        "/usr/local/etc/buildkite-agent/buildkite-agent.cfg",
        "/etc/buildkite-agent/buildkite-agent.cfg",
    ]
};

/// A variable as a shell writes it.
pub(super) fn variable_reference(name: &str) -> String {
    format!("${name}")
}

/// The home directory of the user database, which `~` in options means: that of the user this process
/// runs as, if the local user database has one.
pub(super) fn home_of_current_user() -> Option<OsString> {
    let id = rustix::process::getuid().as_raw().to_string();
    home_of(id.as_bytes(), &fs::read("/etc/passwd").ok()?)
}

fn home_of(id: &[u8], database: &[u8]) -> Option<OsString> {
    let lines = database.split(|byte| *byte == b'\n');
    let mut entries = lines.map(|line| line.split(|byte| *byte == b':').collect::<Vec<_>>());
    let entry = entries.find(|entry| entry.get(2) == Some(&id))?;
    entry.get(5).filter(|home| !home.is_empty()).map(|&home| redkite_text::from_bytes(home))
}

#[cfg(test)]
mod tests {
    use super::home_of;

    #[test]
    fn the_sixth_field_of_the_users_entry() {
        let database = b"root:x:0:0:root:/root:/bin/sh\nci:x:7:7::/home/ci:/bin/sh\nodd:x:8\n";
        assert_eq!(home_of(b"7", database).as_deref(), Some("/home/ci".as_ref()));
        assert_eq!(home_of(b"8", database), None);
        assert_eq!(home_of(b"9", database), None);
    }
}
