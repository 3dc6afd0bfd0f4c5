//! `pipeline …`: the steps of the running build.

pub(crate) mod upload;
