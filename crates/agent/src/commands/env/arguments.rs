//! Arguments of which `-` stands for the lines of standard input (docs/spec/cli.md §18).

use std::io::{self, BufRead};

use crate::failure::Failure;

/// The longest line that is read.
const LONGEST_LINE: usize = 64 * 1024;

/// One argument or line, and where it is from.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) text: String,
    /// Words for a message: the argument itself, or the number of the line.
    origin: String,
}

impl Input {
    /// A failure that says where the input is from.
    pub(super) fn refused(&self, why: impl std::fmt::Display) -> Failure {
        Failure::new(format!("couldn't parse {}: {why}", self.origin))
    }
}

/// All inputs in order.
pub(super) fn inputs(arguments: Vec<String>) -> Result<Vec<Input>, Failure> {
    let mut inputs = Vec::with_capacity(arguments.len());
    for argument in arguments {
        if argument == "-" {
            lines(&mut inputs)?;
        } else {
            let origin = format!("the command-line argument {argument:?}");
            inputs.push(Input { text: argument, origin });
        }
    }
    Ok(inputs)
}

fn lines(inputs: &mut Vec<Input>) -> Result<(), Failure> {
    for (index, line) in io::stdin().lock().split(b'\n').enumerate() {
        let line = line?;
        let text = redkite_text::shown_bytes(line.strip_suffix(b"\r").unwrap_or(&line)).into_owned();
        let origin = format!("input line {}", index + 1);
        if line.len() > LONGEST_LINE {
            return Err(Failure::new(format!(
                "couldn't parse {origin}: it is longer than {LONGEST_LINE} bytes"
            )));
        }
        inputs.push(Input { text, origin });
    }
    Ok(())
}
