//! Which of flag, variable, configuration file and default a value comes from (docs/spec/cli.md §3, §4).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

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
    values: BTreeMap<String, Vec<OsString>>,
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
        let Some(value) = variable(flag, environment).map(redkite_text::shown) else { continue };
        let (what, checked) = match flag.kind {
            Kind::Bool if value.is_empty() => continue,
            Kind::Bool => ("bool value", boolean(&value).map(drop)),
            Kind::Int => ("int value", integer(&value).map(drop)),
            Kind::Duration => ("duration", value.parse::<GoDuration>().map(drop)),
            Kind::Text | Kind::FilePath | Kind::CommandPath | Kind::List | Kind::SplitList => continue,
        };
        let value = || value.clone().into_owned();
        checked.map_err(|why| ResolveError::Variable {
            flag: flag.name.clone(),
            what,
            value: value(),
            why,
        })?;
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
pub(crate) fn variable<'a>(flag: &Flag, environment: &'a Environment) -> Option<&'a OsStr> {
    flag.variables.iter().find_map(|name| environment.value(name))
}

fn choose(
    flag: &Flag,
    typed: &Typed,
    environment: &Environment,
    file: &ConfigFile,
) -> (Source, Vec<OsString>) {
    let is_list = matches!(flag.kind, Kind::List | Kind::SplitList);
    let variable = variable(flag, environment);
    if let Some(occurrences) = typed.flags.get(&flag.name) {
        let base = variable.map_or_else(|| flag.default.clone(), lists::of_variable);
        let last = occurrences.last().cloned();
        let values = if is_list { lists::typed_over(&base, occurrences) } else { last.into_iter().collect() };
        return (Source::CommandLine, values);
    }
    if let Some(text) = variable {
        return (Source::Environment, if is_list { lists::of_variable(text) } else { vec![text.to_owned()] });
    }
    if let Some(text) = file.get(&flag.name) {
        return (Source::File, if is_list { lists::of_file(text) } else { vec![of_file(flag.kind, text)] });
    }
    (Source::Default, flag.default.clone())
}

/// A value of the configuration file; what is malformed there counts as nothing.
fn of_file(kind: Kind, value: &OsStr) -> OsString {
    let text = redkite_text::shown(value);
    match kind {
        Kind::Bool => boolean(&text).unwrap_or(false).to_string().into(),
        Kind::Int => text.parse::<i64>().unwrap_or(0).to_string().into(),
        Kind::Duration => text.parse::<GoDuration>().map_or("0", |_| &text).into(),
        Kind::Text | Kind::FilePath | Kind::CommandPath | Kind::List | Kind::SplitList => value.to_owned(),
    }
}

/// The one form in which `clap` then reads the values.
fn normalise(
    flag: &Flag,
    values: Vec<OsString>,
    environment: &Environment,
) -> Result<Vec<OsString>, ResolveError> {
    let path_error = |source| ResolveError::Path { setting: setting_name(&flag.name), source };
    let each = |value: OsString| {
        Ok(match flag.kind {
            Kind::Bool => boolean(&redkite_text::shown(&value)).unwrap_or(false).to_string().into(),
            Kind::Int => integer(&redkite_text::shown(&value)).unwrap_or(0).to_string().into(),
            Kind::FilePath => paths::file_path(&value, environment).map_err(path_error)?.into(),
            Kind::CommandPath => paths::command_path(&value, environment).map_err(path_error)?,
            Kind::Duration | Kind::Text | Kind::List | Kind::SplitList => flag.content.of(value),
        })
    };
    let values = if flag.kind == Kind::SplitList { lists::split_items(&values) } else { values };
    values.into_iter().map(each).collect()
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
            Some(items) => !["", "false", "0"].iter().any(|nothing| items[0] == *nothing),
        }
    }

    /// The text of a flag; empty if it is absent.
    pub(crate) fn text(&self, name: &str) -> Cow<'_, str> {
        self.values
            .get(name)
            .and_then(|values| values.first())
            .map_or("".into(), |value| redkite_text::shown(value))
    }

    /// The items of a list, as text.
    pub(crate) fn items(&self, name: &str) -> Vec<String> {
        let items = self.values.get(name).into_iter().flatten();
        items.map(|item| redkite_text::shown(item).into_owned()).collect()
    }

    /// A value in a message; lists as `[a b]`.
    pub(crate) fn display(&self, name: &str) -> String {
        if self.is_list(name) {
            format!("[{}]", self.items(name).join(" "))
        } else {
            self.text(name).into_owned()
        }
    }

    /// Gives `new` the value of `old`.
    pub(crate) fn copy(&mut self, old: &str, new: &str) {
        if let Some(value) = self.values.get(old).cloned() {
            self.values.insert(new.to_owned(), value);
        }
    }

    /// The settled values as words for `clap`, each flag with its value attached.
    pub(crate) fn words(&self) -> impl Iterator<Item = OsString> {
        let word = |name: &str, value: &OsString| {
            let mut word = OsString::with_capacity(name.len() + value.len() + 3);
            ["--", name, "="].iter().for_each(|piece| word.push(piece));
            word.push(value);
            word
        };
        self.values.iter().flat_map(move |(name, values)| values.iter().map(move |value| word(name, value)))
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
        let words = line.split(' ').filter(|word| !word.is_empty()).map(OsString::from).collect();
        let typed = split(words, &definition).expect("a readable line");
        let environment = Environment::from(variables);
        let file = ConfigFile::of(file);
        let shown = match check_variables(&definition, &environment) {
            Err(error) => error.to_string(),
            Ok(()) => match resolve(&definition, &typed, &environment, &file) {
                Err(error) => error.to_string(),
                Ok(resolved) => redkite_text::into_shown(redkite_text::join(resolved.words(), " ")),
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
    #[cfg(unix)]
    fn only_options_that_are_text_lose_bytes() {
        let word = |bytes: &[u8]| redkite_text::from_bytes(bytes);
        let variables = ["S_TEXT", "S_BYTES", "S_LIST", "S_PATH"].map(|name| (name.into(), word(b"/\xff")));
        let environment: Environment = variables.into_iter().collect();
        let definition = sample::definition();
        let resolved = resolve(&definition, &Typed::default(), &environment, &ConfigFile::default());
        let mut words: Vec<_> = resolved.expect("it is readable").words().collect();
        words.retain(|word| !word.is_ascii());
        let expected = [&b"--bytes=/\xff"[..], "--list=/\u{fffd}".as_bytes(), b"--path=/\xff"];
        assert_eq!(words[..3], expected.map(word));
        assert_eq!(words[3..], ["--text=/\u{fffd}"]);
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
