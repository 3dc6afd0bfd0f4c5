//! The three kinds of help page: program, group and command (docs/spec/cli.md §1).

use std::ffi::OsStr;
use std::fmt::Write as _;

use super::command::{Category, Entry, Group};
use super::definition::{Definition, Flag, Kind};
use super::os;
use crate::commands::{COMMANDS, GROUPS};

/// The name in every message, whatever the executable is called.
pub(crate) const PROGRAM: &str = "buildkite-agent";

/// What `buildkite-agent help` prints.
pub(crate) fn program() -> String {
    let mut page = format!("Usage:\n\n  {PROGRAM} <command> [options...]\n\nAvailable commands are: \n");
    for (category, heading) in [
        (Category::Agent, None),
        (Category::Job, Some("Commands that can be run within a Buildkite job:")),
        (Category::Internal, Some("Internal commands, not intended to be run by users:")),
    ] {
        let mut rows: Vec<_> =
            top_level().filter(|row| row.1 == category).map(|row| (row.0.to_owned(), row.2)).collect();
        if category == Category::Agent {
            rows.push(("help, h".to_owned(), "Show the commands, or the help of one".to_owned()));
        }
        page.push_str(&heading.map_or_else(|| "\n".to_owned(), |heading| format!("\n  {heading}\n\n")));
        page.push_str(&columns(&rows));
    }
    write!(page, "\nUse \"{PROGRAM} <command> --help\" for more information about a command.\n")
        .expect("writing to a string");
    page
}

/// What a group prints when it is called alone: all its commands, hidden ones too.
pub(crate) fn group(group: &Group) -> String {
    let mut rows: Vec<_> =
        members(group).map(|(name, entry)| (name.to_owned(), Definition::of(entry).about)).collect();
    rows.push(("help, h".to_owned(), "Show the commands, or the help of one".to_owned()));
    let name = group.name;
    let options = columns(&[("--help, -h".to_owned(), "Show this page".to_owned())]);
    format!(
        "Usage:\n\n  {PROGRAM} {name} <command> [options...]\n\n{}\nOptions:\n\n{options}",
        columns(&rows)
    )
}

/// What `buildkite-agent <group> help` prints.
pub(crate) fn group_listing(group: &Group) -> String {
    let listed = members(group).filter(|(_, entry)| entry.category != Category::Hidden);
    let mut rows: Vec<_> =
        listed.map(|(name, entry)| (name.to_owned(), Definition::of(entry).about)).collect();
    rows.push(("help, h".to_owned(), "Show the commands, or the help of one".to_owned()));
    let name = group.name;
    let rows = columns(&rows);
    format!(
        "{PROGRAM} {name}: {}\n\nUsage:\n\n  {PROGRAM} {name} <command> [options...]\n\nAvailable commands are: \n\n{rows}",
        group.about
    )
}

/// The help of one command.
pub(crate) fn command(entry: &Entry) -> String {
    let definition = Definition::of(entry);
    let long =
        definition.clap.get_long_about().map(ToString::to_string).unwrap_or_else(|| definition.about.clone());
    let arguments: String = definition.positionals.iter().map(|p| argument(entry, p)).collect();
    let mut page =
        format!("Usage:\n\n  {PROGRAM} {} [options...]{arguments}\n\nDescription:\n\n", entry.path);
    for line in long.lines() {
        page.push_str(if line.is_empty() { "" } else { "  " });
        page.push_str(line);
        page.push('\n');
    }
    let rows: Vec<_> = definition.flags.iter().filter(|flag| !flag.hidden).map(flag).collect();
    if !rows.is_empty() {
        write!(page, "\nOptions:\n\n{}", columns(&rows)).expect("writing to a string");
    }
    page
}

fn argument(entry: &Entry, positional: &super::definition::Positional) -> String {
    let name = positional.name.replace('_', "-");
    let dots = if positional.many { "..." } else { "" };
    if entry.required.contains(&positional.label.as_str()) {
        format!(" <{name}>{dots}")
    } else {
        format!(" [{name}]{dots}")
    }
}

fn flag(flag: &Flag) -> (String, String) {
    let value = if flag.kind == Kind::Bool { "" } else { " value" };
    let mut text = flag.help.clone();
    let default: Vec<_> =
        flag.default.iter().filter(|item| !item.is_empty()).map(|item| shown(flag.kind, item)).collect();
    if flag.kind != Kind::Bool && !default.is_empty() {
        write!(text, " (default: {})", default.join(", ")).expect("writing to a string");
    }
    let variables: Vec<_> = flag.variables.iter().map(|name| os::variable_reference(name)).collect();
    if !variables.is_empty() {
        write!(text, " [{}]", variables.join(", ")).expect("writing to a string");
    }
    (format!("--{}{value}", flag.name), text)
}

fn shown(kind: Kind, value: &OsStr) -> String {
    let value = redkite_text::shown(value);
    match kind {
        Kind::Int | Kind::Duration => value.into_owned(),
        _ => format!("{value:?}"),
    }
}

/// Commands without a group, and groups, in the order of the list: name, category, purpose.
fn top_level() -> impl Iterator<Item = (&'static str, Category, String)> {
    let mut seen = Vec::new();
    COMMANDS.iter().filter_map(move |entry| {
        let (group, name) = entry.place();
        let Some(group) = group else {
            return Some((name, entry.category, Definition::of(entry).about));
        };
        if seen.contains(&group) {
            return None;
        }
        seen.push(group);
        let group = GROUPS.iter().find(|candidate| candidate.name == group)?;
        Some((group.name, group.category, group.about.to_owned()))
    })
}

fn members(group: &Group) -> impl Iterator<Item = (&'static str, &'static Entry)> {
    COMMANDS.iter().filter_map(|entry| match entry.place() {
        (Some(name), command) if name == group.name => Some((command, entry)),
        _ => None,
    })
}

/// Two columns, the first as wide as its widest cell and two blanks.
fn columns(rows: &[(String, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0) + 2;
    rows.iter().map(|(name, text)| format!("  {name:<width$}{text}\n")).collect()
}
