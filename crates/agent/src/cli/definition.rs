//! A command's flags and arguments as a table, taken from its `clap` definition.

use std::any::TypeId;
use std::ffi::OsString;

use clap::builder::Resettable;
use clap::{Arg, ArgAction};

use super::{CommandPath, Entry, FilePath, GoDuration};

/// What the options of one command are.
pub(crate) struct Definition {
    pub(crate) about: String,
    pub(crate) flags: Vec<Flag>,
    pub(crate) positionals: Vec<Positional>,
    /// The `clap` command that reads the words once every value is settled.
    pub(crate) clap: clap::Command,
}

/// One flag.
#[derive(Debug, Clone)]
pub(crate) struct Flag {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Variables in order of preference.
    pub(crate) variables: Vec<String>,
    pub(crate) default: Vec<OsString>,
    pub(super) content: Content,
    pub(crate) help: String,
    pub(crate) hidden: bool,
}

/// How a flag's text is read (§3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Int,
    Duration,
    Text,
    FilePath,
    CommandPath,
    /// One occurrence, one item.
    List,
    /// Items are split on commas (§3, rule 4).
    SplitList,
}

/// What the values of an option can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Text: what isn't, is made to be.
    Text,
    /// Whatever the system can pass: names of files, and what goes on to other programs.
    Any,
}

impl Content {
    /// A value as such.
    pub(super) fn of(self, value: OsString) -> OsString {
        match self {
            Self::Text => redkite_text::into_shown(value).into(),
            Self::Any => value,
        }
    }
}

/// One argument that is no flag.
#[derive(Debug, Clone)]
pub(crate) struct Positional {
    pub(crate) name: String,
    /// What it is called when it is missing.
    pub(crate) label: String,
    pub(crate) many: bool,
    pub(super) content: Content,
}

impl Definition {
    /// The definition of a command of the list.
    pub(crate) fn of(entry: &Entry) -> Self {
        let clap = (entry.define)(clap::Command::new("buildkite-agent"))
            .disable_help_flag(true)
            .no_binary_name(true);
        let flags = clap.get_arguments().filter(|arg| arg.get_long().is_some()).map(flag).collect();
        let positionals = clap.get_positionals().map(positional).collect();
        let about = clap.get_about().map(ToString::to_string).unwrap_or_default();
        Self { about, flags, positionals, clap: clap.mut_args(settled) }
    }

    /// The flag of this name.
    pub(crate) fn flag(&self, name: &str) -> Option<&Flag> {
        self.flags.iter().find(|flag| flag.name == name)
    }
}

fn flag(arg: &Arg) -> Flag {
    let variables = arg.get_env().map(|names| names.to_string_lossy().into_owned()).unwrap_or_default();
    let kind = kind(arg);
    let mut default: Vec<OsString> = arg.get_default_values().iter().map(OsString::from).collect();
    if kind == Kind::Bool && default.is_empty() {
        default.push("false".into());
    }
    Flag {
        name: arg.get_long().unwrap_or_default().to_owned(),
        kind,
        variables: variables.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        default,
        content: content(arg),
        help: arg.get_help().map(ToString::to_string).unwrap_or_default(),
        hidden: arg.is_hide_set(),
    }
}

fn kind(arg: &Arg) -> Kind {
    let value = arg.get_value_parser().type_id();
    match arg.get_action() {
        ArgAction::Append if arg.get_value_delimiter().is_some() => Kind::SplitList,
        ArgAction::Append => Kind::List,
        ArgAction::SetTrue => Kind::Bool,
        _ if value == TypeId::of::<bool>() => Kind::Bool,
        _ if value == TypeId::of::<i64>() => Kind::Int,
        _ if value == TypeId::of::<GoDuration>() => Kind::Duration,
        _ if value == TypeId::of::<FilePath>() => Kind::FilePath,
        _ if value == TypeId::of::<CommandPath>() => Kind::CommandPath,
        _ => Kind::Text,
    }
}

fn content(arg: &Arg) -> Content {
    let value = arg.get_value_parser().type_id();
    let any = [TypeId::of::<OsString>(), TypeId::of::<FilePath>(), TypeId::of::<CommandPath>()];
    if any.iter().any(|any| value == *any) { Content::Any } else { Content::Text }
}

fn positional(arg: &Arg) -> Positional {
    let name = arg.get_id().to_string();
    // The derive macro gives every argument its own name in capitals, which is no label.
    let given = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
    let label = given.filter(|label| !label.eq_ignore_ascii_case(&name));
    let many = matches!(arg.get_action(), ArgAction::Append);
    Positional { label: label.unwrap_or_else(|| name.clone()), name, many, content: content(arg) }
}

/// The argument without what we decide ourselves: variables, defaults of absent values, required ones.
fn settled(arg: Arg) -> Arg {
    let text = matches!(kind(&arg), Kind::Text | Kind::FilePath | Kind::CommandPath);
    let bare = arg.get_default_values().is_empty();
    let is_flag = arg.get_long().is_some();
    let required = arg.is_required_set();
    let arg = match arg.get_action() {
        ArgAction::SetTrue => arg
            .action(ArgAction::Set)
            .num_args(1)
            .default_value("false")
            .default_missing_value(Resettable::Reset),
        ArgAction::Append => arg.default_values(Vec::<String>::new()).value_delimiter(None),
        _ if is_flag && text && bare && required => arg.default_value(""),
        _ => arg,
    };
    arg.required(false).env(Resettable::Reset).allow_hyphen_values(true)
}

#[cfg(test)]
pub(crate) mod sample {
    //! A command with a flag of each kind, for tests.

    use super::*;
    use crate::cli::{Category, Command, Context, command};
    use crate::failure::Failure;

    /// A sample
    #[derive(Debug, clap::Args)]
    struct Args {
        /// Text
        #[arg(long, env = "S_TEXT,S_OLD_TEXT", default_value = "given")]
        text: String,
        /// Bytes
        #[arg(long, env = "S_BYTES")]
        bytes: Option<OsString>,
        /// Flag
        #[arg(long, env = "S_FLAG")]
        flag: bool,
        /// Number
        #[arg(long, env = "S_NUMBER", default_value_t = 3)]
        number: i64,
        /// List
        #[arg(long, env = "S_LIST", value_delimiter = ',', default_values = ["x"])]
        list: Vec<String>,
        /// Path
        #[arg(long, env = "S_PATH")]
        path: FilePath,
        /// Duration
        #[arg(long, env = "S_WAIT", default_value = "1s")]
        wait: GoDuration,
        /// Words
        words: Vec<String>,
    }

    impl Command for Args {
        fn run(self, _: &mut Context) -> Result<(), Failure> {
            Ok(())
        }
    }

    /// The sample's definition.
    pub(crate) fn definition() -> Definition {
        Definition::of(&command::<Args>("sample", Category::Job))
    }
}
