//! What the system says of itself, for registration and tags (spec/agent.md §6.1).

#[cfg_attr(any(target_os = "linux", target_os = "android"), path = "linux.rs")]
#[cfg_attr(target_os = "macos", path = "macos.rs")]
#[cfg_attr(windows, path = "windows.rs")]
#[cfg_attr(
    not(any(target_os = "linux", target_os = "android", target_os = "macos", windows)),
    path = "other.rs"
)]
mod platform;

use hex::ToHex;
use sha2::{Digest, Sha256};

/// The facts of a machine; what is unknown is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Machine {
    pub(crate) hostname: String,
    pub(crate) os: String,
    pub(crate) id: String,
}

impl Machine {
    /// Asks the system, once per process.
    pub(crate) fn ask() -> Self {
        let hostname = crate::os::hostname().unwrap_or_else(|| {
            tracing::warn!("The machine's name is unknown");
            String::new()
        });
        Self { hostname, os: platform::os(), id: platform::id() }
    }

    /// The machine's id as the server sees it: it can't be turned back. Empty when unknown.
    pub(crate) fn public_id(&self) -> String {
        if self.id.is_empty() {
            return String::new();
        }
        hmac_sha256(self.id.as_bytes(), b"buildkite-agent").encode_hex()
    }
}

/// HMAC as in RFC 2104, for this one use of it.
fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    const BLOCK: usize = 64;
    let mut padded = [0; BLOCK];
    if key.len() > BLOCK {
        padded[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        padded[..key.len()].copy_from_slice(key);
    }
    let with = |pad: u8| padded.map(|byte| byte ^ pad);
    let inner = Sha256::new().chain_update(with(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(with(0x5c)).chain_update(inner).finalize().into()
}

/// The output of a program of the system; empty when it can't be had.
#[cfg_attr(
    any(target_os = "linux", target_os = "android"),
    expect(dead_code, reason = "files say it all there")
)]
fn output_of(program: &str, args: &[&str]) -> String {
    use redkite_process::{Cancel, Context, Launch, Policy, Signal, Terminal};
    const GRACE: std::time::Duration = std::time::Duration::from_secs(5);
    let args = args.iter().map(std::ffi::OsString::from).collect();
    let dir = std::env::current_dir().unwrap_or_default();
    let Ok(child) = (Launch { args, ..Launch::new(program, dir) }).spawn() else { return String::new() };
    let mut out = Vec::new();
    let policy = Policy::new(Signal::TERM, GRACE, Terminal::None);
    child.supervise(&Context::until(&Cancel::new()), &policy, |_, bytes| out.extend_from_slice(bytes));
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_is_that_of_the_rfc() {
        // RFC 4231, test case 2.
        let mac: String = hmac_sha256(b"Jefe", b"what do ya want for nothing?").encode_hex();
        assert_eq!(mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let long: String =
            hmac_sha256(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First").encode_hex();
        assert_eq!(long, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }

    #[test]
    fn no_id_stays_none() {
        assert_eq!(Machine::default().public_id(), "");
    }
}
