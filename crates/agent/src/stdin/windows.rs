//! What kind of handle standard input is.

use std::io::IsTerminal as _;

/// Whether standard input is something other than a console.
pub(super) fn is_readable() -> bool {
    !std::io::stdin().is_terminal()
}
