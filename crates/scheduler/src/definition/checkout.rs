//! The `checkout` block (spec/control-plane.md §3.3.1): settings that become variables of the job.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::error::DefinitionError;
use super::read::{Reader, one_or_many, scalar};

/// What the `checkout` blocks of document and step say together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Variables that win over the step's own `env`.
    pub over_env: IndexMap<String, String>,
    /// Variables that the step's own `env` wins over.
    pub under_env: IndexMap<String, String>,
    /// Appended to the clone and the fetch flags, whoever sets them.
    pub depth: Option<u32>,
    /// The secret that holds the key for git.
    pub ssh_secret: Option<String>,
}

/// The variable the ssh secret is put into.
const SSH_KEY: &str = "BUILDKITE_GIT_SSH_KEY";

impl Settings {
    /// Step values over the document's, key by key; `flags` by its own keys.
    pub(super) fn read(reader: &Reader<'_>, document: Option<&Value>) -> Result<Self, DefinitionError> {
        const KEYS: &[&str] = &["checkout"];
        let bad = || reader.bad(KEYS, "a mapping");
        let mut merged = match document {
            Some(value) => value.as_object().ok_or_else(bad)?.clone(),
            None => Map::new(),
        };
        merged.shift_remove("ssh_secret");
        if let Some(value) = reader.get(KEYS) {
            merge(&mut merged, value.as_object().ok_or_else(bad)?);
        }
        settings(&reader.nested(&merged, "checkout"))
    }

    /// The secret reference that `ssh_secret` adds to a step's secrets.
    pub fn secret(&self) -> Option<Value> {
        self.ssh_secret.as_ref().map(|key| json!({ "key": key, "environment_variable": SSH_KEY }))
    }
}

fn merge(into: &mut Map<String, Value>, over: &Map<String, Value>) {
    for (key, value) in over {
        match (into.get_mut(key), value) {
            (Some(Value::Object(old)), Value::Object(new)) if key == "flags" => {
                old.extend(new.iter().map(|(flag, value)| (flag.clone(), value.clone())));
            }
            _ => {
                into.insert(key.clone(), value.clone());
            }
        }
    }
}

fn settings(reader: &Reader<'_>) -> Result<Settings, DefinitionError> {
    let mut found = Settings {
        depth: reader.positive(&["depth"])?,
        ssh_secret: reader.string(&["ssh_secret"])?,
        ..Settings::default()
    };
    for (key, variable) in SWITCHES {
        if let Some(on) = reader.boolean(&[key])? {
            found.over_env.insert((*variable).to_owned(), on.to_string());
        }
    }
    if let Some(value) = reader.get(&["flags"]) {
        let map = value.as_object().ok_or_else(|| reader.bad(&["flags"], "a mapping"))?;
        let flags = reader.nested(map, "checkout.flags");
        for (key, variable) in FLAGS {
            if let Some(text) = flags.string(&[key])? {
                found.under_env.insert((*variable).to_owned(), text);
            }
        }
    }
    if let Some(text) = reader.string(&["commit_verification"])? {
        found.under_env.insert("BUILDKITE_GIT_COMMIT_VERIFICATION".to_owned(), text);
    }
    if let Some(paths) = sparse_paths(reader)? {
        found.under_env.insert("BUILDKITE_GIT_SPARSE_CHECKOUT_PATHS".to_owned(), paths);
    }
    Ok(found)
}

fn sparse_paths(reader: &Reader<'_>) -> Result<Option<String>, DefinitionError> {
    const KEYS: &[&str] = &["sparse"];
    let Some(value) = reader.get(KEYS) else { return Ok(None) };
    let bad = || reader.bad(KEYS, "a mapping with `paths`, a string or a list of strings");
    match value.as_object().ok_or_else(bad)?.get("paths") {
        None | Some(Value::Null) => Ok(None),
        Some(paths) => {
            let paths = one_or_many(paths).iter().map(scalar).collect::<Option<Vec<_>>>().ok_or_else(bad)?;
            Ok(Some(paths.join(",")))
        }
    }
}

const SWITCHES: &[(&str, &str)] = &[
    ("skip", "BUILDKITE_SKIP_CHECKOUT"),
    ("submodules", "BUILDKITE_GIT_SUBMODULES"),
    ("lfs", "BUILDKITE_GIT_LFS_ENABLED"),
];

const FLAGS: &[(&str, &str)] = &[
    ("clone", "BUILDKITE_GIT_CLONE_FLAGS"),
    ("fetch", "BUILDKITE_GIT_FETCH_FLAGS"),
    ("checkout", "BUILDKITE_GIT_CHECKOUT_FLAGS"),
    ("clean", "BUILDKITE_GIT_CLEAN_FLAGS"),
];
