//! JSON as the reference writes it (spec/pipeline.md §12.1).

use super::view::View;
use crate::number;
use crate::value::Value;

/// A number that JSON can't hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("JSON has no number {0}")]
pub struct NotSerializable(String);

/// Indented by two blanks, without a final newline.
pub fn pretty(value: &Value) -> Result<String, NotSerializable> {
    write(&View::Value(value), Layout::Indented)
}

/// On one line, without white space.
pub fn compact(value: &Value) -> Result<String, NotSerializable> {
    write(&View::Value(value), Layout::Compact)
}

/// The text of what is about to be written.
pub(super) fn write(view: &View<'_>, layout: Layout) -> Result<String, NotSerializable> {
    let mut writer = Writer { out: String::new(), layout };
    writer.view(view, 0)?;
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

/// How JSON is laid out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
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
            Value::List(items) => {
                self.list(items.iter(), depth, |writer, item| writer.value(item, depth + 1))?
            }
            Value::Map(map) => self.map(map.iter(), depth, |writer, value| writer.value(value, depth + 1))?,
        }
        Ok(())
    }

    fn view(&mut self, view: &View<'_>, depth: usize) -> Result<(), NotSerializable> {
        match view {
            View::Value(value) => self.value(value, depth),
            View::Null => self.value(&Value::Null, depth),
            View::Bool(value) => self.value(&Value::Bool(*value), depth),
            View::Int(number) => self.value(&Value::Int(*number), depth),
            View::Text(text) => {
                self.string(text);
                Ok(())
            }
            View::List(items) => self.list(items.iter(), depth, |writer, item| writer.view(item, depth + 1)),
            View::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| (key, value));
                self.map(entries, depth, |writer, value| writer.view(value, depth + 1))
            }
        }
    }

    fn list<T>(
        &mut self,
        items: impl ExactSizeIterator<Item = T>,
        depth: usize,
        write: impl Fn(&mut Self, T) -> Result<(), NotSerializable>,
    ) -> Result<(), NotSerializable> {
        if items.len() == 0 {
            self.out.push_str("[]");
            return Ok(());
        }
        self.out.push('[');
        for (index, item) in items.enumerate() {
            self.separator(index, depth + 1);
            write(self, item)?;
        }
        self.line(depth);
        self.out.push(']');
        Ok(())
    }

    fn map<K: AsRef<str>, T>(
        &mut self,
        entries: impl ExactSizeIterator<Item = (K, T)>,
        depth: usize,
        write: impl Fn(&mut Self, T) -> Result<(), NotSerializable>,
    ) -> Result<(), NotSerializable> {
        if entries.len() == 0 {
            self.out.push_str("{}");
            return Ok(());
        }
        self.out.push('{');
        for (index, (key, value)) in entries.enumerate() {
            self.separator(index, depth + 1);
            self.string(key.as_ref());
            self.out.push_str(if self.layout == Layout::Indented { ": " } else { ":" });
            write(self, value)?;
        }
        self.line(depth);
        self.out.push('}');
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
        // Most strings need no escapes; U+2028 and U+2029 begin with the last byte of these.
        let may_need_escapes =
            |byte: u8| byte < b' ' || matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&' | 0xe2);
        if text.bytes().any(may_need_escapes) {
            self.escaped(text);
        } else {
            self.out.push_str(text);
        }
        self.out.push('"');
    }

    fn escaped(&mut self, text: &str) {
        let mut plain = 0;
        for (at, character) in text.char_indices() {
            let Some(escape) = escape(character) else { continue };
            self.out.push_str(&text[plain..at]);
            self.out.push_str(&escape);
            plain = at + character.len_utf8();
        }
        self.out.push_str(&text[plain..]);
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
