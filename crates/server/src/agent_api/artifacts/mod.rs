//! Artifacts in the plane's own storage (agent-api.md §15, control-plane.md §15.2).

mod address;
mod declare;
mod search;
mod transfer;

pub(super) use declare::{declare, report};
pub(super) use search::search;
pub(super) use transfer::transfers;
