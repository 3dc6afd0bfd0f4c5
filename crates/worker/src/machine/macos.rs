//! macOS tells these facts through programs.

pub(super) fn os() -> String {
    super::output_of("/usr/bin/sw_vers", &[]).trim().to_owned()
}

/// The `IOPlatformUUID` of the platform device.
pub(super) fn id() -> String {
    let text = super::output_of("/usr/sbin/ioreg", &["-rd1", "-c", "IOPlatformExpertDevice"]);
    let line = text.lines().find(|line| line.contains("IOPlatformUUID"));
    line.and_then(|line| line.split('"').nth(3)).unwrap_or_default().to_owned()
}
