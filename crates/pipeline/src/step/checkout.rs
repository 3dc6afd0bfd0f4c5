//! How jobs check out (spec/pipeline.md §8.6).

use crate::convert::{self, FieldError, Fields};
use crate::value::{Map, Value};

/// Checkout settings.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checkout {
    /// No checkout.
    pub skip: Option<bool>,
    /// Whether submodules are checked out.
    pub submodules: Option<bool>,
    /// The secret with the SSH key; may be empty.
    pub ssh_secret: Option<String>,
    /// How the commit is verified.
    pub commit_verification: Option<String>,
    /// How much history is fetched.
    pub depth: Option<i64>,
    /// Whether large files are fetched.
    pub lfs: Option<bool>,
    /// Which part of the tree is checked out.
    pub sparse: Option<Sparse>,
    /// Flags of git commands.
    pub flags: Option<CheckoutFlags>,
    /// Everything else, as it was written.
    pub rest: Map,
}

/// Which part of the tree is checked out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sparse {
    /// The directories.
    pub paths: Vec<String>,
    /// Everything else, as it was written.
    pub rest: Map,
}

/// Flags of git commands; each may be empty.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CheckoutFlags {
    /// Of `git clone`.
    pub clone: Option<String>,
    /// Of `git fetch`.
    pub fetch: Option<String>,
    /// Of `git checkout`.
    pub checkout: Option<String>,
    /// Of `git clean`.
    pub clean: Option<String>,
    /// Everything else, as it was written.
    pub rest: Map,
}

impl Checkout {
    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

pub(crate) fn parse_checkout(value: &Value) -> Result<Option<Checkout>, FieldError> {
    if let Value::Bool(value) = value {
        return Err(FieldError::Rule(format!("it is a map of settings such as {{skip: true}}, not {value}")));
    }
    let Some(map) = convert::map(value)? else { return Ok(None) };
    let mut fields = Fields::new(map);
    Ok(Some(Checkout {
        skip: fields.convert(&["skip"], convert::boolean)?,
        submodules: fields.convert(&["submodules"], convert::boolean)?,
        ssh_secret: fields.convert(&["ssh_secret"], |value| match value {
            Value::Null => Ok(None),
            other => convert::string(other).map(Some),
        })?,
        commit_verification: fields.text(&["commit_verification"])?,
        depth: fields.convert(&["depth"], convert::integer)?,
        lfs: fields.convert(&["lfs"], convert::boolean)?,
        sparse: fields.convert(&["sparse"], sparse)?,
        flags: fields.convert(&["flags"], flags)?,
        rest: fields.rest(),
    }))
}

fn sparse(value: &Value) -> Result<Option<Sparse>, FieldError> {
    let Some(map) = convert::map(value)? else { return Ok(None) };
    let mut fields = Fields::new(map);
    let paths = fields.convert(&["paths"], convert::strings)?.unwrap_or_default();
    Ok(Some(Sparse { paths, rest: fields.rest() }))
}

fn flags(value: &Value) -> Result<Option<CheckoutFlags>, FieldError> {
    let Some(map) = convert::map(value)? else { return Ok(None) };
    let mut fields = Fields::new(map);
    Ok(Some(CheckoutFlags {
        clone: fields.convert(&["clone"], convert::strict_string)?,
        fetch: fields.convert(&["fetch"], convert::strict_string)?,
        checkout: fields.convert(&["checkout"], convert::strict_string)?,
        clean: fields.convert(&["clean"], convert::strict_string)?,
        rest: fields.rest(),
    }))
}
