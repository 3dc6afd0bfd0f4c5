//! The names of things in a build: one type per kind, so that a job cannot be taken for a step.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Where new ids come from. The scheduler has neither clock nor randomness, so its caller brings both:
/// time-ordered UUIDs in the server (spec/control-plane.md §2.2), a counter in tests.
pub trait Ids {
    /// An id that was never given out before.
    fn next_id(&mut self) -> Uuid;
}

impl<F: FnMut() -> Uuid> Ids for F {
    fn next_id(&mut self) -> Uuid {
        self()
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id.
            pub fn new(ids: &mut dyn Ids) -> Self {
                Self(ids.next_id())
            }

            /// The UUID itself.
            pub fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// A build.
    BuildId
);
id!(
    /// One entry of a build's definition.
    StepId
);
id!(
    /// One unit of work of a step; a retry is a new job.
    JobId
);
id!(
    /// One connection of one agent worker.
    AgentId
);
