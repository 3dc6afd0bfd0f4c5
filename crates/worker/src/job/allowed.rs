//! Which jobs this agent takes (spec/agent.md §14.5).

use super::environment::Variables;
use crate::settings::Permissions;
use redkite_pipeline::full_source;
use regex::Regex;
use serde_json::Value;

/// Why a job is not taken; the words go into the job's log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAllowed {
    /// Nothing in a list matches.
    #[error("failed to validate {what}: {value} has no match in [{}]", patterns(.list))]
    NoMatch {
        /// What was looked at.
        what: &'static str,
        /// Its value.
        value: String,
        /// What it was held against.
        list: Vec<Regex>,
    },
    /// The list of plugins is none.
    #[error("failed to validate plugins: failed to unmarshal plugins for validation: {0}")]
    Plugins(String),
}

fn patterns(list: &[Regex]) -> String {
    list.iter().map(Regex::as_str).collect::<Vec<_>>().join(" ")
}

/// Holds a job's variables against the agent's lists.
pub(crate) fn check(variables: &Variables, permissions: &Permissions) -> Result<(), NotAllowed> {
    let repository = variables.get("BUILDKITE_REPO").map_or("", String::as_str);
    matches("repo", repository, &permissions.repositories)?;
    if let Some(list) = &permissions.variables {
        for name in variables.keys() {
            matches("environment variables", name, list)?;
        }
    }
    let plugins = variables.get("BUILDKITE_PLUGINS").filter(|plugins| !plugins.is_empty());
    if let Some(plugins) = plugins.filter(|_| permissions.plugins) {
        for source in plugin_sources(plugins)? {
            matches("plugins", &source, &permissions.plugin_sources)?;
        }
    }
    Ok(())
}

/// Whether a list, empty or matching, lets a repository through.
pub(crate) fn is_repository_allowed(url: &str, permissions: &Permissions) -> bool {
    matches("repo", url, &permissions.repositories).is_ok()
}

fn matches(what: &'static str, value: &str, list: &[Regex]) -> Result<(), NotAllowed> {
    if list.is_empty() || list.iter().any(|pattern| pattern.is_match(value)) {
        return Ok(());
    }
    Err(NotAllowed::NoMatch { what, value: value.to_owned(), list: list.to_vec() })
}

/// The full source of every plugin of a job.
fn plugin_sources(json: &str) -> Result<Vec<String>, NotAllowed> {
    let bad = |reason: &str| NotAllowed::Plugins(reason.to_owned());
    let list = serde_json::from_str::<Value>(json).map_err(|error| bad(&error.to_string()))?;
    let items = match list {
        Value::Array(items) => items,
        // Neither is a list of plugins, but that is for the bootstrap to say.
        Value::Null | Value::Object(_) => return Ok(Vec::new()),
        _ => return Err(bad("it is no list")),
    };
    let names = items.iter().map(|item| match item {
        Value::String(source) => Ok(vec![full_source(source).into_owned()]),
        Value::Object(members) => Ok(members.keys().map(|source| full_source(source).into_owned()).collect()),
        _ => Err(bad("an item is neither text nor object")),
    });
    names.collect::<Result<Vec<_>, _>>().map(|names| names.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permissions(repositories: &[&str], variables: Option<&[&str]>, plugins: &[&str]) -> Permissions {
        let list = |patterns: &[&str]| patterns.iter().map(|pattern| Regex::new(pattern).unwrap()).collect();
        Permissions {
            command_eval: true,
            plugins: true,
            plugin_validation: false,
            plugins_always_clone_fresh: false,
            local_hooks: true,
            repositories: list(repositories),
            plugin_sources: list(plugins),
            variables: variables.map(list),
            keys: None,
            on_unverified: crate::job::OnFailure::Block,
        }
    }

    fn check_job(permissions: &Permissions, variables: &[(&str, &str)], expected: &str) {
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let result =
            check(&variables, permissions).map_or_else(|error| error.to_string(), |()| String::new());
        assert_eq!(result, expected, "{variables:?}");
    }

    #[test]
    fn repositories() {
        let lists = permissions(&["^https://good/", "^git@"], None, &[]);
        check_job(&lists, &[("BUILDKITE_REPO", "https://good/x")], "");
        let text = "failed to validate repo: https://bad/ has no match in [^https://good/ ^git@]";
        check_job(&lists, &[("BUILDKITE_REPO", "https://bad/")], text);
        check_job(&lists, &[], "failed to validate repo:  has no match in [^https://good/ ^git@]");
    }

    #[test]
    fn variables_by_name() {
        let lists = permissions(&[], Some(&["^CI$", "^BUILDKITE_.*$"]), &[]);
        check_job(&lists, &[("CI", "1"), ("BUILDKITE_X", "1")], "");
        let text = "failed to validate environment variables: EVIL has no match in [^CI$ ^BUILDKITE_.*$]";
        check_job(&lists, &[("EVIL", "1")], text);
    }

    #[test]
    fn plugins_by_full_source() {
        let lists = permissions(&[], None, &["^github.com/buildkite-plugins/docker-"]);
        check_job(&lists, &[("BUILDKITE_PLUGINS", r#"[{"docker#v1":null}]"#)], "");
        let text = "failed to validate plugins: github.com/o/x-buildkite-plugin#v2 has no match in [^github.com/buildkite-plugins/docker-]";
        check_job(&lists, &[("BUILDKITE_PLUGINS", r#"["o/x#v2"]"#)], text);
        check_job(&lists, &[("BUILDKITE_PLUGINS", "null")], "");
        let any = permissions(&[], None, &[]);
        let text = "failed to validate plugins: failed to unmarshal plugins for validation: an item is neither text nor object";
        check_job(&any, &[("BUILDKITE_PLUGINS", "[7]")], text);
    }
}
