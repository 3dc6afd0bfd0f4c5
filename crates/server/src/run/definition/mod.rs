//! What is to run: the pipeline file, found, read, interpolated and cut down to the steps asked for.

mod find;
mod keys;
mod outline;
mod prepare;
mod select;

pub(crate) use find::{FindError, Found, Given, find};
pub(crate) use prepare::{Definition, DefinitionError, Draft, MissingKeys, Wishes};
