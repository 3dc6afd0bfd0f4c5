//! What a command is, and how the list in `commands/mod.rs` names one.

use clap::{ArgMatches, Args, FromArgMatches};

use super::{Context, Deprecation};
use crate::failure::Failure;

/// A command: its arguments (doc comments are the help), and what it does with them.
///
/// The arguments are ordinary `clap` derive, with these conventions:
/// - `#[arg(long, env = "A,B")]` names the variables in order of preference; the first that exists counts.
/// - What names files or goes on to other programs is an `OsString`, which keeps bytes that are no text.
/// - A `String` or `OsString` flag without default is empty by default, a `bool` flag without default is off.
/// - `i64`, [`GoDuration`](super::GoDuration), [`FilePath`](super::FilePath) and
///   [`CommandPath`](super::CommandPath) are read as the specification says.
/// - `Vec<String>` is a list; with `value_delimiter = ','` its items are split on commas wherever they come from.
/// - Arguments without `long` are positional, `Option<String>` or one last `Vec<String>`; `value_name` is the label
///   under which a missing one is reported.
pub(crate) trait Command: Args + FromArgMatches {
    /// What must not be empty, in the order in which it is checked: flag names and labels of arguments.
    const REQUIRED: &'static [&'static str] = &[];
    /// Options that have got another name or lost their meaning.
    const DEPRECATED: &'static [Deprecation] = &[];
    /// Whether the configuration file is read.
    const CONFIG_FILE: ReadsConfigFile = ReadsConfigFile::Ignored;

    /// Does the work.
    fn run(self, cx: &mut Context) -> Result<(), Failure>;
}

/// Whether a command reads the configuration file; only `start` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadsConfigFile {
    /// All its flags but `config` are keys of the file.
    Read,
    /// The file doesn't matter.
    Ignored,
}

/// Where a command or group stands in the program's help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Category {
    /// Without heading.
    Agent,
    /// For jobs.
    Job,
    /// For the agent itself.
    Internal,
    /// In no listing.
    Hidden,
}

/// One line of the list of commands.
pub(crate) struct Entry {
    /// Group and name, or the name alone.
    pub(crate) path: &'static str,
    pub(crate) category: Category,
    pub(crate) required: &'static [&'static str],
    pub(crate) deprecated: &'static [Deprecation],
    pub(crate) config_file: ReadsConfigFile,
    pub(crate) define: fn(clap::Command) -> clap::Command,
    pub(crate) run: fn(&ArgMatches, &mut Context) -> Result<(), Failure>,
}

impl Entry {
    /// The group, if it is in one, and the last word.
    pub(crate) fn place(&self) -> (Option<&'static str>, &'static str) {
        match self.path.split_once(' ') {
            Some((group, name)) => (Some(group), name),
            None => (None, self.path),
        }
    }
}

/// A command of the list.
pub(crate) const fn command<C: Command>(path: &'static str, category: Category) -> Entry {
    Entry {
        path,
        category,
        required: C::REQUIRED,
        deprecated: C::DEPRECATED,
        config_file: C::CONFIG_FILE,
        define: C::augment_args,
        run: |matches, cx| C::from_arg_matches(matches).map_err(unreadable)?.run(cx),
    }
}

/// A command that works like any other but isn't listed.
pub(crate) const fn hidden<C: Command>(path: &'static str) -> Entry {
    command::<C>(path, Category::Hidden)
}

/// A name that several commands share as their first word.
pub(crate) struct Group {
    pub(crate) name: &'static str,
    pub(crate) category: Category,
    pub(crate) about: &'static str,
}

/// A group of the list.
pub(crate) const fn group(name: &'static str, category: Category, about: &'static str) -> Group {
    Group { name, category, about }
}

/// Values were checked before; this is the text of what slipped through.
pub(crate) fn unreadable(error: clap::Error) -> Failure {
    Failure::option(error.to_string())
}
