//! The home directory of the user database, which `~` in options means: not `$HOME`.

use std::fs;

/// The home directory of the user this process runs as, if the local user database has one.
pub(super) fn of_current_user() -> Option<String> {
    let id = rustix::process::getuid().as_raw().to_string();
    home_of(&id, &fs::read_to_string("/etc/passwd").ok()?)
}

fn home_of(id: &str, database: &str) -> Option<String> {
    let entries = database.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let entry = entries.into_iter().find(|entry| entry.get(2) == Some(&id))?;
    entry.get(5).filter(|home| !home.is_empty()).map(|&home| home.to_owned())
}

#[cfg(test)]
mod tests {
    use super::home_of;

    #[test]
    fn the_sixth_field_of_the_users_entry() {
        let database = "root:x:0:0:root:/root:/bin/sh\nci:x:7:7::/home/ci:/bin/sh\nodd:x:8\n";
        assert_eq!(home_of("7", database).as_deref(), Some("/home/ci"));
        assert_eq!(home_of("8", database), None);
        assert_eq!(home_of("9", database), None);
    }
}
