//! One step of a document: what all kinds share, and which kind it is (spec/control-plane.md §3.2).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::branches::BranchPatterns;
use super::command::{Command, Trigger};
use super::error::{DefinitionError, StepName};
use super::manual::{Barrier, Manual};
use super::pipeline::Defaults;
use super::read::{Reader, one_or_many, scalar, truth};
use super::skip::Skip;
use crate::conditional::Conditional;

/// One step, as its document says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Unique in the build.
    pub key: Option<String>,
    /// What people see; for the manual kinds their heading.
    pub label: Option<String>,
    /// Whether it is part of the build at all.
    pub when: When,
    /// What it waits for.
    pub depends_on: DependsOn,
    /// What it is.
    pub kind: Kind,
    /// The step exactly as it came, which agents verify and get back.
    pub source: Value,
}

/// `if` or `branches`, which exclude each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum When {
    /// Always part of the build.
    Always,
    /// If the condition holds.
    Condition(Conditional),
    /// If the build's branch matches.
    Branches(BranchPatterns),
}

/// What a step waits for (§3.8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DependsOn {
    /// Nothing is said: its place between waits and blocks decides, and the job that uploaded it.
    Place,
    /// `depends_on: ~`: nothing at all.
    Nothing,
    /// These steps only.
    Steps(Vec<Dependency>),
}

/// One entry of `depends_on`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// The key of a step or group.
    pub step: String,
    /// Whether its failure is fine.
    pub on_failure: OnFailure,
}

/// What the failure of a dependency does to the step that depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnFailure {
    /// It will not run.
    Stops,
    /// It runs all the same.
    GoesOn,
}

/// What a step is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "most steps are commands; boxing them would only add a jump")]
pub enum Kind {
    /// Runs on agents.
    Command(Command),
    /// Separates what is above from what is below; says what happens after a failure.
    Wait(OnFailure),
    /// A block or input step.
    Manual(Manual),
    /// Makes a build of another pipeline.
    Trigger(Trigger),
    /// Steps under one heading.
    Group(Group),
}

/// The inside of a group step (§3.7).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its steps; empty once they are part of a build, where each names its group.
    pub steps: Vec<Step>,
    /// `skip` of the group, for steps that have none.
    pub skip: Option<Skip>,
    /// Notifications of the group, as in the document.
    pub notify: Option<Value>,
}

const KEY: &[&str] = &["key", "identifier", "id"];
const MAX_KEY: usize = 100;

impl Step {
    pub(super) fn read(value: &Value, place: usize, defaults: &Defaults) -> Result<Self, DefinitionError> {
        let map = unfold(value, place)?;
        let name = name(&map, place);
        let reader = Reader::new(&map, &name);
        let kind = kind(&reader, defaults)?;
        Ok(Self {
            key: key(&reader)?,
            label: label(&reader, &kind)?,
            when: when(&reader)?,
            depends_on: depends_on(&reader)?,
            kind,
            source: value.clone(),
        })
    }

    /// How messages call it, `place` being its place in the document or build.
    pub fn name(&self, place: usize) -> StepName {
        match (&self.key, &self.label) {
            (Some(key), _) => StepName::Key(key.clone()),
            (None, Some(label)) if !label.is_empty() => StepName::Label(label.clone()),
            _ => StepName::Place(place),
        }
    }

    /// `skip`, where the kind has it.
    pub fn skip(&self) -> Option<&Skip> {
        match &self.kind {
            Kind::Command(command) => command.skip.as_ref(),
            Kind::Trigger(trigger) => trigger.skip.as_ref(),
            Kind::Group(group) => group.skip.as_ref(),
            Kind::Wait(_) | Kind::Manual(_) => None,
        }
    }
}

/// The mapping of a step: a bare word stands for a key without value, and `{wait: {…}}` for its inside.
fn unfold(value: &Value, place: usize) -> Result<Map<String, Value>, DefinitionError> {
    let unknown = || DefinitionError::UnknownType { step: StepName::Place(place) };
    match value {
        Value::String(word) => {
            let key = bare_word(word).ok_or_else(unknown)?;
            Ok([(key.to_owned(), Value::Null)].into_iter().collect())
        }
        Value::Object(map) => match map.iter().next() {
            Some((key, Value::Object(inner))) if map.len() == 1 && bare_word(key).is_some() => {
                let mut inner = inner.clone();
                if !inner.contains_key(key) {
                    inner.insert(key.clone(), Value::Null);
                }
                Ok(inner)
            }
            _ => Ok(map.clone()),
        },
        _ => Err(unknown()),
    }
}

fn bare_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "wait" | "waiter" => "wait",
        "block" | "manual" => "block",
        "input" => "input",
        "command" | "commands" => "command",
        "script" => "script",
        "trigger" => "trigger",
        _ => return None,
    })
}

fn name(map: &Map<String, Value>, place: usize) -> StepName {
    let first = |keys: &[&str]| {
        keys.iter().filter_map(|key| map.get(*key)?.as_str()).find(|text| !text.is_empty()).map(str::to_owned)
    };
    if let Some(key) = first(KEY) {
        return StepName::Key(key);
    }
    first(&["label", "name", "block", "input", "group"]).map_or(StepName::Place(place), StepName::Label)
}

fn kind(reader: &Reader<'_>, defaults: &Defaults) -> Result<Kind, DefinitionError> {
    let word = reader.string(&["type"])?;
    let has = |key: &&str| reader.map().contains_key(*key);
    let word = match word.as_deref() {
        Some(word) => word,
        None => TYPE_KEYS
            .iter()
            .copied()
            .find(has)
            .ok_or_else(|| DefinitionError::UnknownType { step: reader.step().clone() })?,
    };
    Ok(match word {
        "script" | "command" | "commands" | "plugins" => Kind::Command(Command::read(reader, defaults)?),
        "wait" | "waiter" => Kind::Wait(match reader.boolean(&["continue_on_failure"])? {
            Some(true) => OnFailure::GoesOn,
            _ => OnFailure::Stops,
        }),
        "block" | "manual" => Kind::Manual(Manual::read(reader, Barrier::Separates)?),
        "input" => Kind::Manual(Manual::read(reader, Barrier::BesideOthers)?),
        "trigger" => Kind::Trigger(Trigger::read(reader)?),
        "group" => Kind::Group(group(reader, defaults)?),
        _ => return Err(reader.bad(&["type"], "command, wait, block, input, trigger or group")),
    })
}

/// The keys that say what a step is, in the order in which they are asked.
const TYPE_KEYS: &[&str] = &[
    "group", "trigger", "block", "manual", "input", "wait", "waiter", "command", "commands", "plugins",
    "script",
];

fn group(reader: &Reader<'_>, defaults: &Defaults) -> Result<Group, DefinitionError> {
    const KEYS: &[&str] = &["steps"];
    let items = reader
        .get(KEYS)
        .and_then(Value::as_array)
        .filter(|items| !items.is_empty())
        .ok_or_else(|| reader.bad(KEYS, "a list of at least one step"))?;
    let steps = items
        .iter()
        .enumerate()
        .map(|(place, item)| Step::read(item, place + 1, defaults))
        .collect::<Result<Vec<_>, _>>()?;
    if steps.iter().any(|step| matches!(step.kind, Kind::Group(_))) {
        return Err(reader.conflict("is a group with a group inside it"));
    }
    Ok(Group { steps, skip: Skip::read(reader)?, notify: reader.get(&["notify"]).cloned() })
}

fn key(reader: &Reader<'_>) -> Result<Option<String>, DefinitionError> {
    let Some(key) = reader.string(KEY)?.filter(|key| !key.is_empty()) else { return Ok(None) };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-:${}.,".contains(c);
    if key.chars().count() > MAX_KEY || !key.chars().all(allowed) {
        return Err(reader.bad(KEY, "at most 100 letters, digits and `_-:${}.,`"));
    }
    if key.len() == UUID_LENGTH && uuid::Uuid::parse_str(&key).is_ok() {
        return Err(reader.bad(KEY, "something that doesn't look like a UUID"));
    }
    Ok(Some(key))
}

/// Only the hyphenated form looks like a UUID to people.
const UUID_LENGTH: usize = 36;

fn label(reader: &Reader<'_>, kind: &Kind) -> Result<Option<String>, DefinitionError> {
    let heading: &[&str] = match kind {
        Kind::Manual(manual) if manual.barrier == Barrier::BesideOthers => &["input", "label", "name"],
        Kind::Manual(_) => &["block", "manual", "label", "name"],
        Kind::Group(_) => &["group", "label", "name"],
        Kind::Command(_) | Kind::Wait(_) | Kind::Trigger(_) => &["label", "name"],
    };
    reader.string(heading)
}

fn when(reader: &Reader<'_>) -> Result<When, DefinitionError> {
    let condition = reader.string(&["if"])?;
    let branches = reader.strings(&["branches"])?;
    match (condition, branches) {
        (Some(_), Some(_)) => Err(reader.conflict("can't have both `if` and `branches`")),
        (Some(text), None) => Conditional::parse(&text)
            .map(When::Condition)
            .map_err(|source| DefinitionError::Condition { step: reader.step().clone(), source }),
        (None, Some(patterns)) => Ok(When::Branches(BranchPatterns::parse(&patterns.join(" ")))),
        (None, None) => Ok(When::Always),
    }
}

fn depends_on(reader: &Reader<'_>) -> Result<DependsOn, DefinitionError> {
    const KEYS: &[&str] = &["depends_on"];
    let allowed = reader.boolean(&["allow_dependency_failure"])?.unwrap_or(false);
    let usual = if allowed { OnFailure::GoesOn } else { OnFailure::Stops };
    let items = match reader.map().get("depends_on") {
        None => return Ok(DependsOn::Place),
        Some(Value::Null) => return Ok(DependsOn::Nothing),
        Some(value) => one_or_many(value),
    };
    let steps = items
        .iter()
        .map(|item| dependency(item, usual))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| reader.bad(KEYS, "a step key, or a list of keys and mappings with `step`"))?;
    Ok(if steps.is_empty() { DependsOn::Nothing } else { DependsOn::Steps(steps) })
}

/// An entry's own `allow_failure` wins over the step's `allow_dependency_failure` (§3.8 D9).
fn dependency(item: &Value, usual: OnFailure) -> Option<Dependency> {
    let Value::Object(map) = item else {
        return scalar(item).map(|step| Dependency { step, on_failure: usual });
    };
    let on_failure = match map.get("allow_failure") {
        None | Some(Value::Null) => usual,
        Some(value) if truth(value)? => OnFailure::GoesOn,
        Some(_) => OnFailure::Stops,
    };
    Some(Dependency { step: map.get("step").and_then(scalar)?, on_failure })
}
