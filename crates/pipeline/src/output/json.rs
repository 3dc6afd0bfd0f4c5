//! JSON as the reference writes it (spec/pipeline.md §12.1).

use crate::number;
use crate::value::Value;

/// A number that JSON can't hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("json: unsupported value: {0}")]
pub struct NotSerializable(String);

/// Indented by two blanks, without a final newline.
pub fn pretty(value: &Value) -> Result<String, NotSerializable> {
    let mut writer = Writer { out: String::new(), layout: Layout::Indented };
    writer.value(value, 0)?;
    Ok(writer.out)
}

/// On one line, without white space.
pub fn compact(value: &Value) -> Result<String, NotSerializable> {
    let mut writer = Writer { out: String::new(), layout: Layout::Compact };
    writer.value(value, 0)?;
    Ok(writer.out)
}

/// The value in the types of `serde_json`, in the same order of keys.
pub fn to_serde(value: &Value) -> Result<serde_json::Value, NotSerializable> {
    use serde_json::Value as Json;
    Ok(match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(number) => Json::from(*number),
        Value::Uint(number) => Json::from(*number),
        Value::Float(number) => {
            let text = number::as_json(*number).ok_or_else(|| NotSerializable(number::as_string(*number)))?;
            text.parse::<serde_json::Number>().map_or(Json::Null, Json::Number)
        }
        Value::String(text) | Value::Timestamp(text) => Json::String(text.clone()),
        Value::List(items) => Json::Array(items.iter().map(to_serde).collect::<Result<_, _>>()?),
        Value::Map(map) => {
            let entries = map.iter().map(|(key, value)| Ok((key.clone(), to_serde(value)?)));
            Json::Object(entries.collect::<Result<_, NotSerializable>>()?)
        }
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Indented,
    Compact,
}

struct Writer {
    out: String,
    layout: Layout,
}

impl Writer {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), NotSerializable> {
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Value::Int(number) => self.out.push_str(&number.to_string()),
            Value::Uint(number) => self.out.push_str(&number.to_string()),
            Value::Float(number) => {
                let text =
                    number::as_json(*number).ok_or_else(|| NotSerializable(number::as_string(*number)))?;
                self.out.push_str(&text);
            }
            Value::String(text) | Value::Timestamp(text) => self.string(text),
            Value::List(items) if items.is_empty() => self.out.push_str("[]"),
            Value::List(items) => {
                self.out.push('[');
                for (index, item) in items.iter().enumerate() {
                    self.separator(index, depth + 1);
                    self.value(item, depth + 1)?;
                }
                self.line(depth);
                self.out.push(']');
            }
            Value::Map(map) if map.is_empty() => self.out.push_str("{}"),
            Value::Map(map) => {
                self.out.push('{');
                for (index, (key, value)) in map.iter().enumerate() {
                    self.separator(index, depth + 1);
                    self.string(key);
                    self.out.push_str(if self.layout == Layout::Indented { ": " } else { ":" });
                    self.value(value, depth + 1)?;
                }
                self.line(depth);
                self.out.push('}');
            }
        }
        Ok(())
    }

    fn separator(&mut self, index: usize, depth: usize) {
        if index > 0 {
            self.out.push(',');
        }
        self.line(depth);
    }

    fn line(&mut self, depth: usize) {
        if self.layout == Layout::Indented {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", depth));
        }
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        let mut plain = 0;
        for (at, character) in text.char_indices() {
            let Some(escape) = escape(character) else { continue };
            self.out.push_str(&text[plain..at]);
            self.out.push_str(&escape);
            plain = at + character.len_utf8();
        }
        self.out.push_str(&text[plain..]);
        self.out.push('"');
    }
}

fn escape(character: char) -> Option<std::borrow::Cow<'static, str>> {
    Some(match character {
        '"' => "\\\"".into(),
        '\\' => "\\\\".into(),
        '\x08' => "\\b".into(),
        '\x0c' => "\\f".into(),
        '\n' => "\\n".into(),
        '\r' => "\\r".into(),
        '\t' => "\\t".into(),
        '\0'..='\x1f' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
            format!("\\u{:04x}", u32::from(character)).into()
        }
        _ => return None,
    })
}
