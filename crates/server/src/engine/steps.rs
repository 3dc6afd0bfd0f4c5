//! Steps as jobs see and change them (agent-api.md §13.3–§13.5).

use redkite_scheduler::build::{Event as BuildEvent, Force, Step, StepChange};
use redkite_scheduler::definition::{DependsOn, Kind};
use redkite_scheduler::{Build, BuildId, StepId};
use serde_json::{Map, Value, json};

use super::{Change, Context, Failure, Refusal, Wrong, rows};
use crate::store::{BuildsTable, UploadsTable};

/// A step by id, or by key within a build.
#[derive(Debug, Clone)]
pub(crate) struct StepName {
    /// Id or key.
    pub name: String,
    /// The build, for keys.
    pub build: Option<BuildId>,
}

/// `POST steps/{step}/export`.
pub(crate) struct ExportStep {
    /// Which.
    pub step: StepName,
    /// What of it; everything when empty.
    pub attribute: String,
    /// `json`, or plain text when empty.
    pub format: String,
}

impl Change for ExportStep {
    type Reply = String;

    async fn apply(&self, cx: &mut Context<'_>) -> Result<String, Failure> {
        let (build, step) = cx.step(&self.step).await?;
        let build = cx.world.build(build).expect("the step's build is in memory");
        let step = build.step(step).expect("the step was looked up");
        let all = attributes(build, step);
        if self.attribute.is_empty() {
            return Ok(Value::Object(all).to_string());
        }
        let value = all.get(&self.attribute).ok_or_else(|| unknown(&self.attribute))?;
        Ok(shown(value, &self.format, &self.attribute)?)
    }
}

/// `PUT steps/{step}`.
pub(crate) struct UpdateStep {
    /// Which.
    pub step: StepName,
    /// The call's own id: a repeated one changes nothing.
    pub uuid: String,
    /// What changes.
    pub attribute: String,
    /// To what.
    pub value: String,
    /// Whether the value goes behind what is there.
    pub mode: UpdateMode,
}

/// How a value is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UpdateMode {
    /// The new one takes the old one's place.
    Replaces,
    /// The new one goes behind the old one.
    Appends,
}

impl Change for UpdateStep {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        let (build, step) = cx.step(&self.step).await?;
        let change = self.change(cx.world.build(build).and_then(|build| build.step(step)))?;
        let now = cx.now;
        if !UploadsTable::first_update(cx.db().await?, &self.uuid, &step.to_string(), now).await? {
            return Ok(());
        }
        match change {
            Some(change) => cx.apply_if_it_fits(build, BuildEvent::StepChanged { step, change }).await,
            None => Ok(()),
        }
    }
}

impl UpdateStep {
    fn change(&self, step: Option<&Step>) -> Result<Option<StepChange>, Refusal> {
        match self.attribute.as_str() {
            "label" => {
                let before = step.and_then(Step::label).unwrap_or_default();
                let label = match self.mode {
                    UpdateMode::Replaces => self.value.clone(),
                    UpdateMode::Appends => format!("{before}{}", self.value),
                };
                Ok(Some(StepChange::Label(label)))
            }
            "priority" => {
                let number = self.value.trim().parse();
                let wrong = |_| {
                    Wrong::Unprocessable.because(format_args!(
                        "`{}` is not a priority: it must be a whole number",
                        self.value
                    ))
                };
                number.map(|number| Some(StepChange::Priority(number))).map_err(wrong)
            }
            // Notifications are sent by nobody yet; the call is fine all the same.
            "notify" => Ok(None),
            other => Err(unknown(other)),
        }
    }
}

/// `POST steps/{step}/cancel`.
pub(crate) struct CancelStep {
    /// Which.
    pub step: StepName,
    /// Whether agents are waited for.
    pub force: Force,
}

impl Change for CancelStep {
    type Reply = StepId;

    async fn apply(&self, cx: &mut Context<'_>) -> Result<StepId, Failure> {
        let (build, step) = cx.step(&self.step).await?;
        cx.apply(build, BuildEvent::StepCancelAsked { step, force: self.force }).await?;
        Ok(step)
    }
}

impl Context<'_> {
    /// Finds a step; its build is then in memory.
    async fn step(&mut self, name: &StepName) -> Result<(BuildId, StepId), Failure> {
        let none = || Wrong::NotFound.because(format_args!("No step `{}` found", name.name));
        if let Some(build) = name.build {
            self.require_build(build).await?;
            let found = self.world.build(build).and_then(|build| find(build, &name.name));
            return Ok((build, found.ok_or_else(none)?));
        }
        let step: StepId = name.name.parse().map_err(|_| {
            Wrong::Unprocessable
                .because(format_args!("The step `{}` is no id: a key needs a build id beside it", name.name))
        })?;
        let build = BuildsTable::build_of_step(self.db().await?, &name.name).await?;
        let build = build.as_deref().and_then(rows::build_id).ok_or_else(none)?;
        self.require_build(build).await?;
        Ok((build, step))
    }
}

fn find(build: &Build, name: &str) -> Option<StepId> {
    let by_id = name.parse().ok().and_then(|id| build.step(id));
    by_id.or_else(|| build.step_by_key(name)).map(|step| step.id)
}

/// The documented attributes of a step.
fn attributes(build: &Build, step: &Step) -> Map<String, Value> {
    let source = |key: &str| step.definition.source.get(key).cloned().unwrap_or(Value::Null);
    let depends_on: Vec<Value> = match &step.definition.depends_on {
        DependsOn::Steps(steps) => steps.iter().map(|dependency| json!(dependency.step)).collect(),
        DependsOn::Place | DependsOn::Nothing => Vec::new(),
    };
    let jobs = build.jobs_of(step.id).filter(|job| !job.is_retried()).count();
    let mut all = Map::new();
    let mut set = |key: &str, value: Value| all.insert(key.to_owned(), value);
    set("id", json!(step.id.to_string()));
    set("key", json!(step.key()));
    set("label", json!(step.label()));
    set("type", json!(kind(&step.definition.kind)));
    set("state", json!(step.state));
    set("outcome", json!(step.outcome));
    set("depends_on", Value::Array(depends_on));
    set("if", source("if"));
    set("notify", source("notify"));
    set("parallelism", json!(jobs));
    if let Kind::Command(command) = &step.definition.kind {
        let group = command.concurrency.as_ref();
        set("agents", json!(command.agents.to_strings()));
        set("command", json!(command.command));
        set("concurrency_key", json!(group.map(|group| &group.group)));
        set("concurrency_limit", json!(group.map(|group| group.limit)));
        set("env", json!(command.env));
        set("timeout", source("timeout_in_minutes"));
    }
    all
}

fn kind(kind: &Kind) -> &'static str {
    match kind {
        Kind::Command(_) => "command",
        Kind::Wait(_) => "wait",
        Kind::Manual(_) => "input",
        Kind::Trigger(_) => "trigger",
        Kind::Group(_) => "group",
    }
}

fn shown(value: &Value, format: &str, attribute: &str) -> Result<String, Refusal> {
    match (format, value) {
        ("json", value) => Ok(value.to_string()),
        (_, Value::Null) => Ok(String::new()),
        (_, Value::String(text)) => Ok(text.clone()),
        (_, Value::Bool(_) | Value::Number(_)) => Ok(value.to_string()),
        _ => {
            Err(Wrong::Unprocessable
                .because(format_args!("The attribute `{attribute}` needs the format `json`")))
        }
    }
}

fn unknown(attribute: &str) -> Refusal {
    Wrong::Unprocessable.because(format_args!("A step has no attribute `{attribute}`"))
}
