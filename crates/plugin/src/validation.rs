//! A plugin's configuration against its definition, `plugin.yml` (spec/job.md §9.7).
use crate::configuration::Value;
use crate::error::PluginError;
use crate::loaded::LoadedPlugin;
use crate::schema;
use indexmap::IndexMap;
use redkite_shell::Shell;
use std::fs;
use std::io;
use std::path::PathBuf;

/// Whether configurations are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validation {
    /// Nobody looks.
    Off,
    /// A configuration that doesn't fit fails the job.
    On,
}

const DEFINITIONS: [&str; 3] = ["plugin.json", "plugin.yaml", "plugin.yml"];

/// What a plugin says about itself.
#[derive(Debug, Default)]
struct Definition {
    requirements: Vec<String>,
    configuration: Option<Value>,
}

/// Checks `plugin` if that is wanted.
pub(crate) fn validate(
    shell: &Shell,
    plugin: &LoadedPlugin,
    validation: Validation,
) -> Result<(), PluginError> {
    let (log, name) = (shell.log(), plugin.plugin.name());
    if validation == Validation::Off {
        return Ok(());
    }
    let Some(definition) = definition(plugin)? else {
        log.warning(format_args!("Failed to find plugin definition for plugin {name}"));
        return Ok(());
    };
    let configuration = plugin.plugin.configuration.clone().unwrap_or_else(|| Value::Object(IndexMap::new()));
    let mut faults: Vec<_> = definition
        .requirements
        .iter()
        .filter(|command| shell.find(command).is_none())
        .map(|command| format!("{command:?} command not found in PATH"))
        .collect();
    if let Some(schema) = &definition.configuration {
        faults.extend(schema::validate(schema, &configuration));
    }
    if faults.is_empty() {
        log.comment(format_args!("Valid plugin configuration for {name:?}"));
        return Ok(());
    }
    log.header(format_args!("Plugin validation failed for {name:?}"));
    log.comment(format_args!("Plugin configuration JSON is {}", configuration.canonical()));
    Err(PluginError::Validation(faults))
}

fn definition(plugin: &LoadedPlugin) -> Result<Option<Definition>, PluginError> {
    for name in DEFINITIONS {
        let path = plugin.folder().join(name);
        return match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => Err(PluginError::Definition { path, reason: error.to_string() }),
            Ok(text) => read(&text).map(Some).map_err(|reason| PluginError::Definition { path, reason }),
        };
    }
    Ok(None)
}

fn read(text: &[u8]) -> Result<Definition, String> {
    let Value::Object(members) = serde_json::from_slice(text).map_err(|error| error.to_string())? else {
        return Err("it should be a map".to_owned());
    };
    let text_of = |value: &Value| match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    Ok(Definition {
        requirements: match members.get("requirements") {
            Some(Value::List(names)) => names.iter().filter_map(text_of).collect(),
            _ => Vec::new(),
        },
        configuration: members.get("configuration").cloned(),
    })
}
