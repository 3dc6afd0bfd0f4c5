//! The home directory of the current user.

/// The profile folder.
pub(super) fn of_current_user() -> Option<String> {
    std::env::home_dir().map(|home| home.to_string_lossy().into_owned())
}
