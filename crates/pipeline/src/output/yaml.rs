//! YAML in block style (spec/pipeline.md §12.2).

use super::yaml_string::{Style, double_quoted, single_quoted, style};
use crate::number;
use crate::value::{Map, Value};

/// Longer keys are written with a question mark.
const LONGEST_SIMPLE_KEY: usize = 128;

/// How far collections inside a map are indented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YamlIndent {
    /// To the next multiple of two: `tool sign`.
    Two,
    /// To the next multiple of four: `pipeline upload`.
    Four,
}

/// A document, with a final newline and without a marker.
pub(super) fn document(value: &Value, indent: YamlIndent) -> String {
    let width = match indent {
        YamlIndent::Two => 2,
        YamlIndent::Four => 4,
    };
    let mut writer = Writer { out: String::new(), width };
    match value {
        Value::Map(map) if !map.is_empty() => writer.map(map, 0),
        Value::List(items) if !items.is_empty() => writer.list(items, 0),
        scalar => {
            writer.scalar(scalar, 0, width);
            writer.out.push('\n');
        }
    }
    writer.out
}

struct Writer {
    out: String,
    width: usize,
}

impl Writer {
    /// Writes a map whose first key goes where the output ends, the others to `column`.
    fn map(&mut self, map: &Map, column: usize) {
        for (index, (key, value)) in map.iter().enumerate() {
            if index > 0 {
                self.pad(column);
            }
            if key.len() > LONGEST_SIMPLE_KEY || key.contains('\n') {
                self.out.push_str("? ");
                self.scalar(&key.into(), column, column + 2);
                self.out.push('\n');
                self.pad(column);
                self.out.push_str(": ");
                self.element(value, column);
            } else {
                self.simple_key(key, column);
                self.out.push(':');
                self.map_value(value, column);
            }
        }
    }

    fn simple_key(&mut self, key: &str, column: usize) {
        match key {
            // Without quotes it would merge.
            "<<" => self.out.push_str("\"<<\""),
            key => self.scalar(&key.into(), column, column),
        }
    }

    /// Writes what follows `key:`.
    fn map_value(&mut self, value: &Value, column: usize) {
        let inner = (column / self.width + 1) * self.width;
        match value {
            Value::Map(map) if !map.is_empty() => {
                self.out.push('\n');
                self.pad(inner);
                self.map(map, inner);
            }
            Value::List(items) if !items.is_empty() => {
                self.out.push('\n');
                self.pad(inner);
                self.list(items, inner);
            }
            scalar => {
                self.out.push(' ');
                self.scalar(scalar, column, inner);
                self.out.push('\n');
            }
        }
    }

    /// Writes a list whose first dash goes where the output ends, the others to `column`.
    fn list(&mut self, items: &[Value], column: usize) {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.pad(column);
            }
            self.out.push_str("- ");
            self.element(item, column);
        }
    }

    /// Writes what follows `- `.
    fn element(&mut self, value: &Value, column: usize) {
        match value {
            Value::Map(map) if !map.is_empty() => self.map(map, column + 2),
            Value::List(items) if !items.is_empty() => self.list(items, column + 2),
            scalar => {
                self.scalar(scalar, column, column + 2);
                self.out.push('\n');
            }
        }
    }

    /// Writes a scalar or an empty collection; a block's lines go to column `block`, and the collection that
    /// the scalar belongs to stands at `parent`.
    fn scalar(&mut self, value: &Value, parent: usize, block: usize) {
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Value::Int(number) => self.out.push_str(&number.to_string()),
            Value::Uint(number) => self.out.push_str(&number.to_string()),
            Value::Float(number) => self.out.push_str(&float(*number)),
            Value::Timestamp(text) => self.out.push_str(text),
            Value::List(_) => self.out.push_str("[]"),
            Value::Map(_) => self.out.push_str("{}"),
            Value::String(text) => match style(text) {
                Style::Plain => self.out.push_str(text),
                Style::Single => self.out.push_str(&single_quoted(text)),
                Style::Double => self.out.push_str(&double_quoted(text)),
                Style::Literal => self.literal(text, parent, block),
            },
        }
    }

    fn literal(&mut self, text: &str, parent: usize, block: usize) {
        self.out.push('|');
        if text.starts_with([' ', '\t', '\n']) {
            self.out.push_str(&(block - parent).to_string());
        }
        let content = text.trim_end_matches('\n');
        let (chomping, lines) = match text.len() - content.len() {
            0 => ("-", text),
            1 if !content.is_empty() => ("", content),
            _ => ("+", &text[..text.len() - 1]),
        };
        self.out.push_str(chomping);
        for line in lines.split('\n') {
            self.out.push('\n');
            if !line.is_empty() {
                self.pad(block);
                self.out.push_str(line);
            }
        }
    }

    fn pad(&mut self, column: usize) {
        self.out.extend(std::iter::repeat_n(' ', column));
    }
}

fn float(number: f64) -> String {
    match number {
        _ if number.is_nan() => ".nan".to_owned(),
        _ if number == f64::INFINITY => ".inf".to_owned(),
        _ if number == f64::NEG_INFINITY => "-.inf".to_owned(),
        _ => number::as_string(number),
    }
}
