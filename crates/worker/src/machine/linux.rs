//! Linux keeps these facts in files.

use std::fs;

/// The content of every `/etc/*-release`, in the order of their names.
pub(super) fn os() -> String {
    let entries = fs::read_dir("/etc").into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .filter(|entry| entry.file_name().to_string_lossy().ends_with("-release"))
        .map(|entry| entry.path())
        .collect();
    files.sort();
    let texts = files.iter().filter_map(|path| fs::read(path).ok());
    texts.map(|text| String::from_utf8_lossy(&text).into_owned()).collect()
}

pub(super) fn id() -> String {
    let paths = ["/var/lib/dbus/machine-id", "/etc/machine-id"];
    let texts = paths.iter().filter_map(|path| fs::read_to_string(path).ok());
    texts.map(|text| text.trim().to_owned()).next().unwrap_or_default()
}
