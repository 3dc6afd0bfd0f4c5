//! The environment of a container's bootstrap: the container's own under that of the job (spec/local-apis.md §10).

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Who wins when the agent sends a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wins {
    /// The container, also when it has none.
    Container,
    /// The container, if it has one.
    ContainerIfSet,
    /// The agent; it is a file of the job context directory, which may lie elsewhere here.
    AgentMoved,
    /// The agent.
    Agent,
}

#[rustfmt::skip]
const VARIABLES: &[(&str, Wins)] = &[
    ("BUILDKITE_AGENT_JOB_TIMEOUT_FILE", Wins::AgentMoved),
    ("BUILDKITE_BOOTSTRAP_PHASES",       Wins::Container),
    ("BUILDKITE_COMMAND",                Wins::Container),
    ("BUILDKITE_CONTAINER_ID",           Wins::Container),
    ("BUILDKITE_ENV_FILE",               Wins::AgentMoved),
    ("BUILDKITE_ENV_JSON_FILE",          Wins::AgentMoved),
    ("BUILDKITE_HOOKS_SHELL",            Wins::ContainerIfSet),
    ("BUILDKITE_JOB_CONTEXT_DIR",        Wins::Container),
    ("BUILDKITE_SHELL",                  Wins::ContainerIfSet),
    ("BUILDKITE_SOCKETS_PATH",           Wins::Container),
    ("HOME",                             Wins::Container),
    ("HOSTNAME",                         Wins::Container),
    ("PATH",                             Wins::Container),
    ("PWD",                              Wins::Container),
    ("SHLVL",                            Wins::Container),
    ("TERM",                             Wins::Container),
];

/// What Kubernetes tells a container about its services.
const OF_KUBERNETES: &str = "KUBERNETES_";

fn wins(name: &OsStr) -> Wins {
    let Some(name) = name.to_str() else { return Wins::Agent };
    if name.starts_with(OF_KUBERNETES) {
        return Wins::Container;
    }
    let row = VARIABLES.iter().find(|(known, _)| *known == name);
    row.map_or(Wins::Agent, |(_, wins)| *wins)
}

/// The variables of a container's bootstrap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlay(BTreeMap<OsString, OsString>);

impl Overlay {
    /// What the agent sent over what the container has; `context` is the container's job context directory.
    pub fn new(
        own: impl IntoIterator<Item = (OsString, OsString)>,
        sent: impl IntoIterator<Item = (OsString, OsString)>,
        context: &Path,
    ) -> Self {
        let own: BTreeMap<_, _> = own.into_iter().collect();
        let mut variables = own.clone();
        for (name, value) in sent {
            let value = match wins(&name) {
                Wins::Container => continue,
                Wins::ContainerIfSet if own.contains_key(&name) => continue,
                Wins::AgentMoved => moved(&value, context),
                Wins::ContainerIfSet | Wins::Agent => value,
            };
            variables.insert(name, value);
        }
        Self(variables)
    }

    /// The value of a variable, if it is there and isn't empty.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.0.insert(name.into(), value.into());
    }

    /// All of them.
    pub fn into_variables(self) -> Vec<(OsString, OsString)> {
        self.0.into_iter().collect()
    }
}

/// The file of the same name in this container's job context directory.
fn moved(path: &OsStr, context: &Path) -> OsString {
    match Path::new(path).file_name() {
        Some(name) => context.join(name).into(),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(variables: &str) -> Vec<(OsString, OsString)> {
        let pairs = variables.split_whitespace().filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (name.into(), value.into())).collect()
    }

    /// What of `own` and `sent` a bootstrap gets.
    fn check(own: &str, sent: &str, expected: &str) {
        let overlay = Overlay::new(list(own), list(sent), Path::new("/here"));
        assert_eq!(overlay.into_variables(), list(expected), "{own} under {sent}");
    }

    #[test]
    fn the_job_wins_but_for_what_is_the_containers() {
        check("A=own B=own", "A=job C=job", "A=job B=own C=job");
        check("", "A=1 A=2", "A=2");
        for (name, _) in VARIABLES.iter().filter(|(_, wins)| *wins == Wins::Container) {
            check(&format!("{name}=own"), &format!("{name}=job"), &format!("{name}=own"));
            check("", &format!("{name}=job"), "");
        }
        check("KUBERNETES_PORT=1", "KUBERNETES_PORT=2 KUBERNETES_X=3", "KUBERNETES_PORT=1");
        for name in ["BUILDKITE_SHELL", "BUILDKITE_HOOKS_SHELL"] {
            check(&format!("{name}=own"), &format!("{name}=job"), &format!("{name}=own"));
            check("", &format!("{name}=job"), &format!("{name}=job"));
            check(&format!("{name}="), &format!("{name}=job"), &format!("{name}="));
        }
    }

    #[test]
    fn the_jobs_files_are_found_in_the_containers_directory() {
        for name in ["BUILDKITE_ENV_FILE", "BUILDKITE_ENV_JSON_FILE", "BUILDKITE_AGENT_JOB_TIMEOUT_FILE"] {
            check("", &format!("{name}=/there/job-1"), &format!("{name}=/here/job-1"));
            check("", &format!("{name}="), &format!("{name}="));
        }
    }

    #[test]
    fn an_empty_variable_counts_as_none() {
        let mut overlay = Overlay::new(list("A= B=1"), [], Path::new("/"));
        overlay.set("C", "2");
        assert_eq!((overlay.get("A"), overlay.get("B")), (None, Some(OsStr::new("1"))));
        assert_eq!(overlay.get("C"), Some(OsStr::new("2")));
    }
}
