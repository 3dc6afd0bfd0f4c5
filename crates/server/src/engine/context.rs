//! What a change works with: the state in memory, the transaction, the clock, and what follows the commit.

use redkite_scheduler::{AgentId, Time};

use super::world::World;
use super::writer::Writer;
use crate::plane::{Event, Patience, Placement, Rhythm};
use crate::secret::{SigningKey, TokenHash};
use crate::store::{Connection, StoreError};

/// What does not change while the plane runs.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The origin that agents and people are told, without a path.
    pub origin: String,
    /// Whether that origin is the only one.
    pub reach: Reach,
    /// What agents are told about their rhythm.
    pub rhythm: Rhythm,
    /// After which silences the plane acts.
    pub patience: Patience,
    /// Whether jobs choose their agents.
    pub placement: Placement,
    /// Derives job tokens and signs addresses.
    pub key: SigningKey,
}

/// Under which addresses the plane is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The one that is configured or listened on.
    Origin,
    /// Any of this machine's: each caller is told the one it has used.
    Everywhere,
}

/// What is done after the commit, and not at all without it.
#[derive(Debug, Default)]
pub(crate) struct Aftermath {
    /// Told to everyone who watches.
    pub events: Vec<Event>,
    /// Tokens whose meaning has changed.
    pub forgotten: Vec<TokenHash>,
    /// Agents for which there is news.
    pub awaited: Vec<AgentId>,
}

/// What a change works with.
pub(crate) struct Context<'a> {
    /// The state in memory.
    pub world: &'a mut World,
    /// What follows the commit.
    pub after: &'a mut Aftermath,
    /// What does not change.
    pub settings: &'a Settings,
    /// The moment at which everything in this batch happens.
    pub now: Time,
    pub(super) writer: &'a mut Writer,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        (world, writer): (&'a mut World, &'a mut Writer),
        after: &'a mut Aftermath,
        settings: &'a Settings,
        now: Time,
    ) -> Self {
        Self { world, after, settings, now, writer }
    }

    /// The database, inside the transaction that is committed with this change.
    pub(crate) async fn db(&mut self) -> Result<&mut Connection, StoreError> {
        self.writer.transaction().await
    }

    /// Tells those who watch, after the commit.
    pub(crate) fn announce(&mut self, event: Event) {
        self.after.events.push(event);
    }
}
