//! What can be wrong with a pipeline document, each error naming the step and the attribute.

use std::fmt;

use thiserror::Error;

use crate::conditional;

/// Why a document was refused as a whole (spec/control-plane.md §3.2, §4.4).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DefinitionError {
    /// The document is neither a mapping with `steps` nor a list of steps.
    #[error("the pipeline must be a mapping with `steps`, or a list of steps")]
    NotAPipeline,
    /// A top-level key has a value of the wrong kind.
    #[error("`{attribute}` of the pipeline must be {expected}")]
    BadTopLevel {
        /// The key.
        attribute: &'static str,
        /// What it should have been.
        expected: &'static str,
    },
    /// A step of which nobody knows what it is.
    #[error(
        "{step} has none of the keys that say what it is: `command`, `wait`, `block`, `input`, `trigger` or `group`"
    )]
    UnknownType {
        /// Which step.
        step: StepName,
    },
    /// A step's attribute has a value of the wrong kind or outside its range.
    #[error("`{attribute}` of {step} must be {expected}")]
    BadAttribute {
        /// Which step.
        step: StepName,
        /// The attribute, with its path (`retry.automatic[0].limit`).
        attribute: String,
        /// What it should have been.
        expected: String,
    },
    /// Attributes that do not go together, or a step where it may not be.
    #[error("{step} {problem}")]
    Conflict {
        /// Which step.
        step: StepName,
        /// What is wrong, as the rest of a sentence.
        problem: String,
    },
    /// Two steps with one key.
    #[error("The key \"{key}\" has already been used by another step in this build")]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// `depends_on` names a step that does not exist.
    #[error("{step} depends on \"{key}\", but no step of the pipeline has that key")]
    UnknownDependency {
        /// The step that depends.
        step: StepName,
        /// The key it names.
        key: String,
    },
    /// Steps that wait for each other.
    #[error("these steps wait for each other: {}", Cycle(.steps))]
    Cycle {
        /// The steps, each waiting for the next and the last for the first.
        steps: Vec<StepName>,
    },
    /// A condition that cannot be parsed or evaluated.
    #[error("`if` of {step}: {source}")]
    Condition {
        /// Which step.
        step: StepName,
        /// What is wrong with it.
        source: conditional::Error,
    },
    /// Too many of something.
    #[error("{found} {what} are too many, {limit} are allowed")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many may be.
        limit: usize,
    },
}

/// How messages call a step: by key, else by label, else by its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepName {
    /// Its key.
    Key(String),
    /// Its label.
    Label(String),
    /// Its place in the document or build, from 1.
    Place(usize),
}

impl fmt::Display for StepName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(name) | Self::Label(name) => write!(f, "step \"{name}\""),
            Self::Place(place) => write!(f, "step {place}"),
        }
    }
}

struct Cycle<'a>(&'a [StepName]);

impl fmt::Display for Cycle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.0.iter().chain(self.0.first()).enumerate() {
            let arrow = if place == 0 { "" } else { " → " };
            write!(f, "{arrow}{step}")?;
        }
        Ok(())
    }
}
