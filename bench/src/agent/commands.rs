//! Commands that a job calls, and the size of the binary.

use std::path::{Path, PathBuf};

use super::Bench;
use crate::error::BenchError;
use crate::measure::Measurement;
use crate::plane::Order;
use crate::process::Plan;
use crate::program::{Program, mib};

pub(super) fn all<'a>(bench: &'a Bench<'_>) -> Result<Vec<Measurement<'a>>, BenchError> {
    let root = bench.fixture.root().to_path_buf();
    let pipeline = bench.fixture.pipeline()?.display().to_string();
    Ok(vec![
        Measurement {
            rows: &[("binary size", "MiB")],
            runs: 1,
            run: Box::new(|program| Ok(vec![program.size_mib()?])),
        },
        timed(bench, &[("start-up: `--version`", "ms")], bench.quick(), root.clone(), &["--version"]),
        timed(bench, &[("`env dump`", "ms")], bench.quick(), root.clone(), &["env", "dump"]),
        timed(bench, &[("`meta-data get`", "ms")], bench.quick(), root.clone(), &["meta-data", "get", "key"]),
        timed(
            bench,
            &[("`pipeline upload --dry-run`, 5,000 steps", "ms")],
            bench.quick(),
            root,
            &["pipeline", "upload", "--dry-run", &pipeline],
        ),
        search(bench),
        upload(bench),
    ])
}

/// A command as a job calls it.
fn command(bench: &Bench<'_>, program: &Program, directory: &Path) -> Plan {
    Plan::new(&program.path, bench.fixture.root())
        .directory(directory)
        .variable("BUILDKITE_AGENT_ENDPOINT", bench.plane.endpoint())
        .variable("BUILDKITE_AGENT_ACCESS_TOKEN", "job-token")
        .variable("BUILDKITE_JOB_ID", "0190bbbb-0000-7000-8000-000000000009")
        .variable("BUILDKITE_BUILD_ID", "0190cccc-0000-7000-8000-000000000002")
        .variable("BUILDKITE_COMMIT", "0123456789012345678901234567890123456789")
}

fn timed<'a>(
    bench: &'a Bench<'_>,
    rows: &'static [(&'static str, &'static str)],
    runs: u32,
    directory: PathBuf,
    arguments: &[&str],
) -> Measurement<'a> {
    let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    let run = move |program: &Program| {
        let taken = command(bench, program, &directory).arguments(arguments.iter().cloned()).time()?;
        Ok(vec![taken.as_secs_f64() * 1e3])
    };
    Measurement { rows, runs, run: Box::new(run) }
}

/// Ten of many files match; their upload is small, finding them is not.
fn search<'a>(bench: &'a Bench<'_>) -> Measurement<'a> {
    let run = |program: &Program| {
        let tree = bench.fixture.tree()?;
        let taken = command(bench, program, &tree).arguments(["artifact", "upload", "**/*.match"]).time()?;
        Ok(vec![taken.as_secs_f64() * 1e3])
    };
    Measurement {
        rows: &[("`artifact upload '**/*.match'`, 10 of 50,000 files", "ms")],
        runs: bench.slow(),
        run: Box::new(run),
    }
}

fn upload<'a>(bench: &'a Bench<'_>) -> Measurement<'a> {
    let run = |program: &Program| {
        let size = bench.arguments.upload_mib;
        bench.fixture.big_file(size)?;
        bench.plane.take_artifact_bytes();
        let plan = command(bench, program, bench.fixture.root()).arguments(["artifact", "upload", "big.bin"]);
        let taken = plan.time()?;
        let received = mib(bench.plane.take_artifact_bytes());
        if received < f64::from(size) {
            return Err(BenchError::Timeout("all bytes of the artifact"));
        }
        Ok(vec![taken.as_secs_f64() * 1e3, f64::from(size) / taken.as_secs_f64()])
    };
    Measurement {
        rows: &[("`artifact upload` of one big file", "ms"), ("the same, throughput", "MiB/s")],
        runs: bench.slow(),
        run: Box::new(run),
    }
}

/// A job without a checkout.
pub(super) fn order_without_checkout(command: &str, root: &Path) -> Order {
    Order::new(command, root).variable("BUILDKITE_SKIP_CHECKOUT", "true")
}
