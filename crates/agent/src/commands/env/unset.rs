//! `env unset` (docs/spec/cli.md §18).

use super::arguments::inputs;
use super::{Said, section};
use crate::cli::{Command, Context};
use crate::failure::{Failure, OrFail};
use crate::options::GlobalOptions;

/// Remove variables of the running job
///
/// Each argument is a name or, with --input-format json, a list of names; - stands for the lines of standard input.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,

    /// plain, or json
    #[arg(long, env = "BUILDKITE_AGENT_ENV_UNSET_INPUT_FORMAT", default_value = "plain")]
    input_format: String,

    /// plain, quiet, json, or json-pretty
    #[arg(long, env = "BUILDKITE_AGENT_ENV_UNSET_OUTPUT_FORMAT", default_value = "plain")]
    output_format: String,

    /// Names
    variables: Vec<String>,
}

impl Command for Args {
    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let job = super::job(cx)?;
        let names = names(self.variables, &self.input_format)?;
        let removed = job.unset(names.as_deref());
        let removed = removed.or_fail("couldn't unset the job executor environment variables")?;
        let mut plain = section("Unset", '-', &removed);
        if plain.is_empty() {
            plain.push_str("No variables unset.\n");
        }
        Said::parse(&self.output_format)?.print(&mut cx.out, &plain, &removed)
    }
}

/// The names to remove; none at all is told from an empty list. Of several JSON lists the last one counts, in which
/// null is an empty name.
fn names(arguments: Vec<String>, format: &str) -> Result<Option<Vec<String>>, Failure> {
    let inputs = inputs(arguments)?;
    match format {
        "plain" if inputs.is_empty() => Ok(None),
        "plain" => Ok(Some(inputs.into_iter().map(|input| input.text).collect())),
        "json" => {
            let lists = inputs.iter().map(|input| {
                let list = serde_json::from_str::<Option<Vec<Option<String>>>>(&input.text);
                list.map_err(|error| input.refused(error))
            });
            let last = lists.collect::<Result<Vec<_>, _>>()?.pop().flatten();
            Ok(last.map(|names| names.into_iter().map(Option::unwrap_or_default).collect()))
        }
        other => Err(Failure::new(format!("invalid input format {other:?}"))),
    }
}
