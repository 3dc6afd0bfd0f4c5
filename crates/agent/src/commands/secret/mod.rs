//! `secret …`.

pub(crate) mod get;
