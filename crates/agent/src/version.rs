//! What this program says its version is (docs/spec/cli.md §1).

use redkite_api::{AGENT_BUILD, AGENT_VERSION};

/// The commit it was built from, or, of a build that nobody stamped, Redkite's own version.
const COMMIT: &str = match option_env!("REDKITE_COMMIT") {
    Some(commit) => commit,
    None => concat!("redkite-", env!("CARGO_PKG_VERSION")),
};

/// `<version>+<build>.<commit>`: the version of the reference whose place this program takes comes first, because
/// plugins compare it.
pub(crate) fn full() -> String {
    format!("{AGENT_VERSION}+{AGENT_BUILD}.{COMMIT}")
}
