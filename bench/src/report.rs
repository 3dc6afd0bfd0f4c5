//! Markdown tables.

use std::fmt;

/// One line of a table.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) cells: Vec<Cell>,
}

/// One number of a table, or why there is none.
#[derive(Debug)]
pub(crate) enum Cell {
    Number(f64),
    Failed(String),
}

/// A table with a column for each program; with two programs, a column for how they compare.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) programs: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let compared = self.programs.len() == 2;
        writeln!(
            f,
            "| measured | {} |{}",
            self.programs.join(" | "),
            if compared { " first / second |" } else { "" }
        )?;
        writeln!(f, "|---|{}{}", "---:|".repeat(self.programs.len()), if compared { "---:|" } else { "" })?;
        for row in &self.rows {
            let cells: Vec<String> = row.cells.iter().map(|cell| cell.show(&row.unit)).collect();
            write!(f, "| {} | {} |", row.name, cells.join(" | "))?;
            if compared {
                write!(f, " {} |", ratio(&row.cells))?;
            }
            writeln!(f)?;
        }
        self.explain(f)
    }
}

impl Table {
    /// Why numbers are missing.
    fn explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        for row in &self.rows {
            for (program, cell) in self.programs.iter().zip(&row.cells) {
                if let Cell::Failed(why) = cell {
                    writeln!(f, "- {} of `{program}` was not measured: {why}", row.name)?;
                }
            }
        }
        Ok(())
    }
}

impl Cell {
    fn show(&self, unit: &str) -> String {
        match self {
            Self::Failed(_) => "–".to_owned(),
            Self::Number(number) if number.is_nan() => "–".to_owned(),
            Self::Number(number) if *number >= 100.0 => format!("{number:.0} {unit}"),
            Self::Number(number) if *number >= 10.0 => format!("{number:.1} {unit}"),
            Self::Number(number) => format!("{number:.2} {unit}"),
        }
    }
}

fn ratio(cells: &[Cell]) -> String {
    match cells {
        [Cell::Number(first), Cell::Number(second)] if *second > 0.0 => format!("{:.2}", first / second),
        _ => "–".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_two() {
        let row = |name: &str, cells| Row { name: name.to_owned(), unit: "ms".to_owned(), cells };
        let table = Table {
            programs: vec!["a".to_owned(), "b".to_owned()],
            rows: vec![
                row("start", vec![Cell::Number(1.0), Cell::Number(20.0)]),
                row("log", vec![Cell::Number(123.4), Cell::Failed("it broke".to_owned())]),
            ],
        };
        let expected = "| measured | a | b | first / second |\n|---|---:|---:|---:|\n\
            | start | 1.00 ms | 20.0 ms | 0.05 |\n| log | 123 ms | – | – |\n\n\
            - log of `b` was not measured: it broke\n";
        assert_eq!(table.to_string(), expected);
    }
}
