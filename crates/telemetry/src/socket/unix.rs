use std::path::Path;

use super::NoSockets;

/// Connects to the socket, whatever host an address names.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere there are none")]
pub(crate) fn through(
    builder: reqwest::ClientBuilder,
    socket: &Path,
) -> Result<reqwest::ClientBuilder, NoSockets> {
    Ok(builder.unix_socket(socket))
}
