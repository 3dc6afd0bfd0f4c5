//! `job …`: the job this command runs in.

pub(crate) mod promise_failure;
pub(crate) mod update;
