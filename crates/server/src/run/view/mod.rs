//! What a person sees of a run. Pure: events become a [`Model`], a model becomes a frame, text or a summary.

#[cfg(test)]
mod fixtures;
mod frame;
mod model;
mod plain;
mod prompt;
mod summary;
mod text;
mod tree;

#[cfg(test)]
pub(crate) use frame::Style;
pub(crate) use frame::{Frame, Line, Paint};
pub(crate) use model::Model;
pub(crate) use plain::Plain;
pub(crate) use prompt::{Answer, Key, Prompt};
pub(crate) use summary::summary;
pub(crate) use tree::{Size, tree};
