//! The value of a checked expression (spec/control-plane.md §7.4).

use super::environment;
use super::error::{Error, evaluation};
use super::parser::{Expression, Operator};
use super::scope::Scope;
use super::value::Value;
use super::variables;

/// The value of an expression. Sides that are skipped are not looked at.
pub(super) fn evaluate(expression: &Expression, scope: &Scope<'_>) -> Result<Value, Error> {
    Ok(match expression {
        Expression::Variable(name) => match variables::find(name) {
            Some(variable) => (variable.value)(scope),
            None => return evaluation(format!("`{name}` is not a variable")),
        },
        Expression::Integer(number) => Value::Number(*number),
        Expression::Text(text) => Value::Text(text.expand(&scope.env)?),
        Expression::Shell(expansion) => Value::text(expansion.expand_alone(&scope.env)?),
        Expression::Boolean(value) => Value::Boolean(*value),
        Expression::Null => Value::Null,
        Expression::Regex(_) => return evaluation("a regular expression is no value"),
        Expression::Not(inner) => Value::Boolean(!evaluate(inner, scope)?.is_true()),
        Expression::Binary(operator, left, right) => binary(*operator, left, right, scope)?,
        Expression::Ternary(parts) => {
            let [condition, yes, no] = parts.as_ref();
            let chosen = if evaluate(condition, scope)?.is_true() { yes } else { no };
            evaluate(chosen, scope)?
        }
        Expression::Array(items) => {
            Value::Array(items.iter().map(|item| element(item, scope)).collect::<Result<_, _>>()?)
        }
        Expression::Call(name, arguments) => call(name, arguments, scope)?,
    })
}

fn element(item: &Expression, scope: &Scope<'_>) -> Result<Option<String>, Error> {
    match evaluate(item, scope)? {
        Value::Text(text) => Ok(Some(text)),
        Value::Null => Ok(None),
        _ => evaluation("an element of a list is not a string"),
    }
}

fn binary(
    operator: Operator,
    left: &Expression,
    right: &Expression,
    scope: &Scope<'_>,
) -> Result<Value, Error> {
    let decisive = evaluate(left, scope)?;
    let result = match operator {
        Operator::And if !decisive.is_true() => return Ok(decisive),
        Operator::Or if decisive.is_true() => return Ok(decisive),
        Operator::And | Operator::Or => return evaluate(right, scope),
        Operator::Equal => decisive == evaluate(right, scope)?,
        Operator::NotEqual => decisive != evaluate(right, scope)?,
        Operator::Matches => matches(&decisive, right)?,
        Operator::MatchesNot => !matches(&decisive, right)?,
        Operator::Includes => includes(&decisive, right, scope)?,
    };
    Ok(Value::Boolean(result))
}

fn matches(value: &Value, pattern: &Expression) -> Result<bool, Error> {
    match (value, pattern) {
        (Value::Text(text), Expression::Regex(pattern)) => pattern.matches(text),
        _ => Ok(false),
    }
}

/// Elements from left to right; one that is null ends the search with an error.
fn includes(list: &Value, wanted: &Expression, scope: &Scope<'_>) -> Result<bool, Error> {
    let Value::Array(items) = list else { return Ok(false) };
    let text = match wanted {
        Expression::Regex(_) => None,
        other => match evaluate(other, scope)? {
            Value::Text(text) => Some(text),
            _ => return Ok(false),
        },
    };
    for item in items {
        let Some(item) = item else { return evaluation("an element of the list is null") };
        let found = match (wanted, &text) {
            (Expression::Regex(pattern), _) => pattern.matches(item)?,
            (_, Some(text)) => item == text,
            (_, None) => false,
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `env` knows no null, `build.env` does.
fn call(name: &str, arguments: &[Expression], scope: &Scope<'_>) -> Result<Value, Error> {
    let argument = match arguments.first().map(|argument| evaluate(argument, scope)).transpose()? {
        Some(Value::Text(argument)) => argument,
        _ => return evaluation(format!("the argument of `{name}` is null")),
    };
    environment::check_dynamic(&argument)?;
    let value = scope.env.get(&argument).cloned();
    Ok(match (name, value) {
        ("env", value) => Value::Text(value.unwrap_or_default()),
        (_, value) => Value::text(value),
    })
}
