//! What follows from a build's steps and is kept between events: made anew when steps or attempts change.

use super::graph::Graph;

/// The dependencies, and which barriers have a failure above them.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) graph: Graph,
    /// By place: whether something above a barrier has failed, however far above (§3.4 W3).
    pub(super) tainted: Vec<bool>,
}

/// A plan that may be there. It is no part of a build's value.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept(pub(super) Option<Box<Plan>>);

impl PartialEq for Kept {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Kept {}
