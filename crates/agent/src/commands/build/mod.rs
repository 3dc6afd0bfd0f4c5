//! `build …`.

pub(crate) mod cancel;
