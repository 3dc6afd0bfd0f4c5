//! What a pipeline document says, typed and checked (spec/control-plane.md §3).

mod agents;
mod branches;
mod checkout;
mod command;
mod error;
mod manual;
mod matrix;
mod pipeline;
mod read;
mod retry;
mod skip;
mod step;
#[cfg(test)]
mod tests;

pub use agents::AgentRules;
pub use branches::BranchPatterns;
pub use checkout::Settings as CheckoutSettings;
pub use command::{Command, Concurrency, ConcurrencyMethod, Times, Trigger, TriggerMode, WhenFailing};
pub use error::{DefinitionError, StepName};
pub use manual::{Barrier, BlockedState, Field, FieldKind, Manual, SelectOption};
pub use matrix::{Cell, Matrix, Permutation};
pub use pipeline::{MAX_JOBS_PER_DOCUMENT, Pipeline};
pub use retry::{Ending, ExitStatuses, ManualRetry, Retry, RetryRule, SoftFail, Words};
pub use skip::Skip;
pub use step::{Dependency, DependsOn, Group, Kind, OnFailure, Step, When};

pub(crate) use manual::whole_match;
pub(crate) use matrix::{expand, expand_value};
