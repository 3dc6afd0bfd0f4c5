//! What can be known to be wrong before anything is evaluated (spec/control-plane.md §7.3).

use super::environment;
use super::error::{Error, validation};
use super::parser::{Expression, Operator};
use super::value::Type;
use super::variables::{self, OF_STEPS};

/// The functions, whose one argument is the name of an environment variable.
pub(super) const FUNCTIONS: &[&str] = &["env", "build.env"];

/// Whether the whole condition can be evaluated.
pub(super) fn check(expression: &Expression) -> Result<(), Error> {
    expect(kind(expression)?, &[Type::Boolean, Type::Null])
}

fn expect(found: Type, wanted: &[Type]) -> Result<(), Error> {
    if wanted.contains(&found) {
        return Ok(());
    }
    validation(format!("unexpected type: expected {} but found {found}", wanted[0]))
}

/// The type of an expression, all of whose parts are checked.
fn kind(expression: &Expression) -> Result<Type, Error> {
    Ok(match expression {
        Expression::Variable(name) => variable(name)?,
        Expression::Integer(_) => Type::Number,
        Expression::Text(_) | Expression::Shell(_) => Type::Text,
        Expression::Regex(_) => Type::Regex,
        Expression::Boolean(_) => Type::Boolean,
        Expression::Null => Type::Null,
        Expression::Not(inner) => {
            expect(kind(inner)?, &[Type::Boolean])?;
            Type::Boolean
        }
        Expression::Binary(operator, left, right) => binary(*operator, left, right)?,
        Expression::Ternary(parts) => {
            let [condition, yes, no] = parts.as_ref();
            expect(kind(condition)?, &[Type::Boolean])?;
            let (yes, no) = (value(yes)?, value(no)?);
            compatible(yes, no)?;
            if yes == Type::Null { no } else { yes }
        }
        Expression::Array(items) => {
            for item in items {
                expect(kind(item)?, &[Type::Text])?;
            }
            Type::Array
        }
        Expression::Call(name, arguments) => call(name, arguments)?,
    })
}

/// A type that can stand on its own: a regular expression cannot.
fn value(expression: &Expression) -> Result<Type, Error> {
    match kind(expression)? {
        Type::Regex => validation("unexpected type: expected string but found regular expression"),
        other => Ok(other),
    }
}

fn variable(name: &str) -> Result<Type, Error> {
    if OF_STEPS.contains(&name) {
        return validation("step variables are not available for entry point \"build condition\"");
    }
    match variables::find(name) {
        Some(variable) => Ok(variable.kind),
        None => validation(format!("`{name}` is not a variable")),
    }
}

fn binary(operator: Operator, left: &Expression, right: &Expression) -> Result<Type, Error> {
    match operator {
        Operator::And | Operator::Or => {
            expect(kind(left)?, &[Type::Boolean])?;
            expect(kind(right)?, &[Type::Boolean])?;
        }
        Operator::Matches | Operator::MatchesNot => {
            expect(kind(left)?, &[Type::Text, Type::Null])?;
            expect(kind(right)?, &[Type::Regex])?;
        }
        Operator::Includes => {
            expect(kind(left)?, &[Type::Array, Type::Null])?;
            expect(kind(right)?, &[Type::Text, Type::Regex, Type::Null])?;
        }
        Operator::Equal | Operator::NotEqual => {
            let (of_left, of_right) = (value(left)?, value(right)?);
            compatible(of_left, of_right)?;
            check_word(of_left, right)?;
        }
    }
    Ok(Type::Boolean)
}

/// Whether two types can be compared: an enumeration stands on the left, and text on its right.
fn compatible(left: Type, right: Type) -> Result<(), Error> {
    match (left, right) {
        (_, Type::Null) => Ok(()),
        (Type::Null, _) => Ok(()),
        (Type::Enumeration(_), right) => expect(right, &[Type::Text]),
        (left, right) => expect(right, &[left]),
    }
}

/// A literal compared with an enumeration is one of its words.
fn check_word(left: Type, right: &Expression) -> Result<(), Error> {
    let (Type::Enumeration(of), Expression::Text(text)) = (left, right) else { return Ok(()) };
    match text.as_literal() {
        Some(word) if !of.words.contains(&word.as_str()) => {
            validation(format!("\"{word}\" is not a valid `{}`", of.name))
        }
        _ => Ok(()),
    }
}

fn call(name: &str, arguments: &[Expression]) -> Result<Type, Error> {
    if !FUNCTIONS.contains(&name) {
        return validation(format!("`{name}` is not a function"));
    }
    let [argument] = arguments else {
        return validation(format!("{name} expects exactly one argument"));
    };
    match kind(argument)? {
        Type::Text | Type::Enumeration(_) => {}
        other => expect(other, &[Type::Text])?,
    }
    if let Expression::Text(text) = argument
        && let Some(literal) = text.as_literal()
    {
        environment::check_literal(&literal)?;
    }
    Ok(Type::Text)
}
