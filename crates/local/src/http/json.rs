//! JSON as the reference writes and reads it: one value, a newline, and nothing HTML could mistake for a tag; names in
//! any case, and no text that can't be read.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// The bytes of a body.
pub(crate) fn escaped(value: &impl Serialize) -> Vec<u8> {
    let text = serde_json::to_string(value).expect("maps with text keys and plain values always serialise");
    let text = text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    let text = text.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    (text + "\n").into_bytes()
}

/// The first value of a body, an object; what follows it is not looked at. `null` counts as an empty object. Of its
/// members the case doesn't matter, the last of a name counts, and `null` is as good as none.
pub(crate) fn first_value<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, String> {
    let text = redkite_text::shown_bytes(body);
    let text = paired(&text);
    match serde_json::Deserializer::from_str(&text).into_iter::<Option<Members<'_>>>().next() {
        Some(Ok(None)) => Ok(T::default()),
        Some(Ok(Some(Members(members)))) => T::deserialize(MapDeserializer::new(members.into_iter()))
            .map_err(|error: serde_json::Error| error.to_string()),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("the body is empty".to_owned()),
    }
}

/// The members of an object, each once, with names in lower case.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Self::Value::new();
                while let Some(mut name) = map.next_key::<String>()? {
                    let value: &RawValue = map.next_value()?;
                    name.make_ascii_lowercase();
                    if value.get() != "null" {
                        members.retain(|(other, _)| *other != name);
                        members.push((name, value));
                    }
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Collect).map(Self).map_err(D::Error::custom)
    }
}

/// The text with a replacement character for each escaped half of a pair that has lost the other half.
fn paired(text: &str) -> Cow<'_, str> {
    if !text.contains("\\ud") && !text.contains("\\uD") {
        return Cow::Borrowed(text);
    }
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        whole.push_str(before);
        let length = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => 0,
            // Not one of the two bytes of `\\` may begin another escape.
            _ => 1 + escape[1..].chars().next().map_or(0, char::len_utf8),
        };
        let (kept, after) = escape.split_at(length);
        whole.push_str(if length == 0 { "\\ufffd" } else { kept });
        rest = if length == 0 { &escape[6..] } else { after };
    }
    whole.push_str(rest);
    Cow::Owned(whole)
}

/// The unit of UTF-16 that a text begins with, if it is escaped.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Body {
        env: BTreeMap<String, Option<String>>,
        number: i64,
    }

    fn read(body: &[u8]) -> String {
        match first_value::<Body>(body) {
            Ok(body) => format!("{:?} {}", body.env, body.number),
            Err(_) => "refused".to_owned(),
        }
    }

    #[test]
    fn bodies_are_read_as_the_reference_reads_them() {
        let deep = format!("{{\"x\":{}{}}}", "[".repeat(500), "]".repeat(500));
        let cases: [(&[u8], &str); 16] = [
            (b"null", "{} 0"),
            (br#"{"env":{"A":"1"},"more":[{}]} trailing"#, r#"{"A": Some("1")} 0"#),
            (br#"{"ENV":{"A":"1"},"Number":3}"#, r#"{"A": Some("1")} 3"#),
            (br#"{"env":{"A":"1"},"env":{"B":"2"}}"#, r#"{"B": Some("2")} 0"#),
            (br#"{"env":null,"number":null}"#, "{} 0"),
            (br#"{"env":{"A":null}}"#, r#"{"A": None} 0"#),
            (b"{\"env\":{\"A\":\"\xff\xfe\"}}", "{\"A\": Some(\"\u{fffd}\u{fffd}\")} 0"),
            (br#"{"env":{"A":"\ud83d\uDE00\ud83dx\\ud83d"}}"#, "{\"A\": Some(\"😀\u{fffd}x\\\\ud83d\")} 0"),
            (br#"{"env":{"A":"\ude00"}}"#, "{\"A\": Some(\"\u{fffd}\")} 0"),
            (deep.as_bytes(), "{} 0"),
            (b"", "refused"),
            (b"[]", "refused"),
            (b"\"x\"", "refused"),
            (br#"{"env":["A"]}"#, "refused"),
            (br#"{"env":{"A":1}}"#, "refused"),
            (br#"{"number":"1"}"#, "refused"),
        ];
        for (body, expected) in cases {
            assert_eq!(read(body), expected, "{:.80}", String::from_utf8_lossy(body));
        }
    }
}
