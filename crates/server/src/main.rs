//! The `redkite` binary: the control plane.
fn main() {}
