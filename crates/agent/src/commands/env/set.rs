//! `env set` (docs/spec/cli.md §18).

use std::collections::BTreeMap;

use super::arguments::{Input, inputs};
use super::{Said, section};
use crate::cli::{Command, Context};
use crate::failure::{Failure, OrFail};
use crate::options::GlobalOptions;

/// Set variables of the running job
///
/// Later hooks, plugins and commands of the job see them; processes that run already don't. Each argument is
/// NAME=value or, with --input-format json, an object of names and values; - stands for the lines of standard input.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,

    /// plain, or json
    #[arg(long, env = "BUILDKITE_AGENT_ENV_SET_INPUT_FORMAT", default_value = "plain")]
    input_format: String,

    /// plain, quiet, json, or json-pretty
    #[arg(long, env = "BUILDKITE_AGENT_ENV_SET_OUTPUT_FORMAT", default_value = "plain")]
    output_format: String,

    /// Variables with their values
    variables: Vec<String>,
}

impl Command for Args {
    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let job = super::job(cx)?;
        let read = match self.input_format.as_str() {
            "plain" => plain,
            "json" => json,
            other => return Err(Failure::new(format!("invalid input format {other:?}"))),
        };
        let mut variables = BTreeMap::new();
        for input in inputs(self.variables)? {
            variables.extend(read(&input)?);
        }
        let changes = job.set(variables).or_fail("couldn't update the job executor environment")?;
        let mut plain = section("Added", '+', &changes.added) + &section("Updated", '~', &changes.updated);
        if plain.is_empty() {
            plain.push_str("No variables added or updated.\n");
        }
        Said::parse(&self.output_format)?.print(&mut cx.out, &plain, &changes)
    }
}

fn plain(input: &Input) -> Result<BTreeMap<String, String>, Failure> {
    match input.text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok(BTreeMap::from([(name.to_owned(), value.to_owned())])),
        _ => Err(input.refused(format!("{:?} is not in key=value format", input.text))),
    }
}

/// An object, in which null is an empty value; null is an empty one.
fn json(input: &Input) -> Result<BTreeMap<String, String>, Failure> {
    let read = serde_json::from_str::<Option<BTreeMap<String, Option<String>>>>(&input.text);
    let read = read.map_err(|error| input.refused(error))?.unwrap_or_default();
    Ok(read.into_iter().map(|(name, value)| (name, value.unwrap_or_default())).collect())
}
