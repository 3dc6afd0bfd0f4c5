//! Other Unix systems.

pub(super) fn os() -> String {
    super::output_of("/usr/bin/uname", &["-sr"]).trim().to_owned()
}

pub(super) fn id() -> String {
    std::fs::read_to_string("/etc/hostid").map(|id| id.trim().to_owned()).unwrap_or_default()
}
