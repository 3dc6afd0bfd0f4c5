//! What is measured of agent binaries.

mod commands;
mod idle;
mod jobs;
mod logs;
mod watch;
mod worker;

use crate::arguments::Arguments;
use crate::error::BenchError;
use crate::fixture::Fixture;
use crate::measure::{Choice, Measurement};
use crate::plane::Plane;
use crate::program::Program;
use crate::report::Table;

/// What all measurements share.
pub(crate) struct Bench<'a> {
    pub(crate) fixture: Fixture,
    pub(crate) plane: Plane,
    pub(crate) arguments: &'a Arguments,
}

impl Bench<'_> {
    /// Runs of a quick measurement.
    pub(crate) fn quick(&self) -> u32 {
        self.arguments.runs
    }

    /// Runs of one that takes seconds.
    pub(crate) fn slow(&self) -> u32 {
        self.arguments.runs.div_ceil(3)
    }
}

/// Measures every agent.
pub(crate) fn measure(arguments: &Arguments, choice: &Choice<'_>) -> Result<Table, BenchError> {
    let programs =
        arguments.agents().into_iter().map(|path| Program::new(path)).collect::<Result<Vec<_>, _>>()?;
    let plane = Plane::start(arguments.ping_interval)?;
    let bench = Bench { fixture: Fixture::new()?, plane, arguments };
    let measurements: Vec<Measurement<'_>> =
        [commands::all(&bench)?, jobs::all(&bench)?, logs::all(&bench)?, idle::all(&bench)]
            .into_iter()
            .flatten()
            .collect();
    let rows = measurements
        .iter()
        .filter(|measurement| measurement.is_wanted(choice))
        .flat_map(|measurement| measurement.take(&programs))
        .collect();
    Ok(Table { programs: programs.into_iter().map(|program| program.name).collect(), rows })
}
