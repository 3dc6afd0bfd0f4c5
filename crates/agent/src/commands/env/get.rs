//! `env get` (docs/spec/cli.md §18).

use std::collections::BTreeMap;

use crate::cli::{Command, Context};
use crate::failure::{Failure, OrFail};
use crate::options::GlobalOptions;
use crate::output::{Form, Output};

/// Print variables of the running job
///
/// With names, only those; with exactly one, only its value. If one of them is not set, the others are printed and
/// the exit status is 1.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,

    /// plain, json, or json-pretty
    #[arg(long, env = "BUILDKITE_AGENT_ENV_GET_FORMAT", default_value = "plain")]
    format: String,

    /// Names
    variables: Vec<String>,
}

impl Command for Args {
    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let all =
            super::job(cx)?.environment().or_fail("couldn't get the job executor environment variables")?;
        let (chosen, missing) = choose(all, &self.variables);
        for name in &missing {
            tracing::warn!("{name:?} is not set");
        }
        match self.format.as_str() {
            "plain" => print(&mut cx.out, &chosen, self.variables.len())?,
            "json" => cx.out.json(&chosen, Form::Compact)?,
            "json-pretty" => cx.out.json(&chosen, Form::Pretty)?,
            other => tracing::error!("Invalid output format {other:?}"),
        }
        if missing.is_empty() { Ok(()) } else { Err(Failure::Silent(1)) }
    }
}

/// The variables that were asked for, all if none were; and those that are not there.
fn choose(all: BTreeMap<String, String>, names: &[String]) -> (BTreeMap<String, String>, Vec<&String>) {
    if names.is_empty() {
        return (all, Vec::new());
    }
    let chosen = names.iter().filter_map(|name| Some((name.clone(), all.get(name)?.clone()))).collect();
    (chosen, names.iter().filter(|name| !all.contains_key(*name)).collect())
}

fn print(out: &mut Output, chosen: &BTreeMap<String, String>, asked: usize) -> Result<(), Failure> {
    if asked == 1 {
        let value = chosen.values().next();
        return Ok(value.map_or(Ok(()), |value| out.line(value))?);
    }
    // By whole lines: `A1=…` stands before `A=…`.
    let mut lines: Vec<_> = chosen.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    lines.sort_unstable();
    Ok(out.text(&lines.concat())?)
}
