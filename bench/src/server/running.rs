//! A server process on a data folder of its own.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::error::BenchError;
use crate::fixture::{Fixture, write};
use crate::process::{Plan, Running, Usage};
use crate::program::Program;

/// How often the server's output is looked at until it names its endpoint.
const LOOK: Duration = Duration::from_millis(10);
/// How long it may take to.
const PATIENCE: Duration = Duration::from_secs(30);
/// What stands before the endpoint.
const ANNOUNCEMENT: &str = "Agents connect to ";

/// A running server, ended with its value.
pub(super) struct Server {
    program: Program,
    fixture: Fixture,
    process: Running,
    /// What agents use as their endpoint.
    pub(super) endpoint: String,
    /// What agents register with.
    pub(super) token: String,
    /// What simulated agents run on.
    pub(super) runtime: Runtime,
}

impl Server {
    pub(super) fn start(program: &Program) -> Result<Self, BenchError> {
        let fixture = Fixture::new()?;
        let log = fixture.root().join("server.log");
        let process = plan(program, &fixture)
            .arguments(["server", "--listen", "127.0.0.1:0", "--ping-interval", "1", "--log-level", "warn"])
            .arguments(data(&fixture))
            .start(&log)?;
        let endpoint = endpoint(&log)?;
        let token =
            plan(program, &fixture).arguments(["token", "create"]).arguments(data(&fixture)).output()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(BenchError::Plane)?;
        Ok(Self {
            program: program.clone(),
            fixture,
            process,
            endpoint,
            token: token.trim().to_owned(),
            runtime,
        })
    }

    /// Makes a build with so many jobs, in steps of at most a hundred.
    pub(super) fn create_build(&self, jobs: u32) -> Result<(), BenchError> {
        let path = self.fixture.root().join("pipeline.yml");
        let mut text = "steps:\n".to_owned();
        let mut left = jobs;
        while left > 0 {
            let _ = write!(text, "  - command: \"true\"\n    parallelism: {}\n", left.min(100));
            left = left.saturating_sub(100);
        }
        write(&path, text.as_bytes())?;
        plan(&self.program, &self.fixture)
            .arguments([
                "build",
                "create",
                "--repo",
                "/nowhere/bench",
                "--pipeline",
                &path.display().to_string(),
            ])
            .arguments(data(&self.fixture))
            .output()?;
        Ok(())
    }

    /// What the server has used until now.
    pub(super) fn usage(&self) -> Result<Usage, BenchError> {
        self.process.usage()
    }

    pub(super) fn stop(self) -> Result<(), BenchError> {
        self.runtime.shutdown_background();
        self.process.stop()
    }
}

fn plan(program: &Program, fixture: &Fixture) -> Plan {
    Plan::new(&program.path, fixture.root())
}

fn data(fixture: &Fixture) -> [String; 2] {
    ["--data".to_owned(), fixture.root().join("data").display().to_string()]
}

/// The endpoint the server announces in its first line.
fn endpoint(log: &PathBuf) -> Result<String, BenchError> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        let text = std::fs::read_to_string(log).unwrap_or_default();
        let announced =
            text.split_inclusive('\n').find_map(|line| line.strip_suffix('\n')?.strip_prefix(ANNOUNCEMENT));
        if let Some(endpoint) = announced {
            return Ok(endpoint.to_owned());
        }
        std::thread::park_timeout(LOOK);
    }
    Err(BenchError::Timeout("the server to name its endpoint"))
}
