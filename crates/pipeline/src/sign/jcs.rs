//! JSON in the form of RFC 8785 (spec/pipeline.md §14.3): one text for one value.

use crate::number;
use crate::value::Value;

/// The text of a value; `None` if it holds an infinity or NaN.
pub(super) fn canonical(value: &Value) -> Option<String> {
    let mut out = String::new();
    write(value, &mut out)?;
    Some(out)
}

fn write(value: &Value, out: &mut String) -> Option<()> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        #[expect(clippy::cast_precision_loss, reason = "numbers of this form are doubles")]
        Value::Int(number) => write_number(*number as f64, out)?,
        #[expect(clippy::cast_precision_loss, reason = "numbers of this form are doubles")]
        Value::Uint(number) => write_number(*number as f64, out)?,
        Value::Float(number) => write_number(*number, out)?,
        Value::String(text) | Value::Timestamp(text) => write_string(text, out),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out)?;
            }
            out.push(']');
        }
        Value::Map(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(key, out);
                out.push(':');
                write(value, out)?;
            }
            out.push('}');
        }
    }
    Some(())
}

fn write_number(number: f64, out: &mut String) -> Option<()> {
    // A negative zero is written without its sign.
    let number = if number == 0.0 { 0.0 } else { number };
    out.push_str(&number::as_json(number)?);
    Some(())
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\x08' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\x0c' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0'..='\x1f' => out.push_str(&format!("\\u{:04x}", u32::from(character))),
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Map;

    #[test]
    fn values_have_one_text() {
        let check = |value: Value, expected: &str| assert_eq!(canonical(&value).as_deref(), Some(expected));
        check(Value::Float(2.5), "2.5");
        check(Value::Float(1e3), "1000");
        check(Value::Int(9_007_199_254_740_993), "9007199254740992");
        check(Value::Float(-0.0), "0");
        check(Value::Float(1e21), "1e+21");
        check(Value::Float(1e-7), "1e-7");
        check("<é\u{2028}\t\u{1}\"".into(), "\"<é\u{2028}\\t\\u0001\\\"\"");
        let keys = ["\u{fb33}", "\u{1f600}", "b", "a"];
        let map = keys.map(|key| (key.to_owned(), Value::Null));
        check(Value::Map(Map::from(map)), "{\"a\":null,\"b\":null,\"\u{1f600}\":null,\"\u{fb33}\":null}");
        assert_eq!(canonical(&Value::List(vec![Value::Float(f64::NAN)])), None);
    }
}
