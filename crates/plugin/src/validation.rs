//! A plugin's configuration against its definition, `plugin.yml` (spec/job.md §9.7).
use crate::configuration::Value;
use crate::error::PluginError;
use crate::loaded::LoadedPlugin;
use crate::schema;
use indexmap::IndexMap;
use redkite_pipeline::Value as Yaml;
use redkite_shell::Shell;
use std::fs;
use std::io;

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
    let document = redkite_pipeline::documents(text).next_value();
    let members = match document.transpose().map_err(|error| error.to_string())? {
        None | Some(Yaml::Null) => return Ok(Definition::default()),
        Some(Yaml::Map(members)) => members,
        Some(other) => return Err(format!("it should be a map, not {}", other.kind())),
    };
    match members.get("name") {
        None | Some(Yaml::Null | Yaml::String(_)) => {}
        Some(other) => return Err(format!("name should be a text, not {}", other.kind())),
    }
    Ok(Definition {
        requirements: requirements(&members)?,
        configuration: match members.get("configuration") {
            None | Some(Yaml::Null) => None,
            Some(found) => Some(schema_of(found)?),
        },
    })
}

fn requirements(members: &redkite_pipeline::Map) -> Result<Vec<String>, String> {
    match members.get("requirements") {
        None | Some(Yaml::Null) => Ok(Vec::new()),
        Some(Yaml::List(names)) => names
            .iter()
            .map(|name| match name {
                Yaml::String(text) => Ok(text.clone()),
                other => Err(format!("requirements should be names of commands, not {}", other.kind())),
            })
            .collect(),
        Some(other) => Err(format!("requirements should be a list, not {}", other.kind())),
    }
}

/// The configuration's schema. A keyword with a value that it can't have is a mistake of the plugin's, not of its
/// user's.
fn schema_of(found: &Yaml) -> Result<Value, String> {
    if !matches!(found, Yaml::Map(_) | Yaml::Bool(_)) {
        return Err(format!("configuration should be a schema, not {}", found.kind()));
    }
    let schema = from_yaml(found);
    match schema::fault(&schema) {
        Some(fault) => Err(fault),
        None => Ok(schema),
    }
}

/// A value of the definition as the JSON it stands for.
fn from_yaml(value: &Yaml) -> Value {
    match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(*value),
        Yaml::Int(value) => Value::Number(value.to_string()),
        Yaml::Uint(value) => Value::Number(value.to_string()),
        Yaml::Float(value) => Value::Number(value.to_string()),
        Yaml::String(text) | Yaml::Timestamp(text) => Value::Text(text.clone()),
        Yaml::List(items) => Value::List(items.iter().map(from_yaml).collect()),
        Yaml::Map(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), from_yaml(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_has_requirements_and_a_schema() {
        let text = b"name: Checked\nrequirements:\n  - bash\nconfiguration:\n  properties:\n    a:\n      type: string\n  required: [a]\n";
        let definition = read(text).expect("it is YAML");
        assert_eq!(definition.requirements, ["bash"]);
        let schema = definition.configuration.expect("it has one");
        let faults = |json: &str| schema::validate(&schema, &serde_json::from_str(json).expect("JSON"));
        assert!(faults(r#"{"a":"b"}"#).is_empty());
        assert_eq!(faults(r#"{"a":1}"#).len(), 1);
    }

    #[test]
    fn other_texts_are_no_definitions() {
        assert!(read(b"- a list").is_err());
        assert!(read(b"a: [").is_err());
        assert!(read(b"").is_ok() && read(b"~").is_ok());
        assert!(read(b"requirements: null\nconfiguration: null\nname: null").is_ok());
        let check = |text: &str, says: &str| {
            let error = read(text.as_bytes()).expect_err(text);
            assert!(error.contains(says), "{text}: {error}");
        };
        check("name: 5", "name should be");
        check("requirements: bash", "should be a list");
        check("requirements: [5]", "names of commands");
        check("configuration: 5", "should be a schema");
        check("configuration: {type: foo}", "\"foo\" is not a type");
        check("configuration: {properties: {a: {type: [string, foo]}}}", "\"foo\" is not a type");
        assert!(read(b"configuration: {properties: {type: {type: string}}}").is_ok());
    }
}
