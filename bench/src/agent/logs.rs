//! Logs: how an agent copes with a job that prints a lot.

use super::commands::order_without_checkout;
use super::jobs::passed;
use super::watch::{Look, Seen, Watcher};
use super::{Bench, worker};
use crate::error::BenchError;
use crate::measure::Measurement;
use crate::program::{Program, mib};

pub(super) fn all<'a>(bench: &'a Bench<'_>) -> Result<Vec<Measurement<'a>>, BenchError> {
    let terminal = Printer::new(bench, bench.arguments.log_mib, &[])?;
    let pipe = Printer::new(bench, bench.arguments.log_mib, &["--no-pty"])?;
    let memory = Printer::new(bench, bench.arguments.memory_log_mib, &["--no-pty"])?;
    Ok(vec![
        throughput(
            bench,
            terminal,
            &[
                ("log of a job through a terminal", "MiB/s"),
                ("the same, CPU time with the command", "s/GiB"),
                ("the same, CPU time of agent and bootstrap", "s/GiB"),
            ],
        ),
        throughput(
            bench,
            pipe,
            &[
                ("log of a job without a terminal", "MiB/s"),
                ("the same, CPU time with the command", "s/GiB"),
                ("the same, CPU time of agent and bootstrap", "s/GiB"),
            ],
        ),
        Measurement {
            rows: &[
                ("memory during a long log, agent, peak", "MiB"),
                ("the same, second half above first", "MiB"),
                ("memory during a long log, bootstrap, peak", "MiB"),
                ("the same, second half above first", "MiB"),
            ],
            runs: 1,
            run: Box::new(move |program| {
                let seen = memory.run(program, Look::Memory)?.1;
                let of = |memory: &[f64]| [peak(memory), growth(memory)];
                Ok([of(&seen.agent.memory_mib), of(&seen.bootstrap.memory_mib)].concat())
            }),
        },
    ])
}

fn throughput<'a>(
    bench: &Bench<'_>,
    printer: Printer<'a>,
    rows: &'static [(&'static str, &'static str)],
) -> Measurement<'a> {
    let run = move |program: &Program| {
        let (whole, seen) = printer.run(program, Look::CpuTime)?;
        let gib = printer.printed_mib / 1024.0;
        let own = seen.agent.cpu_seconds + seen.bootstrap.cpu_seconds;
        Ok(vec![printer.printed_mib / whole.seconds, whole.cpu_seconds / gib, own / gib])
    };
    Measurement { rows, runs: bench.slow(), run: Box::new(run) }
}

/// A job that prints one file again and again.
struct Printer<'a> {
    bench: &'a Bench<'a>,
    command: String,
    printed_mib: f64,
    arguments: &'static [&'static str],
}

/// What a whole job took, its command included.
struct Whole {
    seconds: f64,
    cpu_seconds: f64,
}

impl<'a> Printer<'a> {
    fn new(
        bench: &'a Bench<'a>,
        size_mib: u32,
        arguments: &'static [&'static str],
    ) -> Result<Self, BenchError> {
        let (piece, size) = bench.fixture.log_piece()?;
        let times = (u64::from(size_mib) << 20).div_ceil(size as u64).max(1);
        let command = format!("for i in $(seq {times}); do cat '{}'; done", piece.display());
        Ok(Self { bench, command, printed_mib: mib(times * size as u64), arguments })
    }

    fn run(&self, program: &Program, look: Look) -> Result<(Whole, Seen), BenchError> {
        let agent = worker::start(self.bench, program, 1, None, self.arguments)?;
        let before = agent.usage()?;
        let watcher = Watcher::start(agent.id(), look);
        let order = order_without_checkout(&self.command, self.bench.fixture.root());
        let ended = passed(self.bench.plane.run(&agent, order)?)?;
        let seen = watcher.stop()?;
        let cpu_seconds = agent.usage()?.cpu_seconds - before.cpu_seconds;
        agent.stop()?;
        if mib(ended.log_bytes) < self.printed_mib {
            return Err(BenchError::Timeout("all bytes of the log"));
        }
        Ok((Whole { seconds: ended.taken.as_secs_f64(), cpu_seconds }, seen))
    }
}

fn peak(memory: &[f64]) -> f64 {
    memory.iter().copied().fold(0.0, f64::max)
}

/// How much higher the peak of the second half is: a log that is kept in memory shows here, however small it is.
fn growth(memory: &[f64]) -> f64 {
    let (first, second) = memory.split_at(memory.len() / 2);
    (peak(second) - peak(first)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_that_of_the_second_half() {
        let check = |memory: &[f64], expected: f64| assert!((growth(memory) - expected).abs() < 1e-9);
        check(&[1.0, 4.0, 4.0, 3.0], 0.0);
        check(&[1.0, 4.0, 5.0, 7.0], 3.0);
        check(&[], 0.0);
    }
}
