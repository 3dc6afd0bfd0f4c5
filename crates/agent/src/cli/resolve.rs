//! Which of flag, variable, configuration file and default a value comes from (docs/spec/cli.md §3, §4).

use std::collections::BTreeMap;

use super::GoDuration;
use super::config_file::ConfigFile;
use super::definition::{Definition, Flag, Kind};
use super::lists;
use super::paths::{self, OthersHome};
use super::split::Typed;
use super::values::{Malformed, boolean, integer};
use crate::environment::Environment;

/// Where a value came from, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    CommandLine,
    Environment,
    File,
    Default,
}

/// Settled values: the texts of each flag, one unless it is a list.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    values: BTreeMap<String, Vec<String>>,
    lists: Vec<String>,
    pub(crate) sources: BTreeMap<String, Source>,
}

/// Why a value can't be settled.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ResolveError {
    /// A variable holds what its flag can't be.
    #[error("could not parse {value} as {what} for flag {flag}: {why}")]
    Variable { flag: String, what: &'static str, value: String, why: Malformed },
    /// A path can't be expanded.
    #[error("normalizing config field {setting}: {source}")]
    Path { setting: String, source: OthersHome },
}

/// Checks every variable of the command, also of flags that were typed: a malformed one is an error all the same.
pub(crate) fn check_variables(
    definition: &Definition,
    environment: &Environment,
) -> Result<(), ResolveError> {
    for flag in &definition.flags {
        let Some(value) = variable(flag, environment) else { continue };
        let (what, checked) = match flag.kind {
            Kind::Bool if value.is_empty() => continue,
            Kind::Bool => ("bool value", boolean(&value).map(drop)),
            Kind::Int => ("int value", integer(&value).map(drop)),
            Kind::Duration => ("duration", value.parse::<GoDuration>().map(drop)),
            Kind::Text | Kind::FilePath | Kind::CommandPath | Kind::List | Kind::SplitList => continue,
        };
        checked.map_err(|why| ResolveError::Variable { flag: flag.name.clone(), what, value, why })?;
    }
    Ok(())
}

/// Settles the value of every flag.
pub(crate) fn resolve(
    definition: &Definition,
    typed: &Typed,
    environment: &Environment,
    file: &ConfigFile,
) -> Result<Resolved, ResolveError> {
    let mut resolved = Resolved::default();
    for flag in &definition.flags {
        let (source, values) = choose(flag, typed, environment, file);
        let values = normalise(flag, values, environment)?;
        resolved.sources.insert(flag.name.clone(), source);
        if matches!(flag.kind, Kind::List | Kind::SplitList) {
            resolved.lists.push(flag.name.clone());
        } else if values.is_empty() {
            continue;
        }
        resolved.values.insert(flag.name.clone(), values);
    }
    Ok(resolved)
}

/// The value of the first variable of a flag that exists.
pub(crate) fn variable(flag: &Flag, environment: &Environment) -> Option<String> {
    flag.variables.iter().find_map(|name| environment.get(name))
}

fn choose(flag: &Flag, typed: &Typed, environment: &Environment, file: &ConfigFile) -> (Source, Vec<String>) {
    let is_list = matches!(flag.kind, Kind::List | Kind::SplitList);
    let variable = variable(flag, environment);
    if let Some(occurrences) = typed.flags.get(&flag.name) {
        let base = variable.map_or_else(|| flag.default.clone(), |text| lists::of_variable(&text));
        let last = occurrences.last().cloned();
        let values = if is_list { lists::typed_over(&base, occurrences) } else { last.into_iter().collect() };
        return (Source::CommandLine, values);
    }
    if let Some(text) = variable {
        return (Source::Environment, if is_list { lists::of_variable(&text) } else { vec![text] });
    }
    if let Some(text) = file.get(&flag.name) {
        return (Source::File, if is_list { lists::of_file(text) } else { vec![of_file(flag.kind, text)] });
    }
    (Source::Default, flag.default.clone())
}

/// A value of the configuration file; what is malformed there counts as nothing.
fn of_file(kind: Kind, text: &str) -> String {
    match kind {
        Kind::Bool => boolean(text).unwrap_or(false).to_string(),
        Kind::Int => text.parse::<i64>().unwrap_or(0).to_string(),
        Kind::Duration => text.parse::<GoDuration>().map_or("0", |_| text).to_owned(),
        Kind::Text | Kind::FilePath | Kind::CommandPath | Kind::List | Kind::SplitList => text.to_owned(),
    }
}

/// The one form in which `clap` then reads the values.
fn normalise(
    flag: &Flag,
    values: Vec<String>,
    environment: &Environment,
) -> Result<Vec<String>, ResolveError> {
    let path_error = |source| ResolveError::Path { setting: setting_name(&flag.name), source };
    let each = |text: String| {
        Ok(match flag.kind {
            Kind::Bool => boolean(&text).unwrap_or(false).to_string(),
            Kind::Int => integer(&text).unwrap_or(0).to_string(),
            Kind::FilePath => paths::file_path(&text, environment).map_err(path_error)?,
            Kind::CommandPath => paths::command_path(&text, environment).map_err(path_error)?,
            Kind::Duration | Kind::Text | Kind::List | Kind::SplitList => text,
        })
    };
    match flag.kind {
        Kind::SplitList => Ok(lists::split_items(&values)),
        _ => values.into_iter().map(each).collect(),
    }
}

/// The name of a setting in messages: `build-path` is `BuildPath`.
fn setting_name(flag: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    flag.split('-').map(capital).collect()
}

impl Resolved {
    /// Whether a value is there that means something: text, items, true, or a number other than 0 (§7).
    pub(crate) fn is_set(&self, name: &str) -> bool {
        match self.values.get(name).map(Vec::as_slice) {
            None | Some([]) => false,
            Some(items) if self.is_list(name) => !items.is_empty(),
            Some(items) => !matches!(items[0].as_str(), "" | "false" | "0"),
        }
    }

    /// The text of a flag; empty if it is absent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.values.get(name).and_then(|values| values.first()).map_or("", String::as_str)
    }

    /// The items of a list.
    pub(crate) fn items(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// A value in a message; lists as `[a b]`.
    pub(crate) fn display(&self, name: &str) -> String {
        if self.is_list(name) {
            format!("[{}]", self.items(name).join(" "))
        } else {
            self.text(name).to_owned()
        }
    }

    /// Gives `new` the value of `old`.
    pub(crate) fn copy(&mut self, old: &str, new: &str) {
        if let Some(value) = self.values.get(old).cloned() {
            self.values.insert(new.to_owned(), value);
        }
    }

    /// The settled values as words for `clap`, each flag with its value attached.
    pub(crate) fn words(&self) -> impl Iterator<Item = String> {
        self.values
            .iter()
            .flat_map(|(name, values)| values.iter().map(move |value| format!("--{name}={value}")))
    }

    fn is_list(&self, name: &str) -> bool {
        self.lists.iter().any(|list| list == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::definition::sample;
    use crate::cli::split::split;

    /// The words that `clap` gets for a command line, variables and a configuration file.
    fn check<const N: usize>(line: &str, variables: [(&str, &str); N], file: &str, expected: &str) {
        let definition = sample::definition();
        let words = line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        let typed = split(words, &definition).expect("a readable line");
        let environment = Environment::from(variables);
        let file = ConfigFile::of(file);
        let shown = match check_variables(&definition, &environment) {
            Err(error) => error.to_string(),
            Ok(()) => match resolve(&definition, &typed, &environment, &file) {
                Err(error) => error.to_string(),
                Ok(resolved) => resolved.words().collect::<Vec<_>>().join(" "),
            },
        };
        let expected = expected.replace("REST", "--number=3 --text=given --wait=1s");
        assert_eq!(shown, expected, "{line} with {variables:?} and {file:?}");
    }

    #[test]
    fn the_command_line_wins_over_variables_over_the_file_over_defaults() {
        check("", [], "", "--flag=false --list=x REST");
        check("", [], "flag=T", "--flag=true --list=x REST");
        check("", [], "flag=maybe", "--flag=false --list=x REST");
        check("", [("S_FLAG", "")], "flag=true", "--flag=false --list=x REST");
        check("--flag", [("S_FLAG", "0")], "", "--flag=true --list=x REST");
        check(
            "",
            [("S_FLAG", "maybe")],
            "",
            "could not parse maybe as bool value for flag flag: parse error",
        );
        check(
            "--number 1",
            [("S_NUMBER", "")],
            "",
            "could not parse  as int value for flag number: parse error",
        );
    }

    #[test]
    fn lists_come_from_one_place() {
        check("", [("S_LIST", "a, b")], "list=c", "--flag=false --list=a --list=b REST");
        check("", [], "list=a, b", "--flag=false --list=a --list=b REST");
        check("--list a,b --list c", [("S_LIST", "d")], "", "--flag=false --list=a --list=b --list=c REST");
        check("", [("S_LIST", "")], "", "--flag=false REST");
        check("--list=", [], "", "--flag=false REST");
    }

    #[test]
    fn other_values_are_settled_too() {
        let rest = "--flag=false --list=x --number";
        check("", [("S_OLD_TEXT", "o")], "", &format!("{rest}=3 --text=o --wait=1s"));
        check("", [("S_OLD_TEXT", "o"), ("S_TEXT", "")], "", &format!("{rest}=3 --text= --wait=1s"));
        check("--number 0x10", [], "number=9", &format!("{rest}=16 --text=given --wait=1s"));
        check("", [], "number=010", &format!("{rest}=10 --text=given --wait=1s"));
        check("", [], "number=0x2\nwait=soon", &format!("{rest}=0 --text=given --wait=0"));
        check("--path $D/../x", [("D", "/a/b")], "", &format!("{rest}=3 --path=/a/x --text=given --wait=1s"));
        check(
            "--path ~nobody/x",
            [],
            "",
            "normalizing config field Path: cannot expand user-specific home dir",
        );
    }
}
