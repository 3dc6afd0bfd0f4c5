//! `redactor …`.

pub(crate) mod add;
