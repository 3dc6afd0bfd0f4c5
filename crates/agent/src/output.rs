//! Standard output, which carries a command's result and nothing else (docs/spec/cli.md §10).

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

/// The result could not be written, for instance because the reader has gone.
#[derive(Debug, Error)]
#[error("writing to standard output")]
pub(crate) struct OutputError(#[from] io::Error);

/// Where a command puts its result.
#[derive(Default)]
pub(crate) enum Output {
    /// This process's standard output.
    #[default]
    Standard,
    /// What stands for it.
    Other(Box<dyn Write + Send>),
}

impl Output {
    /// The text as it is.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), OutputError> {
        self.bytes(text.as_bytes())
    }

    /// Bytes that may be no text.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), OutputError> {
        let out: &mut dyn Write = match self {
            Self::Standard => &mut io::stdout().lock(),
            Self::Other(out) => out,
        };
        out.write_all(bytes)?;
        Ok(out.flush()?)
    }

    /// The text and a newline.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), OutputError> {
        self.text(&format!("{text}\n"))
    }

    /// `value` as JSON in the form that scripts compare: keys sorted, one trailing newline (§20).
    pub(crate) fn json(&mut self, value: &impl Serialize, form: Form) -> Result<(), Failure> {
        let mut value = serde_json::to_value(value)?;
        value.sort_all_objects();
        Ok(self.line(&escape_separators(&form.print(&value)?))?)
    }
}

use crate::failure::Failure;

/// How JSON is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// On one line.
    Compact,
    /// Two spaces deeper at each level.
    Pretty,
}

impl Form {
    fn print(self, value: &Value) -> serde_json::Result<String> {
        match self {
            Self::Compact => serde_json::to_string(value),
            Self::Pretty => serde_json::to_string_pretty(value),
        }
    }
}

/// U+2028 and U+2029 end a line in JavaScript, so they are never printed as they are.
fn escape_separators(text: &str) -> String {
    text.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}
