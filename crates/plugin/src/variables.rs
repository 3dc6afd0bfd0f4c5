//! A plugin's configuration as environment variables of its hooks (spec/job.md §9.4).
use crate::configuration::Value;
use std::collections::BTreeMap;

/// What a plugin's hooks find in their environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables {
    /// Names and values.
    pub values: BTreeMap<String, String>,
    /// Names that are still set for older plugins, by name.
    pub deprecated: Vec<Deprecated>,
}

/// A name that is set beside the one that replaces it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deprecated {
    /// With its underscores collapsed.
    pub old: String,
    /// As it should be read.
    pub new: String,
}

/// The configuration has a `null` in it, for which there is no variable. The hooks then get none at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a null has no place in a plugin's configuration")]
pub struct NullInside;

const PREFIX: &str = "BUILDKITE_PLUGIN";

/// The variables for the plugin called `name` with `configuration`.
///
/// # Errors
/// When there is a `null` in the configuration.
pub(crate) fn variables(name: &str, configuration: Option<&Value>) -> Result<Variables, NullInside> {
    let mut values = BTreeMap::new();
    let json = configuration.map_or_else(|| "{}".to_owned(), Value::canonical);
    values.insert(format!("{PREFIX}_NAME"), key(name));
    values.insert(format!("{PREFIX}_CONFIGURATION"), json);
    if let Some(configuration) = configuration {
        flatten(&format!("{PREFIX}_{}", key(name)), configuration, &mut values)?;
    }
    let mut aliases: Vec<_> = values.iter().filter_map(|(name, value)| alias(name, value)).collect();
    aliases.sort();
    let mut deprecated = Vec::new();
    for (names, value) in aliases {
        values.entry(names.old.clone()).or_insert(value);
        deprecated.push(names);
    }
    Ok(Variables { values, deprecated })
}

fn flatten(name: &str, value: &Value, into: &mut BTreeMap<String, String>) -> Result<(), NullInside> {
    let text = match value {
        Value::Null => return Err(NullInside),
        Value::Bool(value) => value.to_string(),
        Value::Number(text) | Value::Text(text) => text.clone(),
        Value::List(items) => {
            let numbered = items.iter().enumerate();
            return numbered
                .into_iter()
                .try_for_each(|(at, item)| flatten(&format!("{name}_{at}"), item, into));
        }
        Value::Object(members) => {
            return members
                .iter()
                .try_for_each(|(member, value)| flatten(&format!("{name}_{}", key(member)), value, into));
        }
    };
    into.insert(name.to_owned(), text);
    Ok(())
}

/// A key as part of a variable's name.
fn key(text: &str) -> String {
    let upper = text.to_uppercase();
    upper.chars().map(|c| if c == '-' || c.is_whitespace() { '_' } else { c }).collect()
}

/// Variables once had their underscores collapsed; plugins that still read those names get them.
fn alias(name: &str, value: &str) -> Option<(Deprecated, String)> {
    name.contains("__").then(|| {
        let mut old = String::with_capacity(name.len());
        for c in name.chars() {
            if c != '_' || !old.ends_with('_') {
                old.push(c);
            }
        }
        (Deprecated { old, new: name.to_owned() }, value.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, configuration: &str, expected: &[(&str, &str)]) {
        let value = serde_json::from_str(configuration).expect(configuration);
        let found = variables(name, Some(&value)).expect(configuration).values;
        let mut found: Vec<_> = found.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        found.retain(|(name, _)| !["BUILDKITE_PLUGIN_NAME", "BUILDKITE_PLUGIN_CONFIGURATION"].contains(name));
        assert_eq!(found, expected, "{configuration}");
    }

    #[test]
    fn each_kind_of_value_has_its_form() {
        check("one", r#"{"a":"x"}"#, &[("BUILDKITE_PLUGIN_ONE_A", "x")]);
        check(
            "one",
            r#"{"a":[1,2.50,true,{"b-c d":"q"},["z"]],"e":"","n":12345678901234567890}"#,
            &[
                ("BUILDKITE_PLUGIN_ONE_A_0", "1"),
                ("BUILDKITE_PLUGIN_ONE_A_1", "2.50"),
                ("BUILDKITE_PLUGIN_ONE_A_2", "true"),
                ("BUILDKITE_PLUGIN_ONE_A_3_B_C_D", "q"),
                ("BUILDKITE_PLUGIN_ONE_A_4_0", "z"),
                ("BUILDKITE_PLUGIN_ONE_E", ""),
                ("BUILDKITE_PLUGIN_ONE_N", "12345678901234567890"),
            ],
        );
        check("one", r#"{"a":[],"b":{}}"#, &[]);
        check(
            "o-ne",
            r#"{"dots.and/slashes":4,"grün":6,"":8}"#,
            &[
                ("BUILDKITE_PLUGIN_O_NE_", "8"),
                ("BUILDKITE_PLUGIN_O_NE_DOTS.AND/SLASHES", "4"),
                ("BUILDKITE_PLUGIN_O_NE_GRÜN", "6"),
            ],
        );
    }

    #[test]
    fn collapsed_names_are_set_too() {
        let value = serde_json::from_str(r#"{"c__d":{"e- -f":"y"},"a--b":"x"}"#).expect("JSON");
        let found = variables("dash", Some(&value)).expect("no null");
        let old: Vec<_> = found.deprecated.iter().map(|d| (d.old.as_str(), d.new.as_str())).collect();
        assert_eq!(
            old,
            [
                ("BUILDKITE_PLUGIN_DASH_A_B", "BUILDKITE_PLUGIN_DASH_A__B"),
                ("BUILDKITE_PLUGIN_DASH_C_D_E_F", "BUILDKITE_PLUGIN_DASH_C__D_E___F"),
            ]
        );
        assert_eq!(found.values["BUILDKITE_PLUGIN_DASH_C_D_E_F"], "y");
    }

    #[test]
    fn a_real_name_wins_over_an_alias() {
        let value = serde_json::from_str(r#"{"a--b":"alias","a-b":"real"}"#).expect("JSON");
        let found = variables("x", Some(&value)).expect("no null");
        assert_eq!(found.values["BUILDKITE_PLUGIN_X_A_B"], "real");
    }

    #[test]
    fn the_plugin_is_named_even_without_a_configuration() {
        let found = variables("my-plugin", None).expect("no null").values;
        assert_eq!(found["BUILDKITE_PLUGIN_NAME"], "MY_PLUGIN");
        assert_eq!(found["BUILDKITE_PLUGIN_CONFIGURATION"], "{}");
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn a_null_anywhere_leaves_nothing() {
        for text in [r#"{"a":null}"#, r#"{"a":[1,null]}"#] {
            let value = serde_json::from_str(text).expect(text);
            assert_eq!(variables("x", Some(&value)), Err(NullInside));
        }
    }
}
