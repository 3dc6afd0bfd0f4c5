//! Jobs: what an agent adds to a command that does nothing, and how it copes with one that prints a lot.

use std::path::PathBuf;

use super::commands::order_without_checkout;
use super::{Bench, worker};
use crate::error::BenchError;
use crate::measure::{Measurement, median};
use crate::plane::{Ended, Order};
use crate::program::{Program, mib};

/// Jobs of one agent whose median is one sample; the one before them warms up.
const JOBS: usize = 5;

pub(super) fn all<'a>(bench: &'a Bench<'_>) -> Result<Vec<Measurement<'a>>, BenchError> {
    let repository = bench.fixture.repository()?;
    let hooks = bench.fixture.hooks()?;
    let root = bench.fixture.root().to_path_buf();
    let with = |repository: &PathBuf| Order::new("true", repository);
    let (first, second, third) = (repository.clone(), repository.clone(), repository);
    Ok(vec![
        jobs(bench, &[("job of `true`, no checkout", "ms")], None, move || {
            order_without_checkout("true", &root)
        }),
        jobs(bench, &[("job of `true`, existing checkout", "ms")], None, move || with(&first)),
        jobs(bench, &[("job of `true`, fresh checkout", "ms")], None, move || {
            with(&second).variable("BUILDKITE_CLEAN_CHECKOUT", "true")
        }),
        jobs(bench, &[("job of 8 shell hooks", "ms")], Some(hooks), move || with(&third)),
        log(bench)?,
    ])
}

fn jobs<'a>(
    bench: &'a Bench<'_>,
    rows: &'static [(&'static str, &'static str)],
    hooks: Option<PathBuf>,
    order: impl Fn() -> Order + 'a,
) -> Measurement<'a> {
    let run = move |program: &Program| {
        let agent = worker::start(bench, program, 1, hooks.as_deref())?;
        passed(bench.plane.run(&agent, order())?)?;
        let taken = (0..JOBS)
            .map(|_| Ok(passed(bench.plane.run(&agent, order())?)?.taken.as_secs_f64() * 1e3))
            .collect::<Result<Vec<_>, BenchError>>()?;
        agent.stop()?;
        Ok(vec![median(&taken)])
    };
    Measurement { rows, runs: bench.slow(), run: Box::new(run) }
}

/// The command prints one file again and again; time and CPU are those of the whole job.
fn log<'a>(bench: &'a Bench<'_>) -> Result<Measurement<'a>, BenchError> {
    let (piece, size) = bench.fixture.log_piece()?;
    let times = (u64::from(bench.arguments.log_mib) << 20).div_ceil(size as u64).max(1);
    let command = format!("for i in $(seq {times}); do cat '{}'; done", piece.display());
    let root = bench.fixture.root().to_path_buf();
    let printed = mib(times * size as u64);
    let run = move |program: &Program| {
        let agent = worker::start(bench, program, 1, None)?;
        let before = agent.usage()?;
        let ended = passed(bench.plane.run(&agent, order_without_checkout(&command, &root))?)?;
        let after = agent.usage()?;
        agent.stop()?;
        if mib(ended.log_bytes) < printed {
            return Err(BenchError::Timeout("all bytes of the log"));
        }
        let seconds = ended.taken.as_secs_f64();
        Ok(vec![printed / seconds, (after.cpu_seconds - before.cpu_seconds) / (printed / 1024.0)])
    };
    Ok(Measurement {
        rows: &[
            ("log of a job through a terminal", "MiB/s"),
            ("the same, CPU time (the command's too)", "s/GiB"),
        ],
        runs: bench.slow(),
        run: Box::new(run),
    })
}

fn passed(ended: Ended) -> Result<Ended, BenchError> {
    if ended.exit_status == "0" {
        return Ok(ended);
    }
    Err(BenchError::Job { exit_status: ended.exit_status })
}
