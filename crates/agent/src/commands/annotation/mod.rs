//! `annotation …`.

pub(crate) mod remove;
