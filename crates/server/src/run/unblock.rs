//! `--unblock`: which steps are opened without asking, and with which answers.

use std::collections::BTreeMap;

use super::event::{Blocked, Field, Input, Presence};

/// Which steps are opened without asking.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unblock {
    all: bool,
    keys: Vec<String>,
}

/// What is done about a step that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Somebody has to be asked.
    Ask,
    /// It is opened with these answers.
    Open(BTreeMap<String, String>),
    /// It should be opened, but these fields need answers and have no default.
    Missing(Vec<String>),
}

impl Unblock {
    /// From what was said: `all`, or keys (or labels).
    pub(crate) fn new(words: &[String]) -> Self {
        let all = words.iter().any(|word| word == "all");
        Self { all, keys: words.iter().filter(|word| *word != "all").cloned().collect() }
    }

    /// About `blocked`. A field whose meta-data key already has a value (`--meta-data`) keeps it.
    pub(crate) fn decide(&self, blocked: &Blocked, given: &BTreeMap<String, String>) -> Decision {
        let named = |name: &str| self.keys.iter().any(|key| key == name);
        if !self.all && !blocked.key.as_deref().is_some_and(named) && !named(&blocked.label) {
            return Decision::Ask;
        }
        let mut answers = BTreeMap::new();
        let mut missing = Vec::new();
        for field in &blocked.fields {
            let answer = given.get(&field.key).cloned().unwrap_or_else(|| default(field));
            if answer.is_empty() && field.presence == Presence::Required {
                missing.push(field.key.clone());
            }
            answers.insert(field.key.clone(), answer);
        }
        if missing.is_empty() { Decision::Open(answers) } else { Decision::Missing(missing) }
    }
}

fn default(field: &Field) -> String {
    match &field.input {
        Input::Text { default, .. } | Input::Select { default, .. } => default.clone().unwrap_or_default(),
        Input::MultiSelect { defaults, .. } => defaults.join("\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocked(presence: Presence, default: Option<&str>) -> Blocked {
        let input = Input::Text { default: default.map(str::to_owned), format: None };
        let field = Field { key: "k".to_owned(), label: "K".to_owned(), hint: None, presence, input };
        Blocked {
            step: "s".to_owned(),
            key: Some("go".to_owned()),
            label: "Go on".to_owned(),
            prompt: None,
            fields: vec![field],
        }
    }

    #[test]
    fn the_named_steps_are_opened_with_their_defaults() {
        let open = |value: &str| Decision::Open(BTreeMap::from([("k".to_owned(), value.to_owned())]));
        let missing = Decision::Missing(vec!["k".to_owned()]);
        for (words, presence, default, given, expected) in [
            (&[][..], Presence::Optional, None, None, Decision::Ask),
            (&["other"], Presence::Optional, None, None, Decision::Ask),
            (&["go"], Presence::Optional, None, None, open("")),
            (&["Go on"], Presence::Required, Some("d"), None, open("d")),
            (&["x", "all"], Presence::Required, Some("d"), Some("g"), open("g")),
            (&["all"], Presence::Required, None, None, missing),
        ] {
            let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
            let given = given.map(|value: &str| ("k".to_owned(), value.to_owned())).into_iter().collect();
            assert_eq!(
                Unblock::new(&words).decide(&blocked(presence, default), &given),
                expected,
                "{words:?}"
            );
        }
    }
}
