//! From the bytes of a pipeline file to the document the build is made of.

use redkite_pipeline::{
    BadCondition, ChangedFiles, Form, InterpolationError, NotSerializable, ParseError, Parsed, Pipeline,
    Precedence, Variables, apply_if_changed, documents, interpolate_pipeline, json,
};
use serde_json::Value;
use thiserror::Error;

use super::Found;
use super::keys::{Unknown, may_upload, unknown_keys, unknown_unblocks};
use super::select::{NoSuchStep, select};

/// Why a file gives no build.
#[derive(Debug, Error)]
pub(crate) enum DefinitionError {
    /// It is no pipeline.
    #[error("{name}: {source}")]
    Parse {
        /// The file.
        name: String,
        /// What is wrong.
        source: ParseError,
    },
    /// It holds several pipelines, or none.
    #[error("{name}: holds {count} pipelines, and a run is of one")]
    Count {
        /// The file.
        name: String,
        /// How many.
        count: usize,
    },
    /// A variable in it can't be replaced.
    #[error("{name}: replacing variables: {source}")]
    Interpolate {
        /// The file.
        name: String,
        /// What is wrong.
        source: InterpolationError,
    },
    /// It holds a value that JSON can't express.
    #[error("{name}: {source}")]
    Write {
        /// The file.
        name: String,
        /// What is wrong.
        source: NotSerializable,
    },
    /// `--step` names no step.
    #[error("{name}: {source}")]
    Select {
        /// The file.
        name: String,
        /// What is wrong.
        source: NoSuchStep,
    },
    /// A step depends on nothing.
    #[error("{name}: {}", messages(unknown))]
    UnknownKeys {
        /// The file.
        name: String,
        /// Them.
        unknown: Vec<Unknown>,
    },
    /// It has no steps.
    #[error("{name}: the pipeline has no steps")]
    NoSteps {
        /// The file.
        name: String,
    },
}

fn messages(unknown: &[Unknown]) -> String {
    let messages: Vec<_> = unknown.iter().map(Unknown::message).collect();
    format!("{} (if a job uploads such a step, say --allow-missing-keys)", messages.join("; "))
}

/// A file that holds one pipeline.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    name: String,
    pipeline: Pipeline,
    warnings: Vec<String>,
}

/// What a build is made of.
#[derive(Debug, Clone)]
pub(crate) struct Definition {
    /// The pipeline, interpolated, in its canonical form.
    pub(crate) document: Value,
    /// What is odd about it.
    pub(crate) warnings: Vec<String>,
}

/// What else matters for a definition.
#[derive(Debug)]
pub(crate) struct Wishes<'a> {
    /// Keys of the steps to run; none means all.
    pub(crate) steps: &'a [String],
    /// Block and input steps to open.
    pub(crate) unblock: &'a [String],
    /// Whether a dependency on a key that no step has is an error.
    pub(crate) missing_keys: MissingKeys,
}

/// What is done about dependencies on keys that no step has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MissingKeys {
    /// An error, unless a job of the pipeline uploads more steps.
    Refuse,
    /// A warning.
    Allow,
}

impl Draft {
    /// Parses the file.
    pub(crate) fn parse(found: &Found) -> Result<Self, DefinitionError> {
        let name = found.name.clone();
        let parsed: Result<Vec<Parsed>, _> = documents(&found.bytes).collect();
        let parsed = parsed.map_err(|source| DefinitionError::Parse { name: name.clone(), source })?;
        let count = parsed.len();
        let mut parsed = parsed.into_iter();
        match (parsed.next(), parsed.next()) {
            (Some(Parsed { pipeline, warning }), None) => {
                Ok(Self { name, pipeline, warnings: warning.iter().map(ToString::to_string).collect() })
            }
            _ => Err(DefinitionError::Count { name, count }),
        }
    }

    /// Replaces variables, applies `if_changed` with the files that `changed` finds, and leaves what is wished.
    pub(crate) fn complete(
        mut self,
        variables: &mut Variables,
        home: &str,
        changed: impl FnOnce() -> Option<Vec<String>>,
        wishes: &Wishes<'_>,
    ) -> Result<Definition, DefinitionError> {
        let name = self.name;
        interpolate_pipeline(&mut self.pipeline, variables, Precedence::Pipeline)
            .map_err(|source| DefinitionError::Interpolate { name: name.clone(), source })?;
        let bad = apply_if_changed(&mut self.pipeline, &mut ChangedFiles::default(), home, changed);
        self.warnings.extend(bad.iter().map(bad_condition));
        let mut document = document(&self.pipeline)
            .map_err(|source| DefinitionError::Write { name: name.clone(), source })?;
        if !wishes.steps.is_empty() {
            select(&mut document, wishes.steps)
                .map_err(|source| DefinitionError::Select { name: name.clone(), source })?;
        }
        if super::outline::outline(&document).is_empty() {
            return Err(DefinitionError::NoSteps { name });
        }
        self.warnings.extend(check_keys(&name, &document, wishes.missing_keys)?);
        // No error: a job may upload such a step.
        self.warnings.extend(unknown_unblocks(&document, wishes.unblock));
        Ok(Definition { document, warnings: self.warnings })
    }
}

fn bad_condition(condition: &BadCondition) -> String {
    format!("if_changed: {condition}; the step will not be skipped")
}

fn document(pipeline: &Pipeline) -> Result<Value, NotSerializable> {
    let text = json::pretty(&pipeline.to_value(Form::Json))?;
    Ok(serde_json::from_str(&text).expect("what was written as JSON can be read as JSON"))
}

fn check_keys(name: &str, document: &Value, missing: MissingKeys) -> Result<Vec<String>, DefinitionError> {
    let unknown = unknown_keys(document);
    if unknown.is_empty() {
        return Ok(Vec::new());
    }
    if missing == MissingKeys::Refuse && !may_upload(document) {
        return Err(DefinitionError::UnknownKeys { name: name.to_owned(), unknown });
    }
    Ok(unknown.iter().map(Unknown::message).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(
        text: &str,
        steps: &[&str],
        missing_keys: MissingKeys,
    ) -> Result<Definition, DefinitionError> {
        let found = Found { name: "p.yml".to_owned(), bytes: text.as_bytes().to_vec() };
        let mut variables = Variables::none();
        variables.set("BUILDKITE_BRANCH", "main".to_owned());
        let steps: Vec<_> = steps.iter().map(|step| (*step).to_owned()).collect();
        let wishes = Wishes { steps: &steps, unblock: &[], missing_keys };
        Draft::parse(&found)?.complete(
            &mut variables,
            "/home/me",
            || Some(vec!["src/a.c".to_owned()]),
            &wishes,
        )
    }

    fn error(text: &str) -> String {
        complete(text, &[], MissingKeys::Refuse).expect_err("it is wrong").to_string()
    }

    #[test]
    fn variables_conditions_and_selection() {
        let text = "steps:\n- {command: 'echo $BUILDKITE_BRANCH $$X', key: a, if_changed: 'docs/**'}\n- {command: b, key: b}";
        let definition = complete(text, &["a"], MissingKeys::Refuse).expect("a definition");
        let steps = definition.document["steps"].as_array().expect("steps");
        assert_eq!(steps.len(), 1);
        assert_eq!(steps[0]["command"], "echo main $X");
        assert!(steps[0]["skip"].is_string() && steps[0].get("if_changed").is_none());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, part) in [
            ("steps:\n  - command: \"a", "p.yml: line"),
            ("steps: 3", "p.yml: "),
            ("# nothing", "p.yml: holds 0 pipelines"),
            ("steps: [wait]\n---\nsteps: [wait]", "p.yml: holds 2 pipelines"),
            ("steps: []", "p.yml: the pipeline has no steps"),
            ("steps: [{command: '${X?}'}]", "p.yml: replacing variables: $X"),
            (
                "steps: [{command: a, depends_on: nope}]",
                "step 1 depends on \"nope\", but no step has that key",
            ),
        ] {
            let error = error(text);
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_key_may_come_later() {
        let late = "steps: [{command: a, depends_on: nope}]";
        let allowed = complete(late, &[], MissingKeys::Allow).expect("a definition");
        assert_eq!(allowed.warnings, ["step 1 depends on \"nope\", but no step has that key"]);
        let uploads =
            "steps: [{command: 'x | buildkite-agent pipeline upload'}, {command: a, depends_on: nope}]";
        assert_eq!(complete(uploads, &[], MissingKeys::Refuse).expect("a definition").warnings.len(), 1);
    }
}
