//! Windows tells these facts through programs.

const CMD: &str = r"C:\Windows\System32\cmd.exe";
const REG: &str = r"C:\Windows\System32\reg.exe";

/// What `ver` prints: `Microsoft Windows [Version 10.0.20348.1]`.
pub(super) fn os() -> String {
    super::output_of(CMD, &["/c", "ver"]).trim().to_owned()
}

/// The `MachineGuid` of the 64-bit registry.
pub(super) fn id() -> String {
    let key = r"HKLM\SOFTWARE\Microsoft\Cryptography";
    let text = super::output_of(REG, &["query", key, "/v", "MachineGuid", "/reg:64"]);
    let line = text.lines().find(|line| line.contains("MachineGuid"));
    line.and_then(|line| line.split_whitespace().last()).unwrap_or_default().to_owned()
}
