//! What the agent asks of clouds: facts about the machine as tags (spec/agent.md §5), and keys that a cloud keeps
//! (spec/pipeline.md §14.1, §16.3). Blocking, and nothing is made or asked before a call needs it.
//!
//! The environment comes in as [`Variables`]. Where a service is can be said with the variables that its vendor
//! documents; requests to meta-data services never go through a proxy.

use std::collections::HashMap;
use std::ffi::OsString;

mod aws;
mod error;
mod gcp;
mod http;
mod kms;
mod program;
mod tags;

pub use error::CloudError;
pub use kms::{Kms, KmsKey};
pub use tags::{Failure, PathPairs, Source, Waits, Wanted};

/// The environment that counts.
pub trait Environ: Sync {
    /// The value of a variable, if it exists at all.
    fn get(&self, name: &str) -> Option<String>;

    /// Every variable, for programs that are asked for credentials.
    fn all(&self) -> Vec<(OsString, OsString)>;
}

/// A table stands for the environment, too.
impl Environ for HashMap<String, String> {
    fn get(&self, name: &str) -> Option<String> {
        HashMap::get(self, name).cloned()
    }

    fn all(&self) -> Vec<(OsString, OsString)> {
        self.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }
}

/// Reads variables of the environment.
pub type Variables<'a> = &'a dyn Environ;

/// A variable that is there and not empty.
fn filled(variables: Variables<'_>, name: &str) -> Option<String> {
    variables.get(name).filter(|value| !value.is_empty())
}

/// Whether a variable says `true`.
fn is_true(variables: Variables<'_>, name: &str) -> bool {
    filled(variables, name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}
