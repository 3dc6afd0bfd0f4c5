//! A plugin's configuration: JSON whose numbers keep their spelling (spec/job.md §9.2).
use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::value::RawValue;

/// A JSON value. Of a repeated key the last value counts, at the place of the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// As it was written: `2.50`, `1e3`, `12345678901234567890`.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A mapping, in the order in which it was written.
    Object(IndexMap<String, Value>),
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Self::read(raw, 0).map_err(D::Error::custom)
    }
}

/// Deeper than anybody writes, and shallow enough for the stack.
const DEEPEST: u32 = 128;

impl Value {
    /// What a raw value's first character says it is, read.
    fn read(raw: &RawValue, depth: u32) -> serde_json::Result<Self> {
        if depth > DEEPEST {
            return Err(serde_json::Error::custom("nested too deeply"));
        }
        let text = raw.get();
        let inner = |raw| Self::read(raw, depth + 1);
        Ok(match text.as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'"') => Self::Text(serde_json::from_str(text)?),
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text)?;
                Self::List(items.into_iter().map(inner).collect::<Result<_, _>>()?)
            }
            Some(b'{') => {
                let members: IndexMap<String, &RawValue> = serde_json::from_str(text)?;
                let read = |(key, raw)| Ok((key, inner(raw)?));
                Self::Object(members.into_iter().map(read).collect::<serde_json::Result<_>>()?)
            }
            _ => Self::Number(text.to_owned()),
        })
    }

    /// The value as compact JSON with sorted keys; `<`, `>`, `&` and the two line separators are escaped, so that
    /// the text is safe inside HTML and JavaScript.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, to: &mut String) {
        match self {
            Self::Null => to.push_str("null"),
            Self::Bool(value) => to.push_str(if *value { "true" } else { "false" }),
            Self::Number(literal) => to.push_str(literal),
            Self::Text(text) => write_text(text, to),
            Self::List(items) => {
                separated(to, ['[', ']'], items, |item, to| item.write(to));
            }
            Self::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                members.sort_by_key(|(key, _)| *key);
                separated(to, ['{', '}'], members, |(key, value), to| {
                    write_text(key, to);
                    to.push(':');
                    value.write(to);
                });
            }
        }
    }
}

fn separated<I: IntoIterator>(
    to: &mut String,
    [open, close]: [char; 2],
    items: I,
    mut write: impl FnMut(I::Item, &mut String),
) {
    to.push(open);
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            to.push(',');
        }
        write(item, to);
    }
    to.push(close);
}

fn write_text(text: &str, to: &mut String) {
    let quoted = serde_json::Value::from(text).to_string();
    for c in quoted.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => to.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => to.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Value {
        serde_json::from_str(text).expect(text)
    }

    #[test]
    fn numbers_keep_their_spelling_and_keys_are_sorted() {
        let check = |text: &str, canonical: &str| assert_eq!(parse(text).canonical(), canonical);
        check(
            r#"{"b": 2.50, "a": [1e3, -0, 12345678901234567890123, true, null]}"#,
            r#"{"a":[1e3,-0,12345678901234567890123,true,null],"b":2.50}"#,
        );
        check(r#"{"B":1,"a":{},"A":[]}"#, r#"{"A":[],"B":1,"a":{}}"#);
        check(r#""<a>&\u2028é\n""#, r#""\u003ca\u003e\u0026\u2028é\n""#);
        check(r#"{"a":1,"a":2}"#, r#"{"a":2}"#);
    }

    #[test]
    fn nesting_has_an_end() {
        let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(serde_json::from_str::<Value>(&nested(100)).is_ok());
        assert!(serde_json::from_str::<Value>(&nested(100_000)).is_err());
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            "\\PC*".prop_map(Into::into),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                prop::collection::hash_map("\\PC*", inner, 0..4)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_canonical_text_means_the_same(value in value()) {
            let canonical = parse(&value.to_string()).canonical();
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&canonical).ok(), Some(value));
            prop_assert_eq!(&parse(&canonical).canonical(), &canonical);
        }
    }
}
