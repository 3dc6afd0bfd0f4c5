//! The steps of a pipeline document, as far as dependencies go.

use serde_json::Value;

/// A step and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item<'a> {
    /// Its place in the top list, and in the group when it is inside one.
    pub(super) place: (usize, Option<usize>),
    /// Its key.
    pub(super) key: Option<&'a str>,
    /// Its label.
    pub(super) label: Option<&'a str>,
    /// Whether steps after it wait for steps before it.
    pub(super) barrier: bool,
    /// Of a block or input step: what people see it as, which may be nothing.
    pub(super) manual: Option<&'a str>,
    /// Whether it is a group.
    pub(super) group: bool,
    /// What it names in `depends_on`; `None` when it says nothing.
    pub(super) depends_on: Option<Vec<&'a str>>,
}

/// All steps of `pipeline`, groups before their steps.
pub(super) fn outline(pipeline: &Value) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    for (index, step) in list(pipeline.get("steps")).iter().enumerate() {
        items.push(item(step, (index, None)));
        if step.get("group").is_some() {
            let children = list(step.get("steps")).iter().enumerate();
            items.extend(children.map(|(child, step)| item(step, (index, Some(child)))));
        }
    }
    items
}

impl Item<'_> {
    /// What a person calls it.
    pub(super) fn name(&self) -> String {
        let place = || match self.place {
            (step, None) => format!("step {}", step + 1),
            (group, Some(step)) => format!("step {} of group {}", step + 1, group + 1),
        };
        match self.label.or(self.key) {
            Some(name) => format!("step {name:?}"),
            None => place(),
        }
    }

    /// Whether `name` means this step.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.key == Some(name) || self.label == Some(name)
    }
}

pub(super) fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Steps that wait for a person.
const MANUAL: [&str; 3] = ["block", "manual", "input"];

fn item(step: &Value, place: (usize, Option<usize>)) -> Item<'_> {
    let text = |names: &[&str]| names.iter().find_map(|name| step.get(*name)?.as_str());
    let kind = step.as_str().or_else(|| step.get("type").and_then(Value::as_str));
    let has = |names: &[&str]| names.iter().any(|name| step.get(*name).is_some());
    Item {
        place,
        key: text(&["key", "identifier", "id"]),
        label: text(&["label", "name", "group", "block", "input", "trigger"]),
        barrier: kind.is_some_and(|kind| matches!(kind, "wait" | "waiter" | "block" | "manual"))
            || has(&["wait", "waiter", "block", "manual"]),
        manual: (kind.is_some_and(|kind| MANUAL.contains(&kind)) || has(&MANUAL))
            .then(|| text(&["block", "manual", "input", "label", "name"]).unwrap_or_default()),
        group: has(&["group"]),
        depends_on: step.get("depends_on").map(dependencies),
    }
}

fn dependencies(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(dependency).collect(),
        other => dependency(other).into_iter().collect(),
    }
}

/// A key, or a map that names one.
fn dependency(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("step")?.as_str())
}
