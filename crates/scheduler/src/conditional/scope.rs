//! What a condition can ask about.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::environment;
use crate::facts::Facts;
use crate::ids::BuildId;
use crate::state::BuildState;

/// A build as conditions see it.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    pub(super) id: BuildId,
    pub(super) state: BuildState,
    pub(super) facts: &'a Facts,
    pub(super) env: HashMap<String, String>,
}

impl<'a> Scope<'a> {
    /// The variables of a build whose documents have `env` at their top levels.
    pub fn new(id: BuildId, state: BuildState, facts: &'a Facts, env: &IndexMap<String, String>) -> Self {
        Self { id, state, facts, env: environment::merged(facts, env) }
    }

    /// The branch, or the tag of a tag's build.
    pub fn branch(&self) -> &str {
        &self.facts.branch
    }
}
