//! The combinations that a step runs in (spec/pipeline.md §8.3).

use indexmap::IndexMap;

use crate::convert::{self, FieldError, Fields, InField};
use crate::value::{Map, Value};

/// A build matrix.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Matrix {
    /// The dimensions and their values; `None` is written as null.
    pub setup: Option<Setup>,
    /// Additions and exceptions; `None` stands for a null element.
    pub adjustments: Vec<Option<Adjustment>>,
    /// Everything else, as it was written.
    pub rest: Map,
}

/// Dimensions by name, values of each; a matrix that is a list has one dimension called `""`.
pub type Setup = IndexMap<String, Option<Vec<String>>>;

/// The name of the dimension of a matrix that is a list.
pub(crate) const ANONYMOUS: &str = "";

/// A combination that is added, or treated differently.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Adjustment {
    /// Which combination; `None` is written as null.
    pub with: Option<With>,
    /// Whether it is left out; passed through.
    pub skip: Option<Value>,
    /// Everything else, as it was written.
    pub rest: Map,
}

/// Values by dimension; a matrix that is a list has one dimension called `""`.
pub type With = IndexMap<String, String>;

impl Matrix {
    /// The values, if this is a matrix of one unnamed dimension.
    pub fn anonymous_values(&self) -> Option<&[String]> {
        let setup = self.setup.as_ref().filter(|setup| setup.len() == 1)?;
        setup.get(ANONYMOUS)?.as_deref()
    }
}

/// Whether `skip` has a value that JSON drops.
pub(crate) fn is_falsy(skip: &Value) -> bool {
    match skip {
        Value::Null | Value::Bool(false) | Value::Int(0) => true,
        Value::Float(number) => *number == 0.0,
        Value::String(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        _ => false,
    }
}

pub(super) fn parse(value: &Value) -> Result<Option<Matrix>, FieldError> {
    match value {
        Value::Null => Ok(None),
        Value::List(_) => Ok(Some(Matrix { setup: Some(setup(value)?), ..Matrix::default() })),
        Value::Map(map) => from_map(map).map(Some),
        other => Err(FieldError::Kind { wanted: "a matrix (a list or a map)", got: other.kind() }),
    }
}

fn from_map(map: &Map) -> Result<Matrix, FieldError> {
    let mut fields = Fields::new(map);
    Ok(Matrix {
        setup: fields.convert(&["setup"], |value| setup(value).map(Some))?,
        adjustments: fields.convert(&["adjustments"], adjustments)?.unwrap_or_default(),
        rest: fields.rest(),
    })
}

fn setup(value: &Value) -> Result<Setup, FieldError> {
    match value {
        Value::List(_) => Ok(Setup::from([(ANONYMOUS.to_owned(), convert::strings(value)?)])),
        Value::Map(map) => map
            .iter()
            .map(|(name, values)| Ok((name.clone(), convert::strings(values).in_field(name)?)))
            .collect(),
        other => Err(FieldError::Kind { wanted: "a list or a map of dimensions", got: other.kind() }),
    }
}

fn adjustments(value: &Value) -> Result<Option<Vec<Option<Adjustment>>>, FieldError> {
    match value {
        Value::Null => Ok(None),
        Value::List(items) => items.iter().map(adjustment).collect::<Result<_, _>>().map(Some),
        other => Err(FieldError::Kind { wanted: "a list of adjustments", got: other.kind() }),
    }
}

fn adjustment(value: &Value) -> Result<Option<Adjustment>, FieldError> {
    let Some(map) = convert::map(value)? else { return Ok(None) };
    let mut fields = Fields::new(map);
    let with = fields.convert(&["with"], |value| with(value).map(Some))?;
    let skip = fields.take(&["skip"]).cloned();
    Ok(Some(Adjustment { with, skip, rest: fields.rest() }))
}

fn with(value: &Value) -> Result<With, FieldError> {
    match value {
        Value::Map(map) => {
            map.iter().map(|(name, value)| Ok((name.clone(), with_scalar(value).in_field(name)?))).collect()
        }
        scalar => Ok(With::from([(ANONYMOUS.to_owned(), with_scalar(scalar)?)])),
    }
}

fn with_scalar(value: &Value) -> Result<String, FieldError> {
    match value {
        Value::String(_) | Value::Int(_) | Value::Bool(_) => convert::string(value),
        other => Err(FieldError::Kind { wanted: "a string, whole number or boolean", got: other.kind() }),
    }
}
