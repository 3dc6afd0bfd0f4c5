//! `matrix` (spec/control-plane.md §3.11): one step, many jobs with different values.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::DefinitionError;
use super::read::{Reader, scalar};
use super::retry::SoftFail;
use super::skip::Skip;

/// The values of one job, by dimension; the anonymous dimension is the empty string.
pub type Permutation = IndexMap<String, String>;

/// The jobs a matrix step makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matrix {
    permutations: Vec<Cell>,
}

/// One combination, with what its adjustment says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The values.
    pub values: Permutation,
    /// Overrides the step's own, if the adjustment has one.
    pub soft_fail: Option<SoftFail>,
}

const MAX_DIMENSIONS: usize = 6;
const MAX_ELEMENTS: usize = 25;
const MAX_ADJUSTMENTS: usize = 12;
const MAX_JOBS: usize = 50;
const MAX_BYTES: usize = 128;
const KEYS: &[&str] = &["matrix"];
/// The name of the one dimension of a plain list.
const ANONYMOUS: &str = "";

type Dimensions = IndexMap<String, Vec<String>>;

impl Matrix {
    /// The jobs, in product order: the last dimension varies fastest, added combinations come last.
    pub fn cells(&self) -> &[Cell] {
        &self.permutations
    }

    pub(super) fn read(reader: &Reader<'_>) -> Result<Option<Self>, DefinitionError> {
        let Some(value) = reader.get(KEYS) else { return Ok(None) };
        let (setup, adjustments) = parts(reader, value)?;
        let dimensions = dimensions(reader, setup)?;
        // More than that no adjustments could bring down to the limit.
        let size = dimensions.values().map(Vec::len).fold(1_usize, usize::saturating_mul);
        if size > MAX_JOBS + MAX_ADJUSTMENTS {
            limit("matrix jobs", size, MAX_JOBS)?;
        }
        let mut cells = product(&dimensions);
        limit("matrix adjustments", adjustments.len(), MAX_ADJUSTMENTS)?;
        for adjustment in adjustments {
            adjust(reader, &dimensions, &mut cells, adjustment)?;
        }
        limit("matrix jobs", cells.len(), MAX_JOBS)?;
        let matrix = Self { permutations: cells };
        matrix.check_tokens(reader, &dimensions)?;
        Ok(Some(matrix))
    }

    fn check_tokens(&self, reader: &Reader<'_>, dimensions: &Dimensions) -> Result<(), DefinitionError> {
        let mut unknown = None;
        for key in ["command", "commands", "label", "name", "env", "plugins", "agents"] {
            if let Some(value) = reader.map().get(key) {
                each_string(value, &mut |text| {
                    unknown = unknown.take().or_else(|| unknown_dimension(text, dimensions));
                });
            }
        }
        match unknown {
            Some(name) => Err(reader
                .conflict(format!("uses the matrix dimension \"{name}\", which its matrix does not have"))),
            None => Ok(()),
        }
    }
}

fn limit(what: &'static str, found: usize, limit: usize) -> Result<(), DefinitionError> {
    if found > limit { Err(DefinitionError::TooMany { what, found, limit }) } else { Ok(()) }
}

fn parts<'a>(reader: &Reader<'_>, value: &'a Value) -> Result<(&'a Value, &'a [Value]), DefinitionError> {
    match value {
        Value::Array(_) => Ok((value, &[])),
        Value::Object(map) => {
            let setup =
                map.get("setup").ok_or_else(|| reader.bad(KEYS, "a list, or a mapping with `setup`"))?;
            let adjustments = match map.get("adjustments") {
                None | Some(Value::Null) => &[],
                Some(Value::Array(items)) => items.as_slice(),
                Some(_) => return Err(reader.bad(KEYS, "a mapping whose `adjustments` are a list")),
            };
            Ok((setup, adjustments))
        }
        _ => Err(reader.bad(KEYS, "a list, or a mapping with `setup`")),
    }
}

fn dimensions(reader: &Reader<'_>, setup: &Value) -> Result<Dimensions, DefinitionError> {
    let found: Dimensions = match setup {
        Value::Array(_) => [(ANONYMOUS.to_owned(), elements(reader, setup)?)].into(),
        Value::Object(map) => map
            .iter()
            .map(|(name, values)| {
                let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
                if name.is_empty() || !name.chars().all(plain) || name.len() > MAX_BYTES {
                    return Err(reader.bad(KEYS, "named by letters, digits and underscores"));
                }
                Ok((name.clone(), elements(reader, values)?))
            })
            .collect::<Result<_, _>>()?,
        _ => return Err(reader.bad(KEYS, "a list, or a mapping of lists")),
    };
    limit("matrix dimensions", found.len(), MAX_DIMENSIONS)?;
    Ok(found)
}

fn elements(reader: &Reader<'_>, values: &Value) -> Result<Vec<String>, DefinitionError> {
    let bad = || reader.bad(KEYS, "made of strings, integers and booleans of at most 128 bytes");
    let items = values.as_array().ok_or_else(bad)?;
    limit("elements of a matrix dimension", items.len(), MAX_ELEMENTS)?;
    items.iter().map(|item| scalar(item).filter(|text| text.len() <= MAX_BYTES).ok_or_else(bad)).collect()
}

fn product(dimensions: &Dimensions) -> Vec<Cell> {
    let mut all = vec![Permutation::new()];
    for (name, values) in dimensions {
        all = all
            .iter()
            .flat_map(|start| {
                values.iter().map(move |value| {
                    let mut longer = start.clone();
                    longer.insert(name.clone(), value.clone());
                    longer
                })
            })
            .collect();
    }
    all.into_iter().map(|values| Cell { values, soft_fail: None }).collect()
}

fn adjust(
    reader: &Reader<'_>,
    dimensions: &Dimensions,
    cells: &mut Vec<Cell>,
    adjustment: &Value,
) -> Result<(), DefinitionError> {
    let bad = || reader.bad(KEYS, "adjusted `with` a value for each dimension");
    let map = adjustment.as_object().ok_or_else(bad)?;
    let values = with(map, dimensions).ok_or_else(bad)?;
    let place = cells.iter().position(|cell| cell.values == values);
    if Skip::from_value(map.get("skip")).is_some_and(|skip| skip.is_some()) {
        if let Some(place) = place {
            cells.remove(place);
        }
        return Ok(());
    }
    let soft_fail = match map.get("soft_fail") {
        None | Some(Value::Null) => None,
        Some(value) => Some(SoftFail::from_value(value).ok_or_else(bad)?),
    };
    match place {
        Some(place) => cells[place].soft_fail = soft_fail,
        None => cells.push(Cell { values, soft_fail }),
    }
    Ok(())
}

/// The combination an adjustment speaks about, in the order of the dimensions.
fn with(map: &Map<String, Value>, dimensions: &Dimensions) -> Option<Permutation> {
    match map.get("with")? {
        Value::Object(values) => {
            let known = values.keys().all(|name| dimensions.contains_key(name));
            let pick = |name: &String| Some((name.clone(), scalar(values.get(name)?)?));
            if known { dimensions.keys().map(pick).collect() } else { None }
        }
        value if dimensions.len() == 1 => Some([(dimensions.keys().next()?.clone(), scalar(value)?)].into()),
        _ => None,
    }
}

fn each_string(value: &Value, see: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => see(text),
        Value::Array(items) => items.iter().for_each(|item| each_string(item, see)),
        Value::Object(map) => map.values().for_each(|item| each_string(item, see)),
        _ => {}
    }
}

fn unknown_dimension(text: &str, dimensions: &Dimensions) -> Option<String> {
    tokens(text).find(|token| !dimensions.contains_key(token.name)).map(|token| token.name.to_owned())
}

/// `text` with every `{{matrix}}` and `{{matrix.name}}` replaced by its value.
pub(crate) fn expand(text: &str, values: &Permutation) -> String {
    let mut out = String::new();
    let mut copied = 0;
    for token in tokens(text) {
        if let Some(value) = values.get(token.name) {
            out.push_str(&text[copied..token.start]);
            out.push_str(value);
            copied = token.end;
        }
    }
    out.push_str(&text[copied..]);
    out
}

/// A JSON value with every string in it expanded.
pub(crate) fn expand_value(value: &Value, values: &Permutation) -> Value {
    match value {
        Value::String(text) => Value::String(expand(text, values)),
        Value::Array(items) => items.iter().map(|item| expand_value(item, values)).collect(),
        Value::Object(map) => Value::Object(
            map.iter().map(|(key, item)| (expand(key, values), expand_value(item, values))).collect(),
        ),
        other => other.clone(),
    }
}

struct Token<'a> {
    name: &'a str,
    start: usize,
    end: usize,
}

/// The matrix tokens of `text`, in order.
fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let start = from + text[from..].find("{{")?;
            let inner = start + 2;
            let length = text[inner..].find("}}")?;
            let word = text[inner..inner + length].trim();
            from = start + 1;
            let name = match word.strip_prefix("matrix") {
                Some("") => ANONYMOUS,
                Some(rest) if rest.starts_with('.') => &rest[1..],
                _ => continue,
            };
            from = inner + length + 2;
            return Some(Token { name, start, end: from });
        }
    })
}
