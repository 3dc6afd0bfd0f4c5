//! The identifiers that travel on the wire: opaque text, one type per kind.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The identifier as it is sent, unencoded.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<T: Into<String>> From<T> for $name {
            fn from(text: T) -> Self {
                Self(text.into())
            }
        }
    };
}

id! {
    /// One registered worker.
    AgentId
}
id! {
    /// One job of a build.
    JobId
}
id! {
    /// One build.
    BuildId
}
id! {
    /// A step: its id or, within a build, its key.
    StepRef
}
id! {
    /// One artifact.
    ArtifactId
}
