//! The commands as users meet them: the whole help as one text, and every flag held against the specification.

use serde_json::Value;

use super::{COMMANDS, GROUPS};
use crate::cli::{Definition, Deprecation, Entry, Flag, Kind, help};

const TABLE: &str = include_str!("../../../../docs/spec/cli.json");

/// What is not in this version yet.
const LATER: &[&str] = &["acknowledgements", "cache save", "cache restore"];

pub(crate) fn table() -> Value {
    serde_json::from_str(TABLE).expect("the table of the specification is JSON")
}

pub(crate) fn commands(table: &Value) -> impl Iterator<Item = &Value> {
    let commands = table["commands"].as_array().expect("a list of commands");
    commands.iter().filter(|command| command["kind"] == "command")
}

pub(crate) fn strings(value: &Value) -> Vec<&str> {
    value.as_array().map(|items| items.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

/// The flags of a command: those of the sets it includes, without what it leaves out, and its own.
pub(crate) fn flags<'t>(table: &'t Value, command: &'t Value) -> Vec<&'t Value> {
    let excluded = strings(&command["exclude"]);
    let sets = strings(&command["include"]).into_iter().filter_map(|set| table["flag_sets"][set].as_array());
    let own = command["flags"].as_array().into_iter().flatten();
    let included = sets.flatten().filter(|flag| !excluded.iter().any(|&name| flag["name"] == name));
    let included = included.filter(|flag| own.clone().all(|own| own["name"] != flag["name"]));
    included.chain(own.clone()).collect()
}

/// A flag of the specification in one line.
fn specified(flag: &Value) -> String {
    let split = flag["normalise"] == "list";
    let kind = match flag["type"].as_str().unwrap_or_default() {
        "bool" => Kind::Bool,
        "int" | "int64" => Kind::Int,
        "duration" => Kind::Duration,
        "list" if split => Kind::SplitList,
        "list" => Kind::List,
        _ if flag["normalise"] == "filepath" => Kind::FilePath,
        _ if flag["normalise"] == "commandpath" => Kind::CommandPath,
        _ => Kind::Text,
    };
    let default: Vec<String> = match &flag["default"] {
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(text) if text.is_empty() => Vec::new(),
        Value::String(text) if text.starts_with('<') => vec![redkite_artifact::processors().to_string()],
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    };
    let hidden = flag["hidden"] == true;
    line(flag["name"].as_str().unwrap_or_default(), kind, &default, &strings(&flag["env"]), hidden)
}

/// A flag of ours in the same form.
fn ours(flag: &Flag) -> String {
    let default: Vec<_> = flag
        .default
        .iter()
        .filter(|item| !item.is_empty())
        .map(|item| redkite_text::shown(item).into_owned())
        .collect();
    let variables: Vec<_> = flag.variables.iter().map(String::as_str).collect();
    line(&flag.name, flag.kind, &default, &variables, flag.hidden)
}

fn line(name: &str, kind: Kind, default: &[String], variables: &[&str], hidden: bool) -> String {
    format!("{name} {kind:?} {default:?} {variables:?}{}", if hidden { " hidden" } else { "" })
}

fn differences(table: &Value, command: &Value, entry: &Entry) -> Vec<String> {
    let mut expected: Vec<_> = flags(table, command).into_iter().map(specified).collect();
    let mut actual: Vec<_> = Definition::of(entry).flags.iter().map(ours).collect();
    expected.push(format!("required {:?}", strings(&command["required_check_order"])));
    actual.push(format!("required {:?}", entry.required));
    let missing =
        expected.iter().filter(|line| !actual.contains(line)).map(|line| format!("- {}: {line}", entry.path));
    let surplus =
        actual.iter().filter(|line| !expected.contains(line)).map(|line| format!("+ {}: {line}", entry.path));
    missing.chain(surplus).collect()
}

#[test]
fn every_flag_is_as_specified() {
    let table = table();
    let mut wrong = Vec::new();
    for command in commands(&table) {
        let name = command["command"].as_str().unwrap_or_default();
        match COMMANDS.iter().find(|entry| entry.path == name) {
            Some(entry) => wrong.extend(differences(&table, command, entry)),
            None if LATER.contains(&name) => {}
            None => wrong.push(format!("- {name}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What became of an option, in the table's words.
fn fate(entry: &Entry, name: &str) -> Option<(&'static str, &'static str)> {
    entry.deprecated.iter().find_map(|&deprecation| match deprecation {
        Deprecation::Renamed { old, new } => (old == name).then_some(("works", new)),
        Deprecation::Dead { old, .. } => (old == name).then_some(("warning-only", "")),
        Deprecation::Old { old, .. } => (old == name).then_some(("works", "")),
    })
}

#[test]
fn old_options_are_as_specified() {
    let table = table();
    for command in commands(&table) {
        let Some(entry) = COMMANDS.iter().find(|entry| command["command"] == entry.path) else { continue };
        for flag in flags(&table, command) {
            let name = flag["name"].as_str().unwrap_or_default();
            let (effect, new) = (&flag["deprecated"]["effect"], &flag["deprecated"]["replaced_by"]);
            match fate(entry, name) {
                // Accepted without a word.
                None => assert!(effect.is_null() || effect == "ignored", "{name}"),
                Some((ours, "")) => assert_eq!(ours, effect, "{name}"),
                Some((ours, to)) => assert!(effect == ours && new == to, "{name}: {effect} {new}"),
            }
        }
    }
}

#[test]
fn nothing_is_listed_that_is_not_specified() {
    let table = table();
    let unknown =
        COMMANDS.iter().filter(|entry| commands(&table).all(|command| command["command"] != entry.path));
    assert_eq!(unknown.map(|entry| entry.path).collect::<Vec<_>>(), Vec::<&str>::new());
    for (group, _) in COMMANDS.iter().filter_map(|entry| entry.path.split_once(' ')) {
        assert!(GROUPS.iter().any(|known| known.name == group), "{group} has no line in GROUPS");
    }
}

#[test]
fn the_whole_help() {
    let rule = "=".repeat(80);
    let pages =
        COMMANDS.iter().map(|entry| format!("{rule}\n{}\n{rule}\n{}", entry.path, help::command(entry)));
    let groups = GROUPS.iter().map(|group| format!("{rule}\n{}\n{rule}\n{}", group.name, help::group(group)));
    let text: String = std::iter::once(help::program()).chain(groups).chain(pages).collect();
    // The one default that is the machine's.
    let processors =
        format!("(default: {}) [$BUILDKITE_ARTIFACT_UPLOAD_CONCURRENCY]", redkite_artifact::processors());
    insta::assert_snapshot!(
        text.replace(&processors, "(default: processors) [$BUILDKITE_ARTIFACT_UPLOAD_CONCURRENCY]")
    );
}
