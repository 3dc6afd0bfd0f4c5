//! The plugins of a job, as `BUILDKITE_PLUGINS` lists them (spec/job.md §9.2).
use crate::configuration::Value;
use crate::reference::{Reference, ReferenceError};
use crate::variables::{NullInside, Variables, variables};

/// One plugin of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugin {
    /// Where it comes from.
    pub reference: Reference,
    /// An object, or nothing.
    pub configuration: Option<Value>,
}

/// Why a list of plugins can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// Not JSON.
    #[error("failed to parse a plugin definition: not valid JSON")]
    Json(#[source] serde_json::Error),
    /// JSON, but no list.
    #[error("failed to parse a plugin definition: JSON structure was not an array")]
    NotAnArray,
    /// A configuration that is no object.
    #[error("failed to parse a plugin definition: configuration for {0:?} is not a hash")]
    Configuration(String),
    /// Neither a text nor an object.
    #[error("failed to parse a plugin definition: unknown type in plugin definition ({0})")]
    Element(String),
    /// A text that is no reference.
    #[error("failed to parse a plugin definition: {0}")]
    Reference(#[from] ReferenceError),
}

/// The plugins in `json`, in order. What follows the list is ignored.
///
/// # Errors
/// When it is no list of references and objects of them.
pub fn parse(json: &str) -> Result<Vec<Plugin>, ParseError> {
    let value = serde_json::Deserializer::from_str(json).into_iter::<Value>().next();
    let value = match value {
        Some(value) => value.map_err(ParseError::Json)?,
        None => return Err(ParseError::NotAnArray),
    };
    let Value::List(elements) = value else {
        return Err(ParseError::NotAnArray);
    };
    let mut plugins = Vec::new();
    for element in elements {
        match element {
            Value::Text(reference) => plugins.push(Plugin::new(&reference, None)?),
            Value::Object(members) => {
                for (reference, configuration) in members {
                    plugins.push(Plugin::new(&reference, Some(configuration))?);
                }
            }
            other => return Err(ParseError::Element(other.canonical())),
        }
    }
    Ok(plugins)
}

impl Plugin {
    fn new(reference: &str, configuration: Option<Value>) -> Result<Self, ParseError> {
        let configuration = match configuration {
            None | Some(Value::Null) => None,
            Some(object @ Value::Object(_)) => Some(object),
            Some(_) => return Err(ParseError::Configuration(reference.to_owned())),
        };
        Ok(Self { reference: Reference::parse(reference)?, configuration })
    }

    /// Its short name.
    #[must_use]
    pub fn name(&self) -> String {
        self.reference.name()
    }

    /// The variables that its hooks get, and nothing else does.
    ///
    /// # Errors
    /// When there is a `null` in its configuration.
    pub fn environment(&self) -> Result<Variables, NullInside> {
        variables(&self.name(), self.configuration.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_come_alone_or_with_a_configuration() {
        let plugins = parse(r#"["./a", {"/b#v1": null, "/c": {"k": 1}}, {"/d": {}}] more"#).expect("a list");
        let labels: Vec<_> = plugins.iter().map(|p| p.reference.label()).collect();
        assert_eq!(labels, ["./a", "/b#v1", "/c", "/d"]);
        let configured: Vec<_> = plugins.iter().map(|p| p.configuration.is_some()).collect();
        assert_eq!(configured, [false, false, true, true]);
        assert!(parse("[]").expect("a list").is_empty());
    }

    #[test]
    fn anything_else_is_refused() {
        let check = |json: &str, says: &str| {
            let error = parse(json).expect_err(json).to_string();
            assert!(error.contains(says), "{json}: {error}");
        };
        check("[{", "not valid JSON");
        check("", "not an array");
        check("null", "not an array");
        check(r#"{"./x": null}"#, "not an array");
        check(r#"["./x", 7]"#, "unknown type");
        check(r#"[{"./x": ["a"]}]"#, "is not a hash");
        check(r##"["./x#a#b"]"##, "too many '#'s");
        check(r#"["git@host:org/repo.git"]"#, "not valid");
    }
}
