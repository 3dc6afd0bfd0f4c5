//! What the agent asks of clouds: facts about the machine as tags (spec/agent.md §5), and keys that a cloud keeps
//! (spec/pipeline.md §14.1, §16.3). Blocking, and nothing is made or asked before a call needs it.
//!
//! The environment comes in as [`Variables`]. Where a service is can be said with the variables that its vendor
//! documents; requests to meta-data services never go through a proxy.

mod aws;
mod error;
mod gcp;
mod http;
mod kms;
mod tags;

pub use error::CloudError;
pub use kms::{Kms, KmsKey};
pub use tags::{Failure, PathPairs, Source, Waits, Wanted};

/// Reads a variable of the environment.
pub type Variables<'a> = &'a (dyn Fn(&str) -> Option<String> + Sync);

/// A variable that is there and not empty.
fn filled(variables: Variables<'_>, name: &str) -> Option<String> {
    variables(name).filter(|value| !value.is_empty())
}
