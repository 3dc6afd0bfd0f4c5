//! Secret values in a pipeline (spec/pipeline.md §11).

use indexmap::IndexMap;
use redkite_redact::{BadPatterns, MIN_VALUE_LEN, NamePatterns, SecretSearch, secret_variables};

use crate::interpolate::{Variables, is_pure_reference};
use crate::output::{NotSerializable, to_compact_json};
use crate::pipeline::Pipeline;
use crate::step::Step;

/// What a search for secrets found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exposed {
    /// Variables whose values are in the pipeline, sorted.
    pub names: Vec<String>,
    /// Variables that are too short to be looked for, sorted.
    pub short: Vec<String>,
    /// Patterns that can't be understood: nothing was looked for.
    pub bad_patterns: Option<BadPatterns>,
}

/// Looks for values of variables whose names match `patterns`.
pub fn exposed_secrets(
    pipeline: &Pipeline,
    variables: &Variables,
    patterns: &NamePatterns,
) -> Result<Exposed, NotSerializable> {
    let text = to_compact_json(pipeline)?;
    Ok(search(pipeline, &text, variables, patterns)
        .unwrap_or_else(|error| Exposed { bad_patterns: Some(error), ..Exposed::default() }))
}

fn search(
    pipeline: &Pipeline,
    text: &str,
    variables: &Variables,
    patterns: &NamePatterns,
) -> Result<Exposed, BadPatterns> {
    let runtime = secret_variables(patterns, variables.iter().map(|(name, value)| (name, value.as_bytes())))?;
    let search = SecretSearch::new(runtime.secrets.iter().copied());
    let mut names: Vec<String> = search.names_in(text.as_bytes()).into_iter().map(str::to_owned).collect();
    let mut short: Vec<String> = runtime.short.iter().map(|name| (*name).to_owned()).collect();
    for (name, value) in written_variables(pipeline) {
        if value.is_empty() || !patterns.matches(name)? {
            continue;
        }
        if value.len() < MIN_VALUE_LEN {
            short.push(name.to_owned());
        } else if !is_pure_reference(value) {
            names.push(name.to_owned());
        }
    }
    for list in [&mut names, &mut short] {
        list.sort_unstable();
        list.dedup();
    }
    Ok(Exposed { names, short, bad_patterns: None })
}

/// The variables of the pipeline and of its command steps.
fn written_variables(pipeline: &Pipeline) -> Vec<(&str, &str)> {
    let mut all = Vec::new();
    all.extend(pipeline.env.iter().flat_map(pairs));
    collect(&pipeline.steps, &mut all);
    all
}

fn collect<'a>(steps: &'a [Step], all: &mut Vec<(&'a str, &'a str)>) {
    for step in steps {
        match step {
            Step::Command(step) => all.extend(pairs(&step.env)),
            Step::Group(group) => collect(&group.steps, all),
            _ => {}
        }
    }
}

fn pairs(env: &IndexMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    env.iter().map(|(name, value)| (name.as_str(), value.as_str()))
}
