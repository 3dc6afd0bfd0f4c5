//! Steps: which type a value is, and what each type consists of (spec/pipeline.md §7, §8).

mod cache;
mod checkout;
mod command;
mod group;
mod kind;
mod matrix;
mod plugin;
mod plugin_source;
mod secret;
mod signature;

pub use cache::Cache;
pub use checkout::{Checkout, CheckoutFlags, Sparse};
pub use command::CommandStep;
pub use group::GroupStep;
pub use kind::StepKind;
pub use matrix::{Adjustment, Matrix, Setup, With};
pub use plugin::Plugin;
pub use plugin_source::full_source;
pub use secret::Secret;
pub use signature::Signature;

pub(crate) use checkout::parse_checkout;
pub(crate) use matrix::{ANONYMOUS, is_falsy};
pub(crate) use secret::parse_secrets;

use crate::convert::FieldError;
use crate::value::{Map, Value};
use crate::warning::Warning;

/// A step of a pipeline.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Runs commands.
    Command(Box<CommandStep>),
    /// Holds other steps.
    Group(Box<GroupStep>),
    /// A wait, block, input or trigger step: a map whose keys all pass through.
    Plain(StepKind, Map),
    /// A wait, block or input step that is only its name.
    Name(StepKind, String),
    /// Something the agent does not understand, as it was written.
    Unknown(Value),
}

/// Reads the elements of a list of steps.
pub(crate) fn parse_steps(items: Vec<Value>) -> Result<(Vec<Step>, Vec<Warning>), FieldError> {
    let count = items.len();
    let mut steps = Vec::with_capacity(count);
    let mut warnings = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let (step, warning) =
            parse_step(item).map_err(|error| error.inside(format!("step {} of {}", index + 1, count)))?;
        steps.push(step);
        let heading = || format!("in step {} of {}", index + 1, count);
        warnings.extend(warning.map(|warning| Warning::with(heading(), vec![warning])));
    }
    Ok((steps, warnings))
}

fn parse_step(value: Value) -> Result<(Step, Option<Warning>), FieldError> {
    match value {
        Value::String(name) => Ok(parse_name(name)),
        Value::Map(map) => parse_map(map),
        other => Err(FieldError::Kind { wanted: "a step (a map or a string)", got: other.kind() }),
    }
}

fn parse_name(name: String) -> (Step, Option<Warning>) {
    match StepKind::of_name(&name) {
        Some(kind) => (Step::Name(kind, name), None),
        None => {
            let message =
                format!("{name:?} is no step; a step of one word is wait, waiter, block, input or manual");
            (Step::Unknown(Value::String(name)), Some(Warning::new(message)))
        }
    }
}

fn parse_map(map: Map) -> Result<(Step, Option<Warning>), FieldError> {
    let kind = match map.get("type") {
        Some(Value::String(name)) => {
            StepKind::of_type(name).ok_or_else(|| Warning::new(format!("there is no step type {name:?}")))
        }
        Some(other) => {
            return Err(FieldError::Kind { wanted: "a string", got: other.kind() }.inside("type"));
        }
        None => StepKind::of_keys(&map).ok_or_else(|| {
            Warning::new(format!(
                "nothing tells the type of the step; one of these keys would: {}",
                StepKind::KEYS.map(|(key, _)| key).join(", ")
            ))
        }),
    };
    Ok(match kind {
        Ok(kind) => parse_kind(kind, map),
        Err(warning) => (Step::Unknown(Value::Map(map)), Some(warning)),
    })
}

/// The step of that kind, or the map as it is when it can't be one.
fn parse_kind(kind: StepKind, map: Map) -> (Step, Option<Warning>) {
    let step = match kind {
        StepKind::Command => CommandStep::parse(map).map(|step| Step::Command(Box::new(step))),
        StepKind::Group => GroupStep::parse(map).map(|step| Step::Group(Box::new(step))),
        StepKind::Wait | StepKind::Input | StepKind::Trigger => Ok(Step::Plain(kind, map)),
    };
    match step {
        Ok(step) => (step, None),
        Err(Rejected { error, map }) => (Step::Unknown(Value::Map(map)), Some(fallback(error))),
    }
}

/// A map that is no step of its kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejected {
    /// Why.
    pub error: FieldError,
    /// The map as it was.
    pub map: Map,
}

fn fallback(error: FieldError) -> Warning {
    let cause = match error {
        FieldError::Child(warning) => *warning,
        other => Warning::new(other.to_string()),
    };
    Warning::with("the step stays as it is written, because it can't be read", vec![cause])
}
