//! Taking turns, medians, and which measurements are wanted.

use crate::error::{BenchError, chain};
use crate::program::Program;
use crate::report::{Cell, Row};

/// Which measurements are wanted.
pub(crate) struct Choice<'a> {
    only: &'a [String],
}

impl<'a> Choice<'a> {
    pub(crate) fn new(only: &'a [String]) -> Self {
        Self { only }
    }

    /// Whether the measurement called `name` is wanted.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|text| name.contains(text.as_str()))
    }
}

/// One run of a measurement: a number for each of its rows.
pub(crate) type Run<'a> = Box<dyn Fn(&Program) -> Result<Vec<f64>, BenchError> + 'a>;

/// One measurement: several numbers at a time, each of which is a row of the table.
pub(crate) struct Measurement<'a> {
    /// Names and units of the rows.
    pub(crate) rows: &'static [(&'static str, &'static str)],
    /// How often it is repeated for each program.
    pub(crate) runs: u32,
    /// One run: a number for each row.
    pub(crate) run: Run<'a>,
}

impl Measurement<'_> {
    /// Whether one of its rows is wanted.
    pub(crate) fn is_wanted(&self, choice: &Choice<'_>) -> bool {
        self.rows.iter().any(|(name, _)| choice.wants(name))
    }

    /// Runs it for each program in turn, again and again, and makes the rows. A program that fails once
    /// takes no part in the rest and has no number.
    pub(crate) fn take(&self, programs: &[Program]) -> Vec<Row> {
        let mut samples: Vec<Result<Vec<Vec<f64>>, BenchError>> =
            programs.iter().map(|_| Ok(vec![Vec::new(); self.rows.len()])).collect();
        for _ in 0..self.runs {
            for (program, samples) in programs.iter().zip(&mut samples) {
                let Ok(columns) = samples else { continue };
                match (self.run)(program) {
                    Ok(numbers) => {
                        columns.iter_mut().zip(numbers).for_each(|(column, number)| column.push(number))
                    }
                    Err(error) => *samples = Err(error),
                }
            }
        }
        self.rows.iter().enumerate().map(|(place, (name, unit))| row(name, unit, place, &samples)).collect()
    }
}

fn row(name: &str, unit: &str, place: usize, samples: &[Result<Vec<Vec<f64>>, BenchError>]) -> Row {
    let cell = |samples: &Result<Vec<Vec<f64>>, BenchError>| match samples {
        Ok(columns) => Cell::Number(median(&columns[place])),
        Err(error) => Cell::Failed(chain(error)),
    };
    Row { name: name.to_owned(), unit: unit.to_owned(), cells: samples.iter().map(cell).collect() }
}

/// The middle number; of an even count, the mean of the two in the middle.
pub(crate) fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    match (sorted.len(), sorted.len() / 2) {
        (0, _) => f64::NAN,
        (count, middle) if count % 2 == 0 => f64::midpoint(sorted[middle - 1], sorted[middle]),
        (_, middle) => sorted[middle],
    }
}

/// The number below which the given share of the numbers lies.
pub(crate) fn percentile(numbers: &[f64], share: f64) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index within a short list"
    )]
    let place = ((last as f64) * share).round() as usize;
    sorted.get(place).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(&[4.0, 1.0]) - 2.5).abs() < f64::EPSILON);
        assert!(median(&[]).is_nan());
        assert!((percentile(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.75) - 4.0).abs() < f64::EPSILON);
    }
}
