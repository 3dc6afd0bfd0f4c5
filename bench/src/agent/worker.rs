//! An agent process that serves the plane.

use std::path::Path;

use super::Bench;
use crate::error::BenchError;
use crate::process::{Plan, Running};
use crate::program::Program;

/// Starts `count` agents in one process, with `more` arguments, and waits until each has asked for work.
pub(super) fn start(
    bench: &Bench<'_>,
    program: &Program,
    count: usize,
    hooks: Option<&Path>,
    more: &[&str],
) -> Result<Running, BenchError> {
    let home = bench.fixture.folder("agent-")?;
    let folder = |name: &str| home.join(name).display().to_string();
    let hooks = hooks.map_or_else(|| folder("hooks"), |hooks| hooks.display().to_string());
    let running = Plan::new(&program.path, &home)
        .arguments([
            "start",
            "--token",
            "token",
            "--endpoint",
            &bench.plane.endpoint(),
            "--name",
            "bench-%spawn",
        ])
        .arguments([
            "--build-path",
            &folder("builds"),
            "--hooks-path",
            &hooks,
            "--plugins-path",
            &folder("plugins"),
        ])
        .arguments(["--sockets-path", &folder("sockets"), "--spawn", &count.to_string(), "--no-color"])
        .arguments(more.iter().copied())
        .start(&home.join("agent.log"))?;
    bench.plane.wait_for_new_pings(&running, count, 1)?;
    Ok(running)
}
