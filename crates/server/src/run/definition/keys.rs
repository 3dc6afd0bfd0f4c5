//! Names in `depends_on` that no step has.

use std::fmt::Write as _;

use serde_json::Value;

use super::outline::outline;

/// A dependency on nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unknown {
    /// The step that has it, as a person calls it.
    pub(crate) step: String,
    /// The key it names.
    pub(crate) key: String,
    /// A key that was perhaps meant.
    pub(crate) meant: Option<String>,
}

impl Unknown {
    /// What to tell a person.
    pub(crate) fn message(&self) -> String {
        let mut message = format!("{} depends on {:?}, but no step has that key", self.step, self.key);
        if let Some(meant) = &self.meant {
            let _ = write!(message, "; did you mean {meant:?}?");
        }
        message
    }
}

/// Dependencies of `pipeline` on keys that none of its steps has.
pub(crate) fn unknown_keys(pipeline: &Value) -> Vec<Unknown> {
    let items = outline(pipeline);
    let keys: Vec<_> = items.iter().filter_map(|item| item.key).collect();
    let named = items.iter().flat_map(|item| item.depends_on.iter().flatten().map(move |key| (item, *key)));
    named
        .filter(|(_, key)| !keys.contains(key))
        .map(|(item, key)| Unknown { step: item.name(), key: key.to_owned(), meant: nearest(key, &keys) })
        .collect()
}

/// Names given to `--unblock` that mean no block or input step of `pipeline`, as messages for a person.
pub(crate) fn unknown_unblocks(pipeline: &Value, names: &[String]) -> Vec<String> {
    let items = outline(pipeline);
    let manual: Vec<_> = items.iter().filter_map(|item| Some((item.key, item.manual?))).collect();
    let keys: Vec<_> = manual.iter().filter_map(|(key, _)| *key).collect();
    let meant = |name: &str| manual.iter().any(|(key, label)| *key == Some(name) || *label == name);
    let unknown = names.iter().filter(|name| *name != "all" && !meant(name));
    let message = |name: &String| {
        let mut message = format!("--unblock {name:?}: no block or input step has that key or label so far");
        if let Some(key) = nearest(name, &keys) {
            let _ = write!(message, "; did you mean {key:?}?");
        }
        message
    };
    unknown.map(message).collect()
}

/// Whether a job of `pipeline` may add steps: then a key can come later.
pub(crate) fn may_upload(pipeline: &Value) -> bool {
    match pipeline {
        Value::String(text) => text.contains("pipeline upload"),
        Value::Array(items) => items.iter().any(may_upload),
        Value::Object(map) => map.values().any(may_upload),
        _ => false,
    }
}

fn nearest(key: &str, keys: &[&str]) -> Option<String> {
    let close = |other: &&&str| distance(key, other) <= key.chars().count().div_ceil(3);
    keys.iter().filter(close).min_by_key(|other| distance(key, other)).map(|key| (*key).to_owned())
}

/// How many characters to add, drop, replace or swap with a neighbour make one into the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<_>, Vec<_>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let changed = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(replaced);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    changed.min(rows[i - 2][j - 2] + 1)
                } else {
                    changed
                }
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn messages(pipeline: &Value) -> Vec<String> {
        unknown_keys(pipeline).iter().map(Unknown::message).collect()
    }

    #[test]
    fn what_is_missing_is_named() {
        let pipeline = json!({"steps": [
            {"command": "a", "key": "build"},
            {"command": "b", "label": "Test", "depends_on": "biuld"},
            {"group": "G", "steps": [{"command": "c", "depends_on": ["build", {"step": "deploy"}]}]},
        ]});
        assert_eq!(
            messages(&pipeline),
            [
                "step \"Test\" depends on \"biuld\", but no step has that key; did you mean \"build\"?",
                "step 1 of group 3 depends on \"deploy\", but no step has that key",
            ]
        );
    }

    #[test]
    fn steps_to_open_are_named_by_key_or_label() {
        let pipeline = json!({"steps": [
            "block",
            {"block": "Ship it", "key": "ship", "label": "Not shown"},
            {"type": "input", "label": "Ask", "key": "ask"},
            {"group": "G", "steps": [{"input": "Inner", "id": "inner"}]},
            {"command": "a", "key": "command"},
        ]});
        let names = ["all", "ship", "Ship it", "ask", "Ask", "inner", "Inner"].map(str::to_owned);
        assert_eq!(unknown_unblocks(&pipeline, &names), [""; 0]);
        let names = ["shpi", "command"].map(str::to_owned);
        assert_eq!(
            unknown_unblocks(&pipeline, &names),
            [
                "--unblock \"shpi\": no block or input step has that key or label so far; did you mean \"ship\"?",
                "--unblock \"command\": no block or input step has that key or label so far",
            ]
        );
    }

    #[test]
    fn uploads_are_seen_wherever_they_are() {
        for (pipeline, expected) in [
            (json!({"steps": [{"command": "make"}]}), false),
            (json!({"steps": [{"command": "buildkite-agent pipeline upload x.yml"}]}), true),
            (
                json!({"steps": [{"group": "g", "steps": [{"command": ["a", "gen | buildkite-agent pipeline upload"]}]}]}),
                true,
            ),
        ] {
            assert_eq!(may_upload(&pipeline), expected);
        }
    }

    #[test]
    fn distances() {
        for (a, b, expected) in
            [("", "abc", 3), ("build", "biuld", 1), ("test", "tests", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(a, b), expected);
        }
    }
}
