//! One line of the JSON format (docs/spec/agent.md §8.2).

use serde_json::{Map, Value};

use super::text::Line;

/// The line as an object: time, level, message, then each field as text; newline included.
pub(crate) fn json(line: &Line<'_>) -> String {
    let mut members = Map::new();
    let mut add = |name: &str, value: &str| members.insert(name.to_owned(), Value::from(value));
    add("ts", line.time);
    add("level", line.level.name());
    add("msg", line.message);
    for (name, value) in line.fields {
        add(name, value);
    }
    let text = Value::Object(members).to_string();
    // As everywhere in this protocol's JSON, what HTML would take for markup is escaped.
    text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logging::Level;

    #[test]
    fn a_line_is_one_object() {
        let fields = [("agent".to_owned(), "a-1".to_owned())];
        let line = Line { time: "T", level: Level::Notice, message: "a <b>\nc", fields: &fields };
        let expected =
            "{\"ts\":\"T\",\"level\":\"NOTICE\",\"msg\":\"a \\u003cb\\u003e\\nc\",\"agent\":\"a-1\"}\n";
        assert_eq!(json(&line), expected);
    }
}
