//! `--step`: some steps of a pipeline, and all that they depend on.

use std::collections::BTreeSet;

use serde_json::Value;
use thiserror::Error;

use super::outline::{Item, list, outline};

/// No step is called that.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("no step has the key {name:?}; {}", known(keys))]
pub(crate) struct NoSuchStep {
    /// What was asked for.
    name: String,
    /// The keys there are.
    keys: Vec<String>,
}

fn known(keys: &[String]) -> String {
    if keys.is_empty() {
        "no step of this pipeline has a key".to_owned()
    } else {
        format!("there are: {}", keys.join(", "))
    }
}

/// Leaves in `pipeline` the steps with these keys (or labels) and what they depend on, by name or by standing
/// behind a barrier (spec/control-plane.md §3.4, §3.8).
pub(crate) fn select(pipeline: &mut Value, names: &[String]) -> Result<(), NoSuchStep> {
    let items = outline(pipeline);
    let mut wanted = Vec::new();
    for name in names {
        let found = items.iter().position(|item| item.key == Some(name));
        let found = found.or_else(|| items.iter().position(|item| item.is_called(name)));
        wanted.push(found.ok_or_else(|| NoSuchStep {
            name: name.clone(),
            keys: items.iter().filter_map(|item| item.key).map(str::to_owned).collect(),
        })?);
    }
    let kept = closure(&items, wanted);
    let places: BTreeSet<_> = kept.into_iter().map(|index| items[index].place).collect();
    keep(pipeline, &places);
    Ok(())
}

fn closure(items: &[Item<'_>], mut next: Vec<usize>) -> BTreeSet<usize> {
    let mut kept = BTreeSet::new();
    while let Some(index) = next.pop() {
        if !kept.insert(index) {
            continue;
        }
        let item = &items[index];
        if item.group {
            next.extend(children(items, item));
        }
        next.extend(needs(items, index));
        // A step needs what its group needs, not what else is in the group.
        if let (group, Some(_)) = item.place {
            let group = items.iter().position(|item| item.place == (group, None));
            next.extend(group.into_iter().flat_map(|group| needs(items, group)));
        }
    }
    kept
}

fn children<'a>(items: &'a [Item<'_>], group: &Item<'_>) -> impl Iterator<Item = usize> + use<'a> {
    let place = group.place.0;
    items
        .iter()
        .enumerate()
        .filter(move |(_, item)| item.place.0 == place && item.place.1.is_some())
        .map(|(index, _)| index)
}

/// What a step depends on directly.
fn needs(items: &[Item<'_>], index: usize) -> Vec<usize> {
    let item = &items[index];
    match &item.depends_on {
        Some(keys) => {
            let with_key = |key: &&str| items.iter().position(|item| item.key == Some(*key));
            keys.iter().filter_map(with_key).collect()
        }
        None => behind_barrier(items, item),
    }
}

/// Everything of its own list up to the last barrier before it; for a barrier, everything before it.
fn behind_barrier(items: &[Item<'_>], item: &Item<'_>) -> Vec<usize> {
    let same_list = |other: &Item<'_>| match (item.place, other.place) {
        ((_, None), (_, None)) => true,
        ((group, Some(_)), (other, Some(_))) => group == other,
        _ => false,
    };
    let before: Vec<_> = items
        .iter()
        .enumerate()
        .filter(|(_, other)| same_list(other) && other.place < item.place)
        .map(|(index, other)| (index, other.barrier))
        .collect();
    let end = if item.barrier {
        before.len()
    } else {
        before.iter().rposition(|(_, barrier)| *barrier).map_or(0, |at| at + 1)
    };
    before[..end].iter().map(|(index, _)| *index).collect()
}

fn keep(pipeline: &mut Value, places: &BTreeSet<(usize, Option<usize>)>) {
    let steps = list(pipeline.get("steps")).to_vec();
    let kept = steps.into_iter().enumerate().filter_map(|(index, mut step)| {
        if step.get("group").is_some() {
            let inner = list(step.get("steps")).to_vec().into_iter().enumerate();
            let inner: Vec<_> = inner
                .filter(|(child, _)| places.contains(&(index, Some(*child))))
                .map(|(_, step)| step)
                .collect();
            let any = !inner.is_empty();
            step["steps"] = Value::Array(inner);
            return any.then_some(step);
        }
        places.contains(&(index, None)).then_some(step)
    });
    pipeline["steps"] = Value::Array(kept.collect());
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pipeline() -> Value {
        json!({"steps": [
            {"command": "a", "key": "a"},
            {"command": "b", "key": "b", "label": "The B"},
            "wait",
            {"group": "G", "key": "g", "depends_on": "b", "steps": [
                {"command": "g1", "key": "g1"},
                {"command": "g2", "key": "g2"},
                {"wait": null},
                {"command": "g3", "key": "g3"},
            ]},
            {"command": "c", "key": "c", "depends_on": [{"step": "a", "allow_failure": true}]},
            {"block": "Go", "key": "go"},
            {"command": "d", "key": "d"},
            {"command": "e", "key": "e", "depends_on": []},
            {"command": "f", "key": "f", "depends_on": "g"},
            {"command": "x", "key": "x", "depends_on": "y"},
            {"command": "y", "key": "y", "depends_on": "x"},
        ]})
    }

    fn kept(names: &[&str]) -> String {
        let mut pipeline = pipeline();
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        match select(&mut pipeline, &names) {
            Ok(()) => outline(&pipeline)
                .iter()
                .map(|item| item.key.unwrap_or("wait").to_owned())
                .collect::<Vec<_>>()
                .join(" "),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_step_and_what_it_depends_on() {
        for (names, expected) in [
            (&["a"][..], "a"),
            (&["The B"], "b"),
            (&["a", "b"], "a b"),
            (&["c"], "a c"),
            (&["g1"], "b g g1"),
            (&["g3"], "b g g1 g2 wait g3"),
            (&["f"], "b g g1 g2 wait g3 f"),
            (&["d"], "a b wait g g1 g2 wait g3 c go d"),
            (&["e"], "e"),
            (&["x"], "x y"),
        ] {
            assert_eq!(kept(names), expected, "{names:?}");
        }
    }

    #[test]
    fn what_is_not_there_is_named() {
        let expected = "no step has the key \"z\"; there are: a, b, g, g1, g2, g3, c, go, d, e, f, x, y";
        assert_eq!(kept(&["a", "z"]), expected);
    }
}
