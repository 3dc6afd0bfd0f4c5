//! What a signature of a step covers (spec/pipeline.md §14.2).

use super::jcs;
use crate::output::{Form, View, parts};
use crate::step::CommandStep;
use crate::value::{Map, Value};

/// Before the name of a variable of the pipeline.
pub(super) const ENV_PREFIX: &str = "env::";

/// The fields that a signature of this step must cover, with their values.
pub(super) fn of_step(step: &CommandStep, repository_url: &str) -> Map {
    let mut fields = Map::from([
        ("command".to_owned(), Value::from(&step.command)),
        ("env".to_owned(), or_null(parts::step_env(&step.env, Form::Json))),
        ("plugins".to_owned(), or_null(parts::plugins(&step.plugins, Form::Json))),
        ("matrix".to_owned(), or_null(matrix(step))),
        ("repository_url".to_owned(), repository_url.into()),
    ]);
    if let Some(secrets) = parts::secrets(&step.secrets, Form::Json) {
        fields.insert("secrets".to_owned(), secrets.to_value());
    }
    let checkout = step.checkout.as_ref().map(|checkout| parts::checkout(checkout, Form::Json));
    if let Some(checkout) = checkout.filter(|checkout| !checkout.is_empty_map()) {
        fields.insert("checkout".to_owned(), checkout.to_value());
    }
    fields
}

fn matrix(step: &CommandStep) -> Option<View<'_>> {
    let matrix = step.matrix.as_ref().filter(|matrix| **matrix != crate::step::Matrix::default())?;
    Some(parts::matrix(matrix, Form::Json))
}

fn or_null(view: Option<View<'_>>) -> Value {
    view.map_or(Value::Null, |view| view.to_value())
}

/// The text that is signed; `None` if a number in it has no form.
pub(super) fn payload(algorithm: &str, fields: Map) -> Option<String> {
    jcs::canonical(&Value::Map(Map::from([
        ("alg".to_owned(), algorithm.into()),
        ("values".to_owned(), Value::Map(fields)),
    ])))
}
