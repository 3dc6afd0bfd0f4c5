//! What agents use while they have nothing to do.

use super::{Bench, worker};
use crate::measure::Measurement;
use crate::program::Program;

/// Pings of each agent after which its memory is looked at: caches and pools are warm then.
const PINGS: u64 = 4;

pub(super) fn all<'a>(bench: &'a Bench<'_>) -> Vec<Measurement<'a>> {
    vec![
        idle(bench, 1, &[("memory, 1 idle agent", "MiB")]),
        idle(bench, 50, &[("memory, 50 idle agents in one process", "MiB")]),
    ]
}

fn idle<'a>(
    bench: &'a Bench<'_>,
    count: usize,
    rows: &'static [(&'static str, &'static str)],
) -> Measurement<'a> {
    let run = move |program: &Program| {
        let agent = worker::start(bench, program, count, None, &[])?;
        bench.plane.wait_for_new_pings(&agent, count, PINGS)?;
        let usage = agent.usage()?;
        agent.stop()?;
        Ok(vec![usage.memory_mib])
    };
    Measurement { rows, runs: bench.slow(), run: Box::new(run) }
}
