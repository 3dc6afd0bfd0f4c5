//! `agents`: what a job asks of the agent that runs it (spec/control-plane.md §8.2).

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::read::{scalar, variables};

/// The key of the rule that names the queue.
const QUEUE: &str = "queue";

/// A job's agent query rules, in document order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AgentRules(Vec<(String, String)>);

impl AgentRules {
    /// Rules from pairs.
    pub fn new(rules: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(rules.into_iter().collect())
    }

    /// A mapping, or a list of `key=value`; none for anything else.
    pub(super) fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Array(items) => items.iter().map(|item| scalar(item).map(|text| pair(&text))).collect(),
            other => variables(other).map(Self::new),
        }
    }

    /// The queue the job wants, if it names one. Queues take no wildcards.
    pub fn queue(&self) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == QUEUE && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// The rules that are compared with an agent's tags: all but the queue.
    pub fn tags(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().filter(|(key, _)| *key != QUEUE)
    }

    /// Every rule as key and value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The rules with every value rewritten, as a matrix does.
    pub(crate) fn map_values(&self, rewrite: impl Fn(&str) -> String) -> Self {
        Self::new(self.iter().map(|(key, value)| (rewrite(key), rewrite(value))))
    }

    /// The rules as `key=value`, as REST and `step get agents` show them.
    pub fn to_strings(&self) -> Vec<String> {
        self.iter().map(|(key, value)| format!("{key}={value}")).collect()
    }
}

impl FromIterator<(String, String)> for AgentRules {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(rules: I) -> Self {
        Self::new(rules)
    }
}

impl From<IndexMap<String, String>> for AgentRules {
    fn from(rules: IndexMap<String, String>) -> Self {
        Self::new(rules)
    }
}

/// `key=value`; without `=` the value is empty (§8.1).
fn pair(text: &str) -> (String, String) {
    let (key, value) = text.split_once('=').unwrap_or((text, ""));
    (key.trim().to_owned(), value.trim().to_owned())
}
