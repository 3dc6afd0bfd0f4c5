//! `stop`, `pause` and `resume`: a job's word to the agent it runs on (docs/spec/cli.md §18).

pub(crate) mod pause;
pub(crate) mod resume;
pub(crate) mod stop;
