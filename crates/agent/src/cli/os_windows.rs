//! What the command line finds different on Windows: homes, places of files, how the shell writes variables.

/// Where a configuration file is looked for, besides the program's own folder.
pub(super) const CONFIG_PLACES: &[&str] = &[
    r"C:\buildkite-agent\buildkite-agent.cfg",
    r"$USERPROFILE\AppData\Local\buildkite-agent\buildkite-agent.cfg",
    r"$USERPROFILE\AppData\Local\BuildkiteAgent\buildkite-agent.cfg",
];

/// A variable as the command prompt writes it.
pub(super) fn variable_reference(name: &str) -> String {
    format!("%{name}%")
}

/// The profile folder.
pub(super) fn home_of_current_user() -> Option<std::ffi::OsString> {
    std::env::home_dir().map(Into::into)
}
