//! Every option of `start`, from each place where its value can come from (docs/spec/cli.md §3–§6): the table of the
//! specification says which there are.

use serde_json::Value;

use super::config_file::ConfigFile;
use super::definition::Definition;
use super::resolve::{Resolved, Source, check_variables, resolve};
use super::split::split;
use crate::commands::{COMMANDS, reference};
use crate::environment::Environment;

/// A text for an option, and what it is settled as when it is typed, in a variable, or in the file.
struct Probe {
    text: &'static str,
    typed: Vec<&'static str>,
    variable: Vec<&'static str>,
    file: Vec<&'static str>,
}

impl Probe {
    fn plain(text: &'static str, settled: &'static str) -> Self {
        Self { text, typed: vec![settled], variable: vec![settled], file: vec![settled] }
    }

    /// By the type that the table names.
    fn of(flag: &Value) -> Self {
        let items = vec!["a", "b"];
        match (flag["type"].as_str().unwrap_or_default(), flag["normalise"].as_str().unwrap_or_default()) {
            ("bool", _) if flag["default"] == true => Self::plain("F", "false"),
            ("bool", _) => Self::plain("T", "true"),
            ("int" | "int64", _) => Self { text: "010", file: vec!["10"], ..Self::plain("", "8") },
            ("duration", _) => Self::plain("1m30s", "1m30s"),
            ("list", "list") => {
                Self { text: "a, b,", typed: items.clone(), variable: items.clone(), file: items }
            }
            ("list", _) => Self { text: "a, b", typed: vec!["a, b"], variable: items, file: vec!["a", " b"] },
            (_, "filepath") => Self::plain("$IN/x/../y", "/in/y"),
            (_, "commandpath") => Self::plain("$IN/x --y", "/in/x --y"),
            _ => Self::plain("some text", "some text"),
        }
    }
}

/// What is given, and where.
struct Given<'a> {
    flag: &'a str,
    typed: Option<&'a str>,
    variable: Option<(&'a str, &'a str)>,
    file: Option<&'a str>,
}

fn settle(definition: &Definition, given: &Given<'_>) -> Resolved {
    let words = given.typed.iter().map(|text| format!("--{}={text}", given.flag).into()).collect();
    let typed = split(words, definition).expect("a readable line");
    let pairs = given.variable.into_iter().chain([("IN", "/in")]);
    let environment: Environment = pairs.map(|(name, value)| (name.into(), value.into())).collect();
    check_variables(definition, &environment).expect("readable variables");
    let lines = given.file.map(|text| format!("{} = {text}\n", given.flag)).unwrap_or_default();
    resolve(definition, &typed, &environment, &ConfigFile::of(&lines)).expect("paths that can be expanded")
}

fn check(definition: &Definition, given: &Given<'_>, source: Source, expected: &[&str]) {
    let resolved = settle(definition, given);
    let flag = given.flag;
    assert_eq!(resolved.sources[flag], source, "{flag}");
    assert_eq!(resolved.items(flag), expected, "{flag}");
}

#[test]
fn every_option_of_start_comes_from_line_variable_and_file() {
    let table = reference::table();
    let start =
        reference::commands(&table).find(|command| command["command"] == "start").expect("it is there");
    let entry = COMMANDS.iter().find(|entry| entry.path == "start").expect("it is there");
    let definition = Definition::of(entry);
    let flags = reference::flags(&table, start);
    assert!(flags.len() > 110, "{} options", flags.len());
    for spec in flags {
        let flag = spec["name"].as_str().expect("a name");
        let Probe { text, typed, variable, file } = Probe::of(spec);
        let nothing = Given { flag, typed: None, variable: None, file: None };
        assert_eq!(settle(&definition, &nothing).sources[flag], Source::Default, "{flag}");
        check(&definition, &Given { file: Some(text), ..nothing }, Source::File, &file);
        for name in reference::strings(&spec["env"]) {
            // What is weaker would be settled as something else, or as the default.
            let given = Given { flag, typed: None, variable: Some((name, text)), file: Some("") };
            check(&definition, &given, Source::Environment, &variable);
            let given = Given { typed: Some(text), variable: Some((name, weaker(spec))), ..given };
            check(&definition, &given, Source::CommandLine, &typed);
            // A variable that is there counts, though it is empty.
            if !matches!(spec["type"].as_str(), Some("int" | "duration")) {
                let empty = Given { flag, typed: None, variable: Some((name, "")), file: Some(text) };
                assert_eq!(settle(&definition, &empty).sources[flag], Source::Environment, "{flag}");
            }
        }
    }
}

/// A readable text that is not the probe.
fn weaker(spec: &Value) -> &'static str {
    match spec["type"].as_str() {
        Some("bool") if spec["default"] == true => "true",
        Some("bool") => "false",
        Some("duration") => "3s",
        _ => "3",
    }
}
