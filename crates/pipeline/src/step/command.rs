//! Command steps (spec/pipeline.md §8.1).

use indexmap::IndexMap;

use super::{Cache, Checkout, Matrix, Plugin, Rejected, Secret, Signature};
use super::{cache, checkout, matrix, plugin, secret, signature};
use crate::convert::{self, FieldError, Fields, InField};
use crate::value::Map;

/// A step that runs commands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CommandStep {
    /// All commands, one per line; possibly empty.
    pub command: String,
    /// What the step is called.
    pub label: Option<String>,
    /// What other steps call it.
    pub key: Option<String>,
    /// Plugins, in order.
    pub plugins: Vec<Plugin>,
    /// Variables of its jobs.
    pub env: IndexMap<String, String>,
    /// The combinations that it runs in.
    pub matrix: Option<Matrix>,
    /// What is cached.
    pub cache: Option<Cache>,
    /// Secrets of its jobs.
    pub secrets: Vec<Secret>,
    /// How its jobs check out.
    pub checkout: Option<Checkout>,
    /// Its signature.
    pub signature: Option<Signature>,
    /// Everything else, as it was written.
    pub rest: Map,
}

impl CommandStep {
    /// Reads a step: also the `step` of a job that an agent accepts.
    pub fn parse(map: Map) -> Result<Self, Rejected> {
        let mut fields = Fields::new(&map);
        match Self::known(&mut fields) {
            Ok(step) => {
                let taken = fields.taken();
                Ok(Self { rest: convert::without(map, &taken), ..step })
            }
            Err(error) => Err(Rejected { error, map }),
        }
    }

    /// All but the rest.
    fn known(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            command: command(fields)?,
            label: fields.text(&["label", "name"])?,
            key: fields.text(&["key", "id", "identifier"])?,
            plugins: fields
                .convert(&["plugins"], |value| plugin::parse(value).map(Some))?
                .unwrap_or_default(),
            env: fields.convert(&["env"], convert::string_map)?.unwrap_or_default(),
            matrix: fields.convert(&["matrix"], matrix::parse)?,
            cache: fields.convert(&["cache"], cache::parse)?,
            secrets: fields
                .convert(&["secrets"], |value| secret::parse_secrets(value).map(Some))?
                .unwrap_or_default(),
            checkout: fields.convert(&["checkout"], checkout::parse_checkout)?,
            signature: fields.convert(&["signature"], signature::parse)?,
            rest: Map::new(),
        })
    }
}

/// `commands`, else `command`. When both are there, `command` is dropped but must be a scalar.
fn command(fields: &mut Fields<'_>) -> Result<String, FieldError> {
    let lines = match fields.convert(&["commands"], |value| convert::strings(value).map(Some))? {
        Some(lines) => {
            fields.take(&["command"]).map(convert::string).transpose().in_field("command")?;
            lines
        }
        None => fields.convert(&["command"], convert::strings)?,
    };
    Ok(lines.unwrap_or_default().join("\n"))
}
