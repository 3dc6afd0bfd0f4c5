//! The `redkite` binary: the control plane.

use std::process::ExitCode;

fn main() -> ExitCode {
    redkite::main()
}
