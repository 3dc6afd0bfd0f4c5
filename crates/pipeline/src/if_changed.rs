//! Steps that run only when certain files have changed (spec/pipeline.md §13).

use redkite_glob::{PatternError, Program};

use crate::pipeline::Pipeline;
use crate::step::{Step, StepKind};
use crate::value::{Kind, Map, Value};

/// Why a step is skipped.
pub const SKIP_REASON: &str = "if_changed matched no unexcluded changed files in this build";

const KEY: &str = "if_changed";

/// What is known about the changed files of a build. It is found out at most once per invocation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ChangedFiles {
    /// No step has needed them yet.
    #[default]
    NotAsked,
    /// Their paths.
    Known(Vec<String>),
    /// They can't be found out, or the feature is off: every step runs.
    Off,
}

/// A condition can't be understood; its step runs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCondition {
    /// A pattern is malformed.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// A value is neither a pattern nor a list of patterns.
    #[error(
        "a condition is a pattern, a list of patterns, or a map with \"include\" and \"exclude\"; got {0}"
    )]
    Kind(Kind),
    /// The map form lacks `include`.
    #[error("a condition that is a map needs the key \"include\"")]
    NoInclude,
}

/// Applies the conditions of `pipeline` and removes them; returns those that can't be understood.
///
/// A leading `~/` of a pattern stands for `home`. `find_out` tells the changed files, `None` if it can't; it is called when the first step needs them.
pub fn apply_if_changed(
    pipeline: &mut Pipeline,
    files: &mut ChangedFiles,
    home: &str,
    find_out: impl FnOnce() -> Option<Vec<String>>,
) -> Vec<BadCondition> {
    let mut applier = Applier { files, home, find_out: Some(find_out), bad: Vec::new() };
    applier.steps(&mut pipeline.steps);
    applier.bad
}

struct Applier<'a, F> {
    files: &'a mut ChangedFiles,
    home: &'a str,
    find_out: Option<F>,
    bad: Vec<BadCondition>,
}

impl<F: FnOnce() -> Option<Vec<String>>> Applier<'_, F> {
    fn steps(&mut self, steps: &mut [Step]) {
        for step in steps {
            match step {
                Step::Command(step) => self.object(&mut step.rest),
                Step::Plain(StepKind::Trigger, map) => self.object(map),
                Step::Group(group) => {
                    self.steps(&mut group.steps);
                    self.object(&mut group.rest);
                }
                _ => {}
            }
        }
    }

    fn object(&mut self, object: &mut Map) {
        let Some(condition) = object.shift_remove(KEY) else { return };
        if condition == Value::Null {
            return;
        }
        if *self.files == ChangedFiles::NotAsked {
            let found = self.find_out.take().and_then(|find_out| find_out());
            *self.files = found.map_or(ChangedFiles::Off, ChangedFiles::Known);
        }
        let ChangedFiles::Known(files) = &*self.files else { return };
        match Condition::parse(&condition, self.home) {
            Ok(condition) if condition.holds(files) => {}
            Ok(_) => {
                object.insert("skip".to_owned(), SKIP_REASON.into());
            }
            Err(error) => self.bad.push(error),
        }
    }
}

struct Condition {
    include: Vec<Program>,
    exclude: Vec<Program>,
}

impl Condition {
    fn parse(value: &Value, home: &str) -> Result<Self, BadCondition> {
        let Value::Map(map) = value else {
            return Ok(Self { include: patterns(value, home)?, exclude: Vec::new() });
        };
        let optional = |key: &str| match map.get(key) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(value) => patterns(value, home),
        };
        if !map.contains_key("include") {
            return Err(BadCondition::NoInclude);
        }
        Ok(Self { include: optional("include")?, exclude: optional("exclude")? })
    }

    fn holds(&self, files: &[String]) -> bool {
        let any = |patterns: &[Program], file: &str| patterns.iter().any(|pattern| pattern.matches(file));
        files.iter().any(|file| !any(&self.exclude, file) && any(&self.include, file))
    }
}

fn patterns(value: &Value, home: &str) -> Result<Vec<Program>, BadCondition> {
    match value {
        Value::String(pattern) => Ok(vec![Program::parse(pattern, home)?]),
        Value::List(items) => items.iter().map(|item| one_pattern(item, home)).collect(),
        other => Err(BadCondition::Kind(other.kind())),
    }
}

fn one_pattern(value: &Value, home: &str) -> Result<Program, BadCondition> {
    match value {
        Value::String(pattern) => Ok(Program::parse(pattern, home)?),
        other => Err(BadCondition::Kind(other.kind())),
    }
}
