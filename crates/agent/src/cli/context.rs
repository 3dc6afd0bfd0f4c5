//! What a command gets besides its arguments.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use redkite_api::Halt;

use super::{Entry, Source, help};
use crate::environment::Environment;
use crate::output::Output;
use crate::stdin::Input;
use redkite_telemetry::Span;

/// The world as a command sees it: standard output, the environment, and where its options came from.
pub(crate) struct Context {
    /// The command's result goes here.
    pub(crate) out: Output,
    /// The variables this process was started with.
    pub(crate) environment: Environment,
    /// What it may read.
    pub(crate) input: Input,
    /// Tells it to stop.
    pub(crate) halt: Halt,
    pub(super) place: Place,
    /// The experiments that were asked for, known or not (§11).
    pub(crate) experiments: Vec<String>,
    /// The configuration file that was read.
    pub(crate) config_file: Option<PathBuf>,
    /// What a trace shows of the command.
    pub(crate) span: Span,
    pub(super) entry: &'static Entry,
    pub(super) sources: BTreeMap<String, Source>,
    pub(super) variables: Vec<String>,
}

/// The directory that a command works in.
#[derive(Debug, Default)]
pub(crate) enum Place {
    /// This process's.
    #[default]
    OfThisProcess,
    /// This one, although the process is elsewhere.
    At(PathBuf),
}

impl Context {
    /// Where the value of the flag `name` came from.
    pub(crate) fn source(&self, name: &str) -> Source {
        self.sources.get(name).copied().unwrap_or(Source::Default)
    }

    /// The variables that belong to the command's own flags: `start` keeps them from its children (§4).
    pub(crate) fn own_variables(&self) -> &[String] {
        &self.variables
    }

    /// Whether an experiment was asked for.
    pub(crate) fn experiment(&self, name: &str) -> bool {
        self.experiments.iter().any(|enabled| enabled == name)
    }

    /// The working directory by the name the user knows it by: `$PWD` where that is the directory we are in.
    pub(crate) fn directory(&self) -> PathBuf {
        let actual = match &self.place {
            Place::OfThisProcess => std::env::current_dir().unwrap_or_default(),
            Place::At(directory) => directory.clone(),
        };
        let named = self.environment.value("PWD").map(PathBuf::from).filter(|named| named.is_absolute());
        named.filter(|named| same_directory(named, &actual)).unwrap_or(actual)
    }

    /// The command's help, for those that print it when their arguments don't fit.
    pub(crate) fn page(&self) -> String {
        help::command(self.entry)
    }
}

fn same_directory(one: &Path, other: &Path) -> bool {
    one.canonicalize().ok().is_some_and(|one| other.canonicalize().ok() == Some(one))
}
