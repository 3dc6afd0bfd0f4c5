//! Keywords about numbers and texts.
use super::compare::number;
use super::{Check, Members, format};
use crate::configuration::Value;
use regex::Regex;

/// A keyword about numbers, whether a number keeps to its value, and what is said if not.
type Bound = (&'static str, fn(f64, f64) -> bool, &'static str);

const BOUNDS: [Bound; 5] = [
    ("minimum", |value, bound| value >= bound, "must be at least"),
    ("exclusiveMinimum", |value, bound| value > bound, "must be greater than"),
    ("maximum", |value, bound| value <= bound, "must be at most"),
    ("exclusiveMaximum", |value, bound| value < bound, "must be less than"),
    ("multipleOf", is_multiple, "must be a multiple of"),
];

impl<'a> Check<'a> {
    pub(super) fn number(&mut self, schema: &'a Members, literal: &str, path: &str) {
        let Some(value) = number(literal) else { return };
        for (keyword, holds, says) in BOUNDS {
            if let Some(Value::Number(bound)) = schema.get(keyword)
                && number(bound).is_some_and(|bound| !holds(value, bound))
            {
                self.fault(path, &Value::Number(literal.to_owned()), &format!("{says} {bound}"));
            }
        }
    }

    pub(super) fn text(&mut self, schema: &'a Members, text: &str, path: &str) {
        let instance = Value::Text(text.to_owned());
        self.size(schema, ["minLength", "maxLength"], text.chars().count(), &instance, path);
        if let Some(Value::Text(format)) = schema.get("format")
            && !format::is_of(format, text)
        {
            self.fault(path, &instance, &format!("is not of the format {format:?}"));
        }
        if let Some(Value::Text(pattern)) = schema.get("pattern")
            && !matches(pattern, text)
        {
            self.fault(path, &instance, &format!("must match the pattern {pattern:?}"));
        }
    }

    /// Checks a length against the keywords for its least and its greatest.
    pub(super) fn size(
        &mut self,
        schema: &'a Members,
        [least, most]: [&str; 2],
        size: usize,
        instance: &Value,
        path: &str,
    ) {
        if limit(schema, least).is_some_and(|least| size < least) {
            self.fault(path, instance, &format!("is shorter than {least} allows"));
        }
        if limit(schema, most).is_some_and(|most| size > most) {
            self.fault(path, instance, &format!("is longer than {most} allows"));
        }
    }
}

pub(super) fn limit(schema: &Members, keyword: &str) -> Option<usize> {
    match schema.get(keyword) {
        Some(Value::Number(literal)) => literal.parse().ok(),
        _ => None,
    }
}

fn is_multiple(value: f64, of: f64) -> bool {
    of != 0.0 && {
        let quotient = value / of;
        (quotient - quotient.round()).abs() < 1e-9
    }
}

/// Whether `text` has a part that `pattern` describes. What is no pattern describes nothing.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))
}
