//! Nodes become values: scalars are resolved, aliases copied, maps merged (spec/pipeline.md §4.3–§4.5).

use std::collections::HashSet;

use base64::Engine as _;

use super::MAX_DEPTH;
use super::node::{Content, Node, NodeId, Place, Scalar};
use super::resolve::resolve;
use crate::number;
use crate::value::{Map, Value};

/// How many values one document may become. Aliases can multiply without end; a real pipeline stays far below.
const MAX_VALUES: usize = 1_000_000;

/// A document is well-formed but means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct DecodeError {
    /// The line of the node, from one.
    pub line: u64,
    /// Its column, from one.
    pub column: u64,
    /// What is wrong with it.
    pub problem: String,
}

/// The value of the document at `root`.
pub(crate) fn decode(nodes: &[Node], root: NodeId) -> Result<Value, DecodeError> {
    Decoder { nodes, active: HashSet::new(), depth: 0, values: 0 }.value(root)
}

struct Decoder<'a> {
    nodes: &'a [Node],
    /// The collections that the current node lies in.
    active: HashSet<NodeId>,
    depth: usize,
    values: usize,
}

impl<'a> Decoder<'a> {
    fn value(&mut self, id: NodeId) -> Result<Value, DecodeError> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(self.problem(id, "the document's aliases expand to too many values"));
        }
        match &self.node(id).content {
            Content::Scalar(scalar) => scalar_value(scalar).map_err(|problem| self.problem(id, problem)),
            Content::Alias(target) => self.value(*target),
            Content::Open | Content::List(_) | Content::Map(_) => self.collection(id),
        }
    }

    fn collection(&mut self, id: NodeId) -> Result<Value, DecodeError> {
        if self.depth > MAX_DEPTH {
            return Err(self.problem(id, format!("nested more than {MAX_DEPTH} levels deep")));
        }
        if !self.active.insert(id) {
            return Err(self.problem(id, "an alias lies inside of what it stands for"));
        }
        self.depth += 1;
        let value = match &self.node(id).content {
            Content::List(items) => {
                let items: Result<_, _> = items.iter().map(|&item| self.value(item)).collect();
                Value::List(items?)
            }
            _ => Value::Map(self.map(id)?),
        };
        self.depth -= 1;
        self.active.remove(&id);
        Ok(value)
    }

    fn map(&mut self, id: NodeId) -> Result<Map, DecodeError> {
        let entries = self.entries(id);
        let mut map = Map::with_capacity(entries.len());
        if !entries.iter().any(|&(key, _)| self.is_merge(key)) {
            for &(key, value) in entries {
                map.insert(self.key(key)?, self.value(value)?);
            }
            return Ok(map);
        }
        let mut taken = self.own_keys(id)?;
        let mut merged = HashSet::from([id]);
        for &(key, value) in entries {
            if self.is_merge(key) {
                self.merge(value, &mut map, &mut taken, &mut merged)?;
            } else {
                map.insert(self.key(key)?, self.value(value)?);
            }
        }
        Ok(map)
    }

    /// Merges what a `<<` points to: a map, or lists of maps. Keys in `taken` stay as they are.
    fn merge(
        &mut self,
        source: NodeId,
        map: &mut Map,
        taken: &mut HashSet<String>,
        merged: &mut HashSet<NodeId>,
    ) -> Result<(), DecodeError> {
        let source = self.behind_alias(source);
        if !merged.insert(source) {
            return Ok(());
        }
        match &self.node(source).content {
            Content::List(items) => items.iter().try_for_each(|&item| self.merge(item, map, taken, merged)),
            Content::Map(_) | Content::Open => self.merge_map(source, map, taken, merged),
            _ => Err(self.problem(source, "only a map, or a list of maps, can be merged")),
        }
    }

    fn merge_map(
        &mut self,
        source: NodeId,
        map: &mut Map,
        taken: &mut HashSet<String>,
        merged: &mut HashSet<NodeId>,
    ) -> Result<(), DecodeError> {
        // A source's own keys win over those that it merges itself.
        let mut own = self.own_keys(source)?;
        own.retain(|key| !taken.contains(key));
        taken.extend(own.iter().cloned());
        for &(key, value) in self.entries(source) {
            if self.is_merge(key) {
                self.merge(value, map, taken, merged)?;
                continue;
            }
            let key = self.key(key)?;
            if own.remove(&key) {
                let value = self.value(value)?;
                map.insert(key, value);
            }
        }
        Ok(())
    }

    fn own_keys(&self, id: NodeId) -> Result<HashSet<String>, DecodeError> {
        let keys = self.entries(id).iter().map(|(key, _)| *key);
        keys.filter(|&key| !self.is_merge(key)).map(|key| self.key(key)).collect()
    }

    fn is_merge(&self, key: NodeId) -> bool {
        match &self.node(key).content {
            Content::Scalar(Scalar { text, tag: None, plain }) => *plain && text == "<<",
            Content::Scalar(Scalar { tag: Some(tag), .. }) => tag == "tag:yaml.org,2002:merge",
            _ => false,
        }
    }

    /// The text of a key (§4.4).
    fn key(&self, id: NodeId) -> Result<String, DecodeError> {
        let target = self.behind_alias(id);
        let Content::Scalar(scalar) = &self.node(target).content else {
            return Err(self.problem(id, "a list or map can't be a key"));
        };
        match scalar_value(scalar).map_err(|problem| self.problem(id, problem))? {
            Value::Null => Err(self.problem(id, "null can't be a key")),
            Value::Bool(value) => Ok(value.to_string()),
            Value::Int(value) => Ok(value.to_string()),
            Value::Uint(value) => Ok(value.to_string()),
            Value::Float(value) => Ok(number::as_key(value)),
            _ => Ok(scalar.text.clone()),
        }
    }

    fn behind_alias(&self, id: NodeId) -> NodeId {
        match self.node(id).content {
            Content::Alias(target) => target,
            _ => id,
        }
    }

    fn entries(&self, id: NodeId) -> &'a [(NodeId, NodeId)] {
        match &self.node(id).content {
            Content::Map(entries) => entries,
            _ => &[],
        }
    }

    fn node(&self, id: NodeId) -> &'a Node {
        &self.nodes[id]
    }

    fn problem(&self, id: NodeId, problem: impl Into<String>) -> DecodeError {
        let Place { line, column } = self.node(id).place;
        DecodeError { line, column, problem: problem.into() }
    }
}

/// The value of a scalar, its tag and quotes considered.
fn scalar_value(scalar: &Scalar) -> Result<Value, String> {
    let text = || Value::String(scalar.text.clone());
    let Some(tag) = &scalar.tag else {
        return Ok(if scalar.plain { resolve(&scalar.text) } else { text() });
    };
    let kind = tag.strip_prefix("tag:yaml.org,2002:").unwrap_or_default();
    let value = resolve(&scalar.text);
    match (kind, value) {
        ("int", value @ (Value::Int(_) | Value::Uint(_))) => Ok(value),
        ("bool", value @ Value::Bool(_)) => Ok(value),
        ("null", value @ Value::Null) => Ok(value),
        ("timestamp", value @ Value::Timestamp(_)) => Ok(value),
        ("float", value @ Value::Float(_)) => Ok(value),
        #[expect(clippy::cast_precision_loss, reason = "a float field holds what a float can hold")]
        ("float", Value::Int(value)) => Ok(Value::Float(value as f64)),
        #[expect(clippy::cast_precision_loss, reason = "a float field holds what a float can hold")]
        ("float", Value::Uint(value)) => Ok(Value::Float(value as f64)),
        ("int" | "bool" | "null" | "timestamp" | "float", value) => {
            Err(format!("{:?} is {}, so it is no !!{kind}", scalar.text, value.kind()))
        }
        ("binary", _) => binary(&scalar.text),
        _ => Ok(text()),
    }
}

fn binary(text: &str) -> Result<Value, String> {
    let compact: String = text.split_ascii_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(compact);
    let bytes = bytes.map_err(|_| "this !!binary is no base64".to_owned())?;
    Ok(Value::String(String::from_utf8_lossy(&bytes).into_owned()))
}
