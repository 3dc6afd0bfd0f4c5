//! `env …`: the variables of a process and of the running job.

mod arguments;
pub(crate) mod dump;
pub(crate) mod get;
pub(crate) mod set;
pub(crate) mod unset;

use redkite_local::JobApi;
use serde::Serialize;

use crate::cli::Context;
use crate::commands::job_api;
use crate::failure::Failure;
use crate::output::{Form, Output};

/// What is said after a change was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    Plainly,
    Json(Form),
}

impl Said {
    /// By its name; an unknown one is noticed only now, after the change.
    fn parse(name: &str) -> Result<Self, Failure> {
        match name {
            "quiet" => Ok(Self::Nothing),
            "plain" => Ok(Self::Plainly),
            "json" => Ok(Self::Json(Form::Compact)),
            "json-pretty" => Ok(Self::Json(Form::Pretty)),
            other => Err(Failure::new(format!("invalid output format {other:?}"))),
        }
    }

    fn print(self, out: &mut Output, plain: &str, value: &impl Serialize) -> Result<(), Failure> {
        match self {
            Self::Nothing => Ok(()),
            Self::Plainly => Ok(out.text(plain)?),
            Self::Json(form) => out.json(value, form),
        }
    }
}

/// A heading and one line for each name; nothing without names.
fn section(heading: &str, mark: char, names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let lines: String = names.iter().map(|name| format!("{mark} {name}\n")).collect();
    format!("{heading}:\n{lines}")
}

fn job(cx: &Context) -> Result<JobApi, Failure> {
    job_api::of_this_job(cx)
}
