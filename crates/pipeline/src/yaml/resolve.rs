//! What a plain scalar means (spec/pipeline.md §4.3): the table.

use super::timestamp;
use crate::value::Value;

/// Resolves a scalar that was written without quotes and without a tag.
pub(crate) fn resolve(text: &str) -> Value {
    let sign = text.starts_with(['+', '-']);
    let unsigned = if sign { &text[1..] } else { text };
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN),
        _ => {}
    }
    let number = match unsigned {
        ".inf" | ".Inf" | ".INF" if text.starts_with('-') => Some(Value::Float(f64::NEG_INFINITY)),
        ".inf" | ".Inf" | ".INF" => Some(Value::Float(f64::INFINITY)),
        _ if sign || text.starts_with(|first: char| first.is_ascii_digit()) => number(text),
        _ if text.starts_with('.') => dotted(text),
        _ => None,
    };
    number.unwrap_or_else(|| Value::String(text.to_owned()))
}

fn number(text: &str) -> Option<Value> {
    if let Some(timestamp) = timestamp::parse(text) {
        return Some(Value::Timestamp(timestamp));
    }
    let digits = text.replace('_', "");
    integer(&digits).or_else(|| decimal(&digits).map(Value::Float))
}

fn integer(text: &str) -> Option<Value> {
    let (sign, magnitude) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("+", &text[1..]),
        _ => ("", text),
    };
    let (radix, digits) = radix(magnitude);
    // A second sign must not slip through to the conversion.
    if !digits.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    match sign {
        "-" if magnitude == i64::MIN.unsigned_abs() => Some(Value::Int(i64::MIN)),
        "-" => i64::try_from(magnitude).ok().map(|number| Value::Int(-number)),
        "+" => i64::try_from(magnitude).ok().map(Value::Int),
        _ => Some(i64::try_from(magnitude).map_or(Value::Uint(magnitude), Value::Int)),
    }
}

fn radix(text: &str) -> (u32, &str) {
    match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &text[2..]),
        [b'0', b'b' | b'B', ..] => (2, &text[2..]),
        [b'0', b'o' | b'O', ..] => (8, &text[2..]),
        [b'0', _, ..] => (8, &text[1..]),
        _ => (10, text),
    }
}

/// A number that starts with a point: single underscores may stand between digits.
fn dotted(text: &str) -> Option<Value> {
    let bytes = text.as_bytes();
    let between_digits = |at: usize| {
        at.checked_sub(1).is_some_and(|before| bytes[before].is_ascii_digit())
            && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
    };
    let underscores = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_');
    if !underscores.into_iter().all(|(at, _)| between_digits(at)) {
        return None;
    }
    decimal(&text.replace('_', "")).map(Value::Float)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, when it is finite.
fn decimal(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && is_digits(fraction),
        Some((whole, fraction)) => is_digits(whole) && is_digits(fraction),
        None => !mantissa.is_empty() && is_digits(mantissa),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits.is_empty() && is_digits(digits)
    });
    let number: f64 = (mantissa_fits && exponent_fits).then(|| text.parse().ok())??;
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_resolved() {
        let string = |text: &str| Value::String(text.to_owned());
        let check = |text: &str, expected: Value| assert_eq!(resolve(text), expected, "{text:?}");
        for text in ["", "~", "null", "Null", "NULL"] {
            check(text, Value::Null);
        }
        for text in
            ["yes", "on", "tRUE", "nULL", "_7", "0x", "0b2", "0o9", "1-2", "1:20", ".", "+", "-", "7f"]
        {
            check(text, string(text));
        }
        for text in
            ["1e999", "-1e999", "1e", "+-5", "--5", "0x-1", "0-1", ".5_", "._5", ".5__0", "-.nan", "+.NaN"]
        {
            check(text, string(text));
        }
        check("010", Value::Int(8));
        check("-0x10", Value::Int(-16));
        check("0_17", Value::Int(15));
        check("7_", Value::Int(7));
        check("0", Value::Int(0));
        check("+7", Value::Int(7));
        check("-9223372036854775808", Value::Int(i64::MIN));
        check("9223372036854775808", Value::Uint(1 << 63));
        check("+9223372036854775808", Value::Float(9_223_372_036_854_775_808.0));
        check("18446744073709551616", Value::Float(18_446_744_073_709_551_616.0));
        check("08", Value::Float(8.0));
        check("1.", Value::Float(1.0));
        check("1.e3", Value::Float(1000.0));
        check(".5", Value::Float(0.5));
        check(".2_5", Value::Float(0.25));
        check("+.5", Value::Float(0.5));
        check("-.inf", Value::Float(f64::NEG_INFINITY));
        check("+.Inf", Value::Float(f64::INFINITY));
        check("2024-1-2", Value::Timestamp("2024-01-02T00:00:00Z".into()));
        check("2023-02-30", string("2023-02-30"));
    }
}
