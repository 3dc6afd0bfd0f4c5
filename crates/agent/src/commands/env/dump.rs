//! `env dump`: the variables of this process (docs/spec/cli.md §18).

use std::collections::BTreeMap;

use crate::cli::{Command, Context};
use crate::failure::Failure;
use crate::options::GlobalOptions;
use crate::output::Form;

/// Print this process's environment as JSON
///
/// The names are sorted. Hooks are wrapped with it to see which variables they changed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,

    /// json, or json-pretty for one variable a line, or nul for NAME=value with a NUL after each, byte for byte
    #[arg(long, env = "BUILDKITE_AGENT_ENV_DUMP_FORMAT", default_value = "json")]
    format: String,
}

impl Command for Args {
    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        if self.format == "nul" {
            return Ok(cx.out.bytes(&redkite_text::packed(cx.environment.iter()))?);
        }
        let variables: BTreeMap<String, String> =
            cx.environment.texts().filter(|(name, _)| !name.is_empty() && !name.starts_with('=')).collect();
        let form = if self.format == "json-pretty" { Form::Pretty } else { Form::Compact };
        cx.out.json(&variables, form)
    }
}
