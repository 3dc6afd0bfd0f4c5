//! What the runner itself needs of a job's step; everything else of it is somebody else's (spec/agent-api.md §12.3).

use serde::Serialize;
use serde_json::Value;

/// Why a step can't be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the step's {member} cannot be understood: {reason}")]
pub(crate) struct BadStep {
    member: &'static str,
    reason: &'static str,
}

/// The parts of a step that become variables of the job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StepParts {
    /// Secrets to fetch.
    pub(crate) secrets: Vec<StepSecret>,
    /// Paths to cache.
    pub(crate) cache_paths: Vec<String>,
}

/// One secret, as the executor reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct StepSecret {
    /// The variable it becomes.
    #[serde(skip_serializing_if = "String::is_empty")]
    environment_variable: String,
    /// Its name.
    key: String,
}

impl StepParts {
    /// Reads them from a step as it was sent.
    pub(crate) fn read(step: Option<&Value>) -> Result<Self, BadStep> {
        let member = |name| step.and_then(|step| step.get(name));
        Ok(Self { secrets: secrets(member("secrets"))?, cache_paths: cache_paths(member("cache"))? })
    }
}

fn secrets(value: Option<&Value>) -> Result<Vec<StepSecret>, BadStep> {
    let bad = |reason| BadStep { member: "secrets", reason };
    let pair = |variable: &str, key: &str| {
        if key.is_empty() {
            return Err(bad("a key is empty"));
        }
        Ok(StepSecret { environment_variable: variable.to_owned(), key: key.to_owned() })
    };
    match value {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| match item {
                // Not looked at any closer, as in the reference.
                Value::String(key) => Ok(StepSecret { environment_variable: key.clone(), key: key.clone() }),
                Value::Object(members) => {
                    let text = |name| members.get(name).and_then(Value::as_str).unwrap_or_default();
                    pair(text("environment_variable"), text("key"))
                }
                _ => Err(bad("an item is neither text nor object")),
            })
            .collect(),
        Some(Value::Object(members)) => {
            members.iter().map(|(variable, key)| pair(variable, key.as_str().unwrap_or_default())).collect()
        }
        Some(_) => Err(bad("it is neither list nor object")),
    }
}

fn cache_paths(value: Option<&Value>) -> Result<Vec<String>, BadStep> {
    let bad = || BadStep { member: "cache", reason: "it names no paths" };
    match value {
        None | Some(Value::Null | Value::Bool(_)) => Ok(Vec::new()),
        Some(Value::String(path)) => Ok(vec![path.clone()]),
        Some(Value::Array(items)) => items.iter().map(|item| scalar(item).ok_or_else(bad)).collect(),
        Some(Value::Object(members)) => match members.get("paths") {
            Some(Value::Object(_)) => Err(bad()),
            paths => cache_paths(paths),
        },
        Some(_) => Err(bad()),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_have_three_forms() {
        let expected = r#"[{"environment_variable":"A","key":"A"}]"#;
        for (form, expected) in [
            (json!(["A"]), expected),
            (json!([{ "key": "A", "environment_variable": "A" }]), expected),
            (json!({ "A": "A" }), expected),
            (json!([{ "key": "b" }]), r#"[{"key":"b"}]"#),
            (json!([""]), r#"[{"key":""}]"#),
        ] {
            let parts = StepParts::read(Some(&json!({ "secrets": form }))).unwrap();
            assert_eq!(serde_json::to_string(&parts.secrets).unwrap(), expected, "{form}");
        }
        for form in [json!(null), json!([{ "key": "" }]), json!([1]), json!("A")] {
            assert!(StepParts::read(Some(&json!({ "secrets": form }))).is_err(), "{form}");
        }
    }

    #[test]
    fn cache_paths_have_four_forms() {
        for (form, expected) in [
            (json!(false), vec![]),
            (json!(true), vec![]),
            (json!(""), vec![""]),
            (json!("a"), vec!["a"]),
            (json!(["a", "b"]), vec!["a", "b"]),
            (json!({ "paths": ["a"], "size": "1g" }), vec!["a"]),
            (json!({ "paths": "a" }), vec!["a"]),
        ] {
            let parts = StepParts::read(Some(&json!({ "cache": form }))).unwrap();
            assert_eq!(parts.cache_paths, expected, "{form}");
        }
        assert!(StepParts::read(Some(&json!({ "cache": 3 }))).is_err());
    }

    #[test]
    fn a_step_may_be_missing() {
        assert_eq!(StepParts::read(None), Ok(StepParts::default()));
    }
}
