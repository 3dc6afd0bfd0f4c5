//! Which command is meant, and what happens before it runs (docs/spec/cli.md §1).

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use redkite_api::Halt;

use super::command::{Entry, Group, ReadsConfigFile as Reads, unreadable};
use super::config_file::ConfigFile;
use super::context::Place;
use super::definition::Definition;
use super::help::{self, PROGRAM};
use super::resolve::{Resolved, check_variables, resolve, variable};
use super::split::{Typed, split};
use super::{Context, deprecation, paths};
use crate::commands::{COMMANDS, GROUPS};
use crate::environment::Environment;
use crate::failure::Failure;
use crate::logging;
use crate::options::start_logging;
use crate::output::Output;
use crate::stdin::Input;
use crate::telemetry;

/// Runs the command that the words (without the program's own name) ask for.
pub(crate) fn run(words: impl Iterator<Item = OsString>) -> Result<ExitCode, Failure> {
    let mut words = words.peekable();
    let mut out = Output::default();
    match level_flags(&mut words, &["version", "v"]) {
        Asked::Help => out.text(&help::program())?,
        Asked::Version => out.line(&format!("{PROGRAM} version {}", crate::version::full()))?,
        Asked::Unknown(reason) => return Err(incorrect(". ", reason, &help::program())),
        Asked::Nothing => match words.next() {
            None => out.text(&help::program())?,
            Some(word) if is_help(&word) => help_on(words, &mut out)?,
            Some(word) => return subcommand(&redkite_text::into_shown(word), words, out),
        },
    }
    Ok(ExitCode::SUCCESS)
}

/// What the flags before a command or group member ask for.
enum Asked {
    Help,
    Version,
    Unknown(String),
    Nothing,
}

fn level_flags(words: &mut std::iter::Peekable<impl Iterator<Item = OsString>>, version: &[&str]) -> Asked {
    let is_flag = |word: &OsString| word.len() > 1 && word.as_encoded_bytes().starts_with(b"-");
    let Some(word) = words.next_if(is_flag).map(redkite_text::into_shown) else { return Asked::Nothing };
    let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-')).unwrap_or(&word);
    match name {
        "" => Asked::Nothing,
        "help" | "h" => Asked::Help,
        name if version.contains(&name) => Asked::Version,
        name if name.starts_with(['-', '=']) => Asked::Unknown(format!("bad flag syntax: {word}")),
        name => Asked::Unknown(format!(
            "flag provided but not defined: -{}",
            name.split('=').next().unwrap_or(name)
        )),
    }
}

fn is_help(word: &OsStr) -> bool {
    word == "help" || word == "h"
}

/// `buildkite-agent help …`.
fn help_on(words: impl Iterator<Item = OsString>, out: &mut Output) -> Result<(), Failure> {
    let page = match words.map(redkite_text::into_shown).next() {
        None => help::program(),
        Some(word) => match (find(None, &word), find_group(&word)) {
            (Some(entry), _) => help::command(entry),
            (None, Some(group)) => help::group(group),
            (None, None) => return Err(unknown(&word, PROGRAM)),
        },
    };
    Ok(out.text(&page)?)
}

fn subcommand(word: &str, words: impl Iterator<Item = OsString>, out: Output) -> Result<ExitCode, Failure> {
    if let Some(entry) = find(None, word) {
        return start(entry, words.collect());
    }
    match find_group(word) {
        Some(group) => group_member(group, words, out),
        None => Err(unknown(word, PROGRAM)),
    }
}

fn group_member(
    group: &Group,
    words: impl Iterator<Item = OsString>,
    mut out: Output,
) -> Result<ExitCode, Failure> {
    let mut words = words.peekable();
    match level_flags(&mut words, &[]) {
        Asked::Help | Asked::Version => out.text(&help::group(group))?,
        Asked::Unknown(reason) => return Err(incorrect(". ", reason, &help::group(group))),
        Asked::Nothing => match words.next() {
            None => out.text(&help::group(group))?,
            Some(word) if is_help(&word) => {
                let about = words.next().map(redkite_text::into_shown);
                out.text(&help_in(group, about.as_deref())?)?;
            }
            Some(word) => {
                let word = redkite_text::into_shown(word);
                return match find(Some(group.name), &word) {
                    Some(entry) => start(entry, words.collect()),
                    None => Err(unknown(&word, &format!("{PROGRAM} {}", group.name))),
                };
            }
        },
    }
    Ok(ExitCode::SUCCESS)
}

/// `buildkite-agent <group> help …`.
fn help_in(group: &Group, word: Option<&str>) -> Result<String, Failure> {
    match word {
        None => Ok(help::group_listing(group)),
        Some(word) => match find(Some(group.name), word) {
            Some(entry) => Ok(help::command(entry)),
            None => Err(unknown(word, &format!("{PROGRAM} {}", group.name))),
        },
    }
}

pub(super) fn find(group: Option<&str>, name: &str) -> Option<&'static Entry> {
    COMMANDS.iter().find(|entry| entry.place() == (group, name))
}

fn find_group(name: &str) -> Option<&'static Group> {
    GROUPS.iter().find(|group| group.name == name)
}

pub(super) fn unknown(word: &str, path: &str) -> Failure {
    let message = format!("{PROGRAM}: unknown subcommand {word:?}\nRun '{path} --help' for usage.");
    Failure::option(message)
}

fn incorrect(mark: &str, reason: String, page: &str) -> Failure {
    Failure::Usage { page: format!("Incorrect Usage{mark}{reason}\n\n{page}"), reason }
}

/// What a command gets of the world, whatever its options say.
#[derive(Default)]
pub(super) struct World {
    pub(super) out: Output,
    pub(super) environment: Environment,
    pub(super) input: Input,
    pub(super) place: Place,
    pub(super) halt: Halt,
}

/// Runs a command as this process.
fn start(entry: &'static Entry, words: Vec<OsString>) -> Result<ExitCode, Failure> {
    let world = World { environment: Environment::of_this_process(), ..World::default() };
    perform(entry, words, world, logging::install)?;
    Ok(ExitCode::SUCCESS)
}

/// Settles the options of a command, and runs it; its log is begun once its options are known.
pub(super) fn perform(
    entry: &'static Entry,
    words: Vec<OsString>,
    world: World,
    begin_log: impl FnOnce(logging::Settings),
) -> Result<(), Failure> {
    let World { mut out, environment, input, place, halt } = world;
    let definition = Definition::of(entry);
    let usage = |reason: String| incorrect(": ", reason, &help::command(entry));
    check_variables(&definition, &environment).map_err(|error| usage(error.to_string()))?;
    let typed = split(words, &definition).map_err(|error| usage(error.to_string()))?;
    if typed.help {
        return Ok(out.text(&help::command(entry))?);
    }
    let file = config_file(entry, &definition, &typed, &environment)?;
    let mut resolved = resolve(&definition, &typed, &environment, &file)
        .map_err(|error| Failure::option(error.to_string()))?;
    let renames = deprecation::apply(entry.deprecated, &mut resolved);
    let warnings = renames.map_err(|error| Failure::option(error.to_string()))?;
    check_required(entry, &definition, &typed, &resolved)?;
    start_logging(entry.path, &resolved, begin_log);
    announce(&warnings, &file);
    let matches = definition.clap.try_get_matches_from(canonical(&resolved, &typed, &definition.positionals));
    let matches = matches.map_err(unreadable)?;
    let experiments = crate::options::experiments(&resolved)?;
    let variables = definition.flags.iter().flat_map(|flag| flag.variables.iter().cloned()).collect();
    let trace = telemetry::of_command(entry.path, &environment);
    let mut cx = Context {
        span: trace.enter(telemetry::command_span(entry.path)),
        out,
        environment,
        input,
        halt,
        place,
        experiments,
        config_file: file.path,
        entry,
        sources: resolved.sources,
        variables,
    };
    let result = (entry.run)(&matches, &mut cx);
    drop(cx);
    trace.finish();
    result
}

fn config_file(
    entry: &Entry,
    definition: &Definition,
    typed: &Typed,
    environment: &Environment,
) -> Result<ConfigFile, Failure> {
    if entry.config_file == Reads::Ignored {
        return Ok(ConfigFile::default());
    }
    let on_line = typed.flags.get("config").and_then(|values| values.last()).map(OsString::as_os_str);
    let chosen = on_line.or_else(|| variable(definition.flag("config")?, environment)).unwrap_or_default();
    let read = if chosen.is_empty() {
        ConfigFile::find(environment)
    } else {
        ConfigFile::at(&paths::file_path(chosen, environment).unwrap_or_default())
    };
    read.map_err(|error| Failure::option(crate::failure::chain(&error)))
}

/// The first of what is required that is missing is an error (§8).
fn check_required(
    entry: &Entry,
    definition: &Definition,
    typed: &Typed,
    resolved: &Resolved,
) -> Result<(), Failure> {
    for &label in entry.required {
        let argument = definition.positionals.iter().position(|positional| positional.label == label);
        let missing = match argument {
            Some(index) => typed.arguments.get(index).is_none_or(|argument| argument.is_empty()),
            None => !resolved.is_set(label),
        };
        if missing {
            let message = format!("Missing {label}. See: `{PROGRAM} {} --help`", entry.path);
            return Err(Failure::option(message));
        }
    }
    Ok(())
}

fn announce(warnings: &[String], file: &ConfigFile) {
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    if let Some(path) = &file.path {
        tracing::info!(path = &*redkite_text::shown(path.as_os_str()), "Configuration loaded");
    }
}

/// The words `clap` reads: every flag with its settled value, then as many arguments as the command takes.
fn canonical(
    resolved: &Resolved,
    typed: &Typed,
    positionals: &[super::definition::Positional],
) -> Vec<OsString> {
    let last = positionals.last().filter(|last| last.many);
    let meant = positionals.iter().chain(last.into_iter().cycle());
    let arguments = typed.arguments.iter().zip(meant).map(|(word, meant)| meant.content.of(word.clone()));
    resolved.words().chain(["--".into()]).chain(arguments).collect()
}
