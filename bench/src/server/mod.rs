//! What is measured of a server, by simulated agents.

mod agents;
mod dispatch;
mod latency;
mod logs;
mod pings;
mod running;

use std::path::Path;

use crate::arguments::Arguments;
use crate::error::{BenchError, chain};
use crate::measure::Choice;
use crate::program::Program;
use crate::report::{Cell, Row, Table};
use running::Server;

/// What a measurement of the server gives: names, units and numbers of rows.
type Numbers = Vec<(String, &'static str, f64)>;

/// How a running server is measured.
type Run<'a> = Box<dyn Fn(&Server) -> Result<Numbers, BenchError> + 'a>;

/// One measurement of a server that runs for it alone.
struct Measurement<'a> {
    name: String,
    run: Run<'a>,
}

/// Measures the server binary at `path`.
pub(crate) fn measure(path: &Path, arguments: &Arguments, choice: &Choice<'_>) -> Result<Table, BenchError> {
    let program = Program::new(path)?;
    let mut rows = Vec::new();
    for measurement in all(arguments) {
        if choice.wants(&measurement.name) {
            rows.extend(take(&program, &measurement));
        }
    }
    Ok(Table { programs: vec![program.name], rows })
}

fn all(arguments: &Arguments) -> Vec<Measurement<'_>> {
    let mut all = vec![
        Measurement {
            name: "pings".to_owned(),
            run: Box::new(|server| pings::measure(server, arguments.seconds)),
        },
        Measurement { name: "jobs dispatched".to_owned(), run: Box::new(dispatch::measure) },
        Measurement {
            name: "log ingested".to_owned(),
            run: Box::new(|server| logs::measure(server, arguments.seconds)),
        },
    ];
    all.extend(arguments.agents.iter().map(|count| Measurement {
        name: format!("latency queued to started, {count} agents"),
        run: Box::new(|server| latency::measure(server, *count)),
    }));
    all
}

fn take(program: &Program, measurement: &Measurement<'_>) -> Vec<Row> {
    let numbers = Server::start(program).and_then(|server| {
        let numbers = (measurement.run)(&server)?;
        server.stop()?;
        Ok(numbers)
    });
    match numbers {
        Ok(numbers) => numbers
            .into_iter()
            .map(|(name, unit, number)| Row {
                name,
                unit: unit.to_owned(),
                cells: vec![Cell::Number(number)],
            })
            .collect(),
        Err(error) => vec![Row {
            name: measurement.name.clone(),
            unit: String::new(),
            cells: vec![Cell::Failed(chain(&error))],
        }],
    }
}
