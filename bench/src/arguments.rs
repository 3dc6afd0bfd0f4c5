//! The command line.

use std::path::PathBuf;

/// Measure agent binaries side by side, and a server.
///
/// Prints Markdown tables. Numbers are medians of several runs, in which the binaries take turns.
#[derive(Debug, clap::Parser)]
pub(crate) struct Arguments {
    /// The agent to measure
    #[arg(long, value_name = "BINARY", required_unless_present = "server")]
    agent: Option<PathBuf>,
    /// Another agent to compare it with
    #[arg(long, value_name = "BINARY", requires = "agent")]
    against: Option<PathBuf>,
    /// The server to measure (`redkite`)
    #[arg(long, value_name = "BINARY")]
    pub(crate) server: Option<PathBuf>,
    /// Only measurements whose name contains this (may be repeated)
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Vec<String>,
    /// Runs of the quick measurements; slow ones have a third of them
    #[arg(long, value_name = "COUNT", default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) runs: u32,
    /// How much a job prints when its log is measured
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) log_mib: u32,
    /// How much a job prints while the memory of its processes is watched
    #[arg(long, value_name = "MIB", default_value_t = 2048, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) memory_log_mib: u32,
    /// The size of the uploaded artifact
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) upload_mib: u32,
    /// Seconds that each load on the server lasts
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seconds: u64,
    /// Seconds between the pings of a measured agent; `redkite server` has its agents ping every 10 seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=30))]
    pub(crate) ping_interval: u32,
    /// How many agents are connected while the server's latency is measured (may be repeated)
    #[arg(long, value_name = "COUNT", default_values_t = [1, 100, 1000])]
    pub(crate) agents: Vec<u32>,
}

impl Arguments {
    /// The agents, the one in question first.
    pub(crate) fn agents(&self) -> Vec<&PathBuf> {
        self.agent.iter().chain(&self.against).collect()
    }
}
