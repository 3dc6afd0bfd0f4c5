//! Types and equality of JSON values, as schemas mean them.
use crate::configuration::Value;

/// What a schema calls the type of `value`.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(literal) if is_integer(literal) => "integer",
        Value::Number(_) => "number",
        Value::Text(_) => "string",
        Value::List(_) => "array",
        Value::Object(_) => "object",
    }
}

/// `name`, unless it is a type.
pub(super) fn unknown(name: &str) -> Option<&str> {
    const TYPES: [&str; 7] = ["null", "boolean", "integer", "number", "string", "array", "object"];
    (!TYPES.contains(&name)).then_some(name)
}

/// Whether `value` has the type `name`; an integer is a number too.
pub(super) fn is_a(value: &Value, name: &str) -> bool {
    let own = type_name(value);
    own == name || (own == "integer" && name == "number")
}

/// Whether two values are equal: numbers by what they are worth, objects whatever their order.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other
                || number(one).zip(number(other)).is_some_and(|(one, other)| one.total_cmp(&other).is_eq())
        }
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|other| same(value, other)))
        }
        (one, other) => one == other,
    }
}

/// What a literal is worth.
pub(super) fn number(literal: &str) -> Option<f64> {
    literal.parse().ok().filter(|value: &f64| value.is_finite())
}

fn is_integer(literal: &str) -> bool {
    literal.strip_prefix('-').unwrap_or(literal).bytes().all(|b| b.is_ascii_digit())
        || number(literal).is_some_and(|value| value.fract() == 0.0)
}
