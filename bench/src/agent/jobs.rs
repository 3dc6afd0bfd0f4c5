//! Jobs: what an agent adds to a command that does nothing.

use std::path::PathBuf;

use super::commands::order_without_checkout;
use super::{Bench, worker};
use crate::error::BenchError;
use crate::measure::{Measurement, median};
use crate::plane::{Ended, Order};
use crate::program::Program;

/// Jobs of one agent whose median is one sample; the one before them warms up.
const JOBS: usize = 5;

pub(super) fn all<'a>(bench: &'a Bench<'_>) -> Result<Vec<Measurement<'a>>, BenchError> {
    let repository = bench.fixture.repository()?;
    let hooks = bench.fixture.hooks()?;
    let root = bench.fixture.root().to_path_buf();
    let leaving = root.clone();
    let with = |repository: &PathBuf| Order::new("true", repository);
    let (first, second, third) = (repository.clone(), repository.clone(), repository);
    Ok(vec![
        jobs(bench, &[("job of `true`, no checkout", "ms")], None, move || {
            order_without_checkout("true", &root)
        }),
        jobs(bench, &[("job that leaves an artifact, no checkout", "ms")], None, move || {
            order_without_checkout("echo > left.txt", &leaving)
                .variable("BUILDKITE_ARTIFACT_PATHS", "left.txt")
        }),
        jobs(bench, &[("job of `true`, existing checkout", "ms")], None, move || with(&first)),
        jobs(bench, &[("job of `true`, fresh checkout", "ms")], None, move || {
            with(&second).variable("BUILDKITE_CLEAN_CHECKOUT", "true")
        }),
        jobs(bench, &[("job of 8 shell hooks", "ms")], Some(hooks), move || with(&third)),
    ])
}

fn jobs<'a>(
    bench: &'a Bench<'_>,
    rows: &'static [(&'static str, &'static str)],
    hooks: Option<PathBuf>,
    order: impl Fn() -> Order + 'a,
) -> Measurement<'a> {
    let run = move |program: &Program| {
        let agent = worker::start(bench, program, 1, hooks.as_deref(), &[])?;
        passed(bench.plane.run(&agent, order())?)?;
        let taken = (0..JOBS)
            .map(|_| Ok(passed(bench.plane.run(&agent, order())?)?.taken.as_secs_f64() * 1e3))
            .collect::<Result<Vec<_>, BenchError>>()?;
        agent.stop()?;
        Ok(vec![median(&taken)])
    };
    Measurement { rows, runs: bench.slow(), run: Box::new(run) }
}

pub(super) fn passed(ended: Ended) -> Result<Ended, BenchError> {
    if ended.exit_status == "0" {
        return Ok(ended);
    }
    Err(BenchError::Job { exit_status: ended.exit_status })
}
