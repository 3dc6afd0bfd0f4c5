//! `env …`: the variables of a process and of the running job.

pub(crate) mod dump;
