//! What agents use while they have nothing to do.

use std::time::Instant;

use super::{Bench, worker};
use crate::measure::Measurement;
use crate::program::Program;

/// Pings of each agent after which its memory is looked at: caches and pools are warm then.
const PINGS: u64 = 4;

pub(super) fn all<'a>(bench: &'a Bench<'_>) -> Vec<Measurement<'a>> {
    vec![
        idle(bench, 1, &[("memory, 1 idle agent", "MiB")]),
        idle(bench, 50, &[("memory, 50 idle agents in one process", "MiB")]),
        fleet(
            bench,
            &[("memory, 1000 idle agents in one process", "MiB"), ("the same, CPU time", "% of a core")],
        ),
    ]
}

/// As many agents as one process will ever have, and how long they are watched.
const FLEET: usize = 1000;
const WATCHED_PINGS: u64 = 10;

/// Memory and CPU of a big process, whose agents ping as often as `--ping-interval` says.
fn fleet<'a>(bench: &'a Bench<'_>, rows: &'static [(&'static str, &'static str)]) -> Measurement<'a> {
    let run = move |program: &Program| {
        let agent = worker::start(bench, program, FLEET, None, &[])?;
        bench.plane.wait_for_new_pings(&agent, FLEET, PINGS)?;
        let (before, begin) = (agent.usage()?, Instant::now());
        bench.plane.wait_for_new_pings(&agent, FLEET, WATCHED_PINGS)?;
        let (after, taken) = (agent.usage()?, begin.elapsed());
        agent.stop()?;
        let share = (after.cpu_seconds - before.cpu_seconds) / taken.as_secs_f64();
        Ok(vec![after.memory_mib, 100.0 * share])
    };
    Measurement { rows, runs: bench.slow(), run: Box::new(run) }
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
