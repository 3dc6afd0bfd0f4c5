//! `workdir …`.

pub(crate) mod set;
