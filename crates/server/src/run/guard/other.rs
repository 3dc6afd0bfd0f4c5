//! Where orphans can't be adopted, the agents' own group has to do: its death takes the jobs' terminals along.

use std::io;

use redkite_process::{Group, Signal};

/// Not possible here.
pub(super) fn adopt_orphans() -> io::Result<()> {
    Ok(())
}

/// Has the agents cancel their jobs and stop; each job's own grace period bounds how long that takes.
pub(super) fn kill(agents: &Group) {
    drop(agents.deliver(Signal::QUIT));
}

/// Nobody else is known.
pub(super) fn end() {}

/// There are none.
pub(super) fn reap_orphans(_agents: u32) {}
