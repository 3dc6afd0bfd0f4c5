//! Command and trigger steps (spec/control-plane.md §3.3, §3.6): what runs, where, and how often.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::agents::AgentRules;
use super::checkout;
use super::error::DefinitionError;
use super::matrix::Matrix;
use super::pipeline::Defaults;
use super::read::Reader;
use super::retry::{Retry, SoftFail};
use super::skip::Skip;
use crate::time::Minutes;

/// A step whose jobs run on agents. Defaults of the document are already in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// What is run, lines joined; before matrix expansion.
    pub command: String,
    /// What it asks of agents.
    pub agents: AgentRules,
    /// Its own variables.
    pub env: IndexMap<String, String>,
    /// A list of plugins as in the document.
    pub plugins: Option<Value>,
    /// Globs joined by `;`.
    pub artifact_paths: Option<String>,
    /// The image.
    pub image: Option<String>,
    /// Variables from the `checkout` blocks.
    pub checkout: checkout::Settings,
    /// Secrets of the document; a step's own travel in its source.
    pub secrets: Option<Value>,
    /// Cache of the document; a step's own travels in its source.
    pub cache: Option<Value>,
    /// Higher goes first.
    pub priority: i64,
    /// How many jobs it makes.
    pub times: Times,
    /// Its place in a concurrency group.
    pub concurrency: Option<Concurrency>,
    /// When its jobs are stopped.
    pub timeout: Option<Minutes>,
    /// Which failures count as passed.
    pub soft_fail: SoftFail,
    /// What may be tried again.
    pub retry: Retry,
    /// That it is not run.
    pub skip: Option<Skip>,
    /// Whether its jobs stop when the build starts failing.
    pub when_failing: WhenFailing,
    /// Notifications of the step, as in the document.
    pub notify: Option<Value>,
}

/// How many jobs a step makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Times {
    /// One.
    Once,
    /// `parallelism`: so many, told apart by an index.
    Parallel(u32),
    /// `matrix`: one per combination.
    Matrix(Matrix),
}

/// What happens to a step's jobs when the build starts failing (`cancel_on_build_failing`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum WhenFailing {
    /// Nothing.
    #[default]
    GoesOn,
    /// They are cancelled.
    Cancels,
}

/// A place in a concurrency group (§3.12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concurrency {
    /// The group, known in the whole organisation.
    pub group: String,
    /// How many may hold a place at once.
    pub limit: u32,
    /// Who is next.
    pub method: ConcurrencyMethod,
}

/// Who is next in a concurrency group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConcurrencyMethod {
    /// The oldest, even if it is not ready yet.
    #[default]
    Ordered,
    /// The most important of those that are ready.
    Eager,
}

/// A step that makes a build of another pipeline (§3.6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// The other pipeline's slug.
    pub pipeline: String,
    /// Whether the step waits for the build.
    pub mode: TriggerMode,
    /// `message` of the build.
    pub message: Option<String>,
    /// `commit` of the build.
    pub commit: String,
    /// `branch` of the build; the pipeline's default branch when absent.
    pub branch: Option<String>,
    /// Variables of the build; nothing is inherited.
    pub env: IndexMap<String, String>,
    /// Meta-data of the build.
    pub meta_data: IndexMap<String, String>,
    /// How many builds it makes.
    pub times: Times,
    /// Its place in a concurrency group.
    pub concurrency: Option<Concurrency>,
    /// Whether a failed build counts as passed.
    pub soft_fail: SoftFail,
    /// That it is not run.
    pub skip: Option<Skip>,
}

/// Whether a trigger step waits for its build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TriggerMode {
    /// It comes out as the build does.
    Waits,
    /// It passes as soon as the build exists.
    Async,
}

impl Command {
    pub(super) fn read(reader: &Reader<'_>, defaults: &Defaults) -> Result<Self, DefinitionError> {
        Ok(Self {
            command: reader.strings(&["command", "commands", "script"])?.unwrap_or_default().join("\n"),
            agents: agents(reader)?.unwrap_or_else(|| defaults.agents.clone()),
            env: reader.variables(&["env"])?,
            plugins: plugins(reader)?,
            artifact_paths: reader.strings(&["artifact_paths", "artifacts"])?.map(|paths| paths.join(";")),
            image: reader.string(&["image"])?.or_else(|| defaults.image.clone()),
            checkout: checkout::Settings::read(reader, defaults.checkout.as_ref())?,
            secrets: defaults.secrets.clone(),
            cache: defaults.cache.clone(),
            priority: reader.integer(&["priority"])?.unwrap_or(defaults.priority),
            times: Times::read(reader)?,
            concurrency: Concurrency::read(reader)?,
            timeout: reader.positive(&["timeout_in_minutes", "timeout"])?.map(Minutes),
            soft_fail: SoftFail::read(reader)?,
            retry: Retry::read(reader)?,
            skip: Skip::read(reader)?,
            when_failing: match reader.boolean(&["cancel_on_build_failing"])? {
                Some(true) => WhenFailing::Cancels,
                _ => WhenFailing::GoesOn,
            },
            notify: reader.get(&["notify"]).cloned(),
        })
    }
}

fn agents(reader: &Reader<'_>) -> Result<Option<AgentRules>, DefinitionError> {
    const KEYS: &[&str] = &["agents", "agent_query_rules"];
    let Some(value) = reader.get(KEYS) else { return Ok(None) };
    AgentRules::from_value(value)
        .map(Some)
        .ok_or_else(|| reader.bad(KEYS, "a mapping of tags to values, or a list of `tag=value`"))
}

/// The list form of `plugins`; the old mapping form becomes a list of one-key mappings.
fn plugins(reader: &Reader<'_>) -> Result<Option<Value>, DefinitionError> {
    const KEYS: &[&str] = &["plugins"];
    let fits = |item: &Value| item.is_string() || item.as_object().is_some_and(|map| map.len() == 1);
    match reader.get(KEYS) {
        None => Ok(None),
        Some(Value::Array(items)) if items.iter().all(fits) => Ok(Some(Value::Array(items.clone()))),
        Some(Value::Object(map)) => {
            Ok(Some(map.iter().map(|(name, config)| serde_json::json!({ name: config })).collect()))
        }
        Some(_) => Err(reader.bad(KEYS, "a list of plugin names and one-key mappings")),
    }
}

impl Times {
    fn read(reader: &Reader<'_>) -> Result<Self, DefinitionError> {
        const KEYS: &[&str] = &["parallelism"];
        let matrix = Matrix::read(reader)?;
        match (reader.integer_in(KEYS, 0, i64::from(u32::MAX), "a positive integer")?, matrix) {
            (Some(_), Some(_)) => Err(reader.conflict("can't have both `matrix` and `parallelism`")),
            (Some(count), None) => Ok(Self::Parallel(count)),
            (None, Some(matrix)) => Ok(Self::Matrix(matrix)),
            (None, None) => Ok(Self::Once),
        }
    }

    /// How many jobs that is.
    pub fn count(&self) -> usize {
        match self {
            Self::Once => 1,
            Self::Parallel(count) => usize::try_from(*count).unwrap_or(usize::MAX),
            Self::Matrix(matrix) => matrix.cells().len(),
        }
    }
}

impl Concurrency {
    fn read(reader: &Reader<'_>) -> Result<Option<Self>, DefinitionError> {
        let limit = reader.positive(&["concurrency"])?;
        let group = reader.string(&["concurrency_group"])?.filter(|group| !group.is_empty());
        let method = match reader.string(&["concurrency_method"])?.as_deref() {
            None => None,
            Some("ordered") => Some(ConcurrencyMethod::Ordered),
            Some("eager") => Some(ConcurrencyMethod::Eager),
            Some(_) => return Err(reader.bad(&["concurrency_method"], "ordered or eager")),
        };
        match (limit, group, method) {
            (Some(limit), Some(group), method) if group.chars().count() <= MAX_GROUP => {
                Ok(Some(Self { group, limit, method: method.unwrap_or_default() }))
            }
            (Some(_), Some(_), _) => Err(reader.bad(&["concurrency_group"], "at most 200 characters")),
            (None, None, None) => Ok(None),
            (Some(_), None, _) => Err(reader.conflict(
                "has `concurrency` without `concurrency_group` (concurrency_group_id can't be blank)",
            )),
            _ => Err(reader.conflict("has a concurrency group without `concurrency`, its limit")),
        }
    }
}

/// The longest name of a concurrency group.
const MAX_GROUP: usize = 200;

impl Trigger {
    pub(super) fn read(reader: &Reader<'_>) -> Result<Self, DefinitionError> {
        let pipeline = reader
            .string(&["trigger", "trigger_project_slug"])?
            .filter(|slug| !slug.is_empty())
            .ok_or_else(|| reader.bad(&["trigger"], "the slug of a pipeline"))?;
        let empty = Value::Object(serde_json::Map::new());
        let build = reader.get(&["build"]).unwrap_or(&empty);
        let map = build.as_object().ok_or_else(|| reader.bad(&["build"], "a mapping"))?;
        let build = reader.nested(map, "build");
        let mode = if reader.boolean(&["async"])?.unwrap_or(false) {
            TriggerMode::Async
        } else {
            TriggerMode::Waits
        };
        Ok(Self {
            pipeline,
            mode,
            message: build.string(&["message"])?,
            commit: build.string(&["commit"])?.unwrap_or_else(|| "HEAD".to_owned()),
            branch: build.string(&["branch"])?,
            env: build.variables(&["env"])?,
            meta_data: build.variables(&["meta_data"])?,
            times: Times::read(reader)?,
            concurrency: Concurrency::read(reader)?,
            soft_fail: SoftFail::read(reader)?,
            skip: Skip::read(reader)?,
        })
    }
}
