//! A whole document: top-level keys, and its steps with the document's defaults in them.

use std::collections::HashSet;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::agents::AgentRules;
use super::error::DefinitionError;
use super::read::{integer, one_or_many, scalar, variables};
use super::step::{DependsOn, Kind, Step};

/// A document, read and checked by itself (spec/control-plane.md §3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    /// Variables for every job of the build.
    pub env: IndexMap<String, String>,
    /// Notifications of the build, as in the document.
    pub notify: Vec<Value>,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// What a document says for all its command steps.
#[derive(Debug, Clone, Default)]
pub(super) struct Defaults {
    pub(super) agents: AgentRules,
    pub(super) image: Option<String>,
    pub(super) secrets: Option<Value>,
    pub(super) priority: i64,
    pub(super) checkout: Option<Value>,
    pub(super) cache: Option<Value>,
}

/// The most jobs one document may make (§4.4).
pub const MAX_JOBS_PER_DOCUMENT: usize = 500;

impl Pipeline {
    /// Reads a document in canonical JSON: a mapping with `steps`, or a bare list of steps.
    /// Whether keys named in `depends_on` exist is not asked here, since a later upload may bring them:
    /// see [`Pipeline::check_references`].
    pub fn read(document: &Value) -> Result<Self, DefinitionError> {
        let empty = Map::new();
        let (top, steps): (&Map<String, Value>, &[Value]) = match document {
            Value::Array(items) => (&empty, items),
            Value::Object(map) => (map, steps(map)?),
            _ => return Err(DefinitionError::NotAPipeline),
        };
        let defaults = Defaults::read(top)?;
        let steps = steps
            .iter()
            .enumerate()
            .map(|(place, item)| Step::read(item, place + 1, &defaults))
            .collect::<Result<Vec<_>, _>>()?;
        let pipeline = Self { env: env(top)?, notify: notify(top), steps };
        pipeline.check_keys()?;
        Ok(pipeline)
    }

    /// Every step, groups before their steps.
    pub fn all_steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().flat_map(|step| {
            let inner = match &step.kind {
                Kind::Group(group) => group.steps.as_slice(),
                _ => &[],
            };
            std::iter::once(step).chain(inner)
        })
    }

    /// How many jobs the document makes.
    pub fn job_count(&self) -> usize {
        self.all_steps()
            .map(|step| match &step.kind {
                Kind::Command(command) => command.times.count(),
                Kind::Trigger(trigger) => trigger.times.count(),
                Kind::Wait(_) | Kind::Manual(_) => 1,
                Kind::Group(_) => 0,
            })
            .fold(0, usize::saturating_add)
    }

    /// That every key named in `depends_on` belongs to a step of this document. For documents that are
    /// known to be the whole pipeline; a build itself waits for later uploads (§3.8 D5).
    pub fn check_references(&self) -> Result<(), DefinitionError> {
        let known: HashSet<&str> = self.all_steps().filter_map(|step| step.key.as_deref()).collect();
        for (place, step) in self.all_steps().enumerate() {
            let DependsOn::Steps(dependencies) = &step.depends_on else { continue };
            if let Some(missing) = dependencies.iter().find(|entry| !known.contains(entry.step.as_str())) {
                let (step, key) = (step.name(place + 1), missing.step.clone());
                return Err(DefinitionError::UnknownDependency { step, key });
            }
        }
        Ok(())
    }

    fn check_keys(&self) -> Result<(), DefinitionError> {
        let mut seen = HashSet::new();
        match self.all_steps().filter_map(|step| step.key.as_deref()).find(|key| !seen.insert(*key)) {
            Some(key) => Err(DefinitionError::DuplicateKey { key: key.to_owned() }),
            None => Ok(()),
        }
    }
}

impl Defaults {
    fn read(top: &Map<String, Value>) -> Result<Self, DefinitionError> {
        let get = |key: &str| top.get(key).filter(|value| !value.is_null());
        let bad = |attribute, expected| DefinitionError::BadTopLevel { attribute, expected };
        Ok(Self {
            agents: match get("agents") {
                None => AgentRules::default(),
                Some(value) => AgentRules::from_value(value)
                    .ok_or_else(|| bad("agents", "a mapping of tags to values, or a list of `tag=value`"))?,
            },
            image: get("image")
                .map(|value| scalar(value).ok_or_else(|| bad("image", "a string")))
                .transpose()?,
            secrets: get("secrets").cloned(),
            priority: match get("priority") {
                None => 0,
                Some(value) => integer(value).ok_or_else(|| bad("priority", "an integer"))?,
            },
            checkout: get("checkout").cloned(),
            cache: get("cache").cloned(),
        })
    }
}

fn steps(top: &Map<String, Value>) -> Result<&[Value], DefinitionError> {
    match top.get("steps") {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(DefinitionError::BadTopLevel { attribute: "steps", expected: "a list" }),
    }
}

fn env(top: &Map<String, Value>) -> Result<IndexMap<String, String>, DefinitionError> {
    match top.get("env") {
        None | Some(Value::Null) => Ok(IndexMap::new()),
        Some(value) => variables(value).ok_or(DefinitionError::BadTopLevel {
            attribute: "env",
            expected: "a mapping of names to strings",
        }),
    }
}

fn notify(top: &Map<String, Value>) -> Vec<Value> {
    top.get("notify")
        .filter(|value| !value.is_null())
        .map(|value| one_or_many(value).to_vec())
        .unwrap_or_default()
}
