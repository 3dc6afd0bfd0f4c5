//! Block and input steps and their fields (spec/control-plane.md §3.5).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::DefinitionError;
use super::read::{Reader, one_or_many, scalar, truth};

/// A block or input step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manual {
    /// Whether later steps wait for it by their place alone.
    pub barrier: Barrier,
    /// Text of the dialog.
    pub prompt: Option<String>,
    /// Label of the button.
    pub submit: String,
    /// What the build looks like while only this is open.
    pub blocked_state: BlockedState,
    /// Teams that alone may submit it; empty means everybody with write access.
    pub allowed_teams: Vec<String>,
    /// What is asked.
    pub fields: Vec<Field>,
}

/// Whether a manual step separates what is above from what is below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Barrier {
    /// `block`: it does.
    Separates,
    /// `input`: it does not, only the build's end waits for it.
    BesideOthers,
}

/// What a blocked build counts as (§2.4.2); ordered from best to worst.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockedState {
    /// As passed.
    #[default]
    Passed,
    /// As running.
    Running,
    /// As failed.
    Failed,
}

impl BlockedState {
    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Running => "running",
            Self::Failed => "failed",
        }
    }
}

/// One question of a block or input step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The meta-data key its answer is written to.
    pub key: String,
    /// What is shown.
    pub label: String,
    /// A hint below it.
    pub hint: Option<String>,
    /// Whether an answer must be given.
    pub required: bool,
    /// How it is asked.
    pub kind: FieldKind,
}

/// How a field is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FieldKind {
    /// Free text.
    Text {
        /// What is filled in at first.
        default: Option<String>,
        /// A regular expression the whole text must match.
        format: Option<String>,
    },
    /// A choice.
    Select {
        /// What can be chosen.
        options: Vec<SelectOption>,
        /// What is chosen at first.
        default: Vec<String>,
        /// Whether several can be.
        multiple: bool,
    },
}

/// One choice of a select field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelectOption {
    /// What is shown.
    pub label: String,
    /// What is written.
    pub value: String,
    /// A hint beside it.
    pub hint: Option<String>,
}

/// The most teams a step may name.
const MAX_TEAMS: usize = 100;

impl Manual {
    pub(super) fn read(reader: &Reader<'_>, barrier: Barrier) -> Result<Self, DefinitionError> {
        let allowed_teams = reader.strings(&["allowed_teams"])?.unwrap_or_default();
        if allowed_teams.len() > MAX_TEAMS {
            let found = allowed_teams.len();
            return Err(DefinitionError::TooMany { what: "allowed teams", found, limit: MAX_TEAMS });
        }
        Ok(Self {
            barrier,
            prompt: reader.string(&["prompt"])?,
            submit: reader.string(&["submit"])?.unwrap_or_else(|| "Continue".to_owned()),
            blocked_state: blocked_state(reader)?,
            allowed_teams,
            fields: fields(reader)?,
        })
    }
}

fn blocked_state(reader: &Reader<'_>) -> Result<BlockedState, DefinitionError> {
    match reader.string(&["blocked_state"])?.as_deref() {
        None | Some("passed") => Ok(BlockedState::Passed),
        Some("failed") => Ok(BlockedState::Failed),
        Some("running") => Ok(BlockedState::Running),
        Some(_) => Err(reader.bad(&["blocked_state"], "passed, failed or running")),
    }
}

fn fields(reader: &Reader<'_>) -> Result<Vec<Field>, DefinitionError> {
    const KEYS: &[&str] = &["fields"];
    let Some(value) = reader.get(KEYS) else { return Ok(Vec::new()) };
    let mut fields: Vec<Field> = Vec::new();
    for item in value.as_array().ok_or_else(|| reader.bad(KEYS, "a list of fields"))? {
        let map = item.as_object().ok_or_else(|| reader.bad(KEYS, "a list of mappings"))?;
        let field = field(&reader.nested(map, "fields"))?;
        if fields.iter().any(|known| known.key == field.key) {
            return Err(reader.conflict(format!("has two fields with the key \"{}\"", field.key)));
        }
        fields.push(field);
    }
    Ok(fields)
}

fn field(reader: &Reader<'_>) -> Result<Field, DefinitionError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/-_".contains(c);
    let key = reader
        .string(&["key"])?
        .filter(|key| !key.is_empty() && key.chars().all(allowed))
        .ok_or_else(|| reader.bad(&["key"], "made of letters, digits, `/`, `-` and `_`"))?;
    let (label, kind) = if reader.map().contains_key("select") {
        (reader.string(&["select"])?, select(reader)?)
    } else if reader.map().contains_key("text") {
        (reader.string(&["text"])?, text(reader)?)
    } else {
        return Err(reader.conflict(format!("has the field \"{key}\" with neither `text` nor `select`")));
    };
    Ok(Field {
        label: label.unwrap_or_else(|| key.clone()),
        key,
        hint: reader.string(&["hint"])?,
        required: reader.boolean(&["required"])?.unwrap_or(true),
        kind,
    })
}

fn text(reader: &Reader<'_>) -> Result<FieldKind, DefinitionError> {
    let format = reader.string(&["format"])?;
    if let Some(pattern) = &format
        && whole_match(pattern).is_none()
    {
        return Err(reader.bad(&["format"], "a regular expression"));
    }
    Ok(FieldKind::Text { default: reader.string(&["default"])?, format })
}

/// The pattern anchored at both ends, as HTML's `pattern` is; none when it is no regular expression.
pub(crate) fn whole_match(pattern: &str) -> Option<fancy_regex::Regex> {
    fancy_regex::Regex::new(&format!("^(?:{pattern})$")).ok()
}

fn select(reader: &Reader<'_>) -> Result<FieldKind, DefinitionError> {
    const KEYS: &[&str] = &["options"];
    let bad = || reader.bad(KEYS, "a list of mappings with `label` and `value`");
    let items =
        reader.get(KEYS).and_then(Value::as_array).filter(|items| !items.is_empty()).ok_or_else(bad)?;
    let options =
        items.iter().map(|item| option(item.as_object()?)).collect::<Option<Vec<_>>>().ok_or_else(bad)?;
    let default = reader.get(&["default"]).map(one_or_many).unwrap_or_default();
    Ok(FieldKind::Select {
        options,
        default: default.iter().filter_map(scalar).collect(),
        multiple: reader.get(&["multiple"]).and_then(truth).unwrap_or(false),
    })
}

fn option(map: &Map<String, Value>) -> Option<SelectOption> {
    let value = scalar(map.get("value")?)?;
    let label = map.get("label").and_then(scalar).unwrap_or_else(|| value.clone());
    Some(SelectOption { label, value, hint: map.get("hint").and_then(scalar) })
}
