//! The YAML dialect of pipelines (spec/pipeline.md §4): libyaml's grammar with our own table of scalars.

mod compose;
mod decode;
mod node;
pub(crate) mod resolve;
mod source;
mod timestamp;

pub(crate) use compose::Composer;
pub use compose::SyntaxError;
pub use decode::DecodeError;
pub(crate) use decode::decode;

/// How deep values may nest, aliases followed. The reference stops at 10,000, but then the JSON readers on the
/// way, ours among them, refuse what nests deeper than 128; and recursion this deep fits a small stack.
pub(crate) const MAX_DEPTH: usize = 120;
