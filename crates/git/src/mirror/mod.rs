//! Mirrors of repositories on this host (spec/checkout.md §10).
mod lock;
mod snapshot;
mod update;

pub(crate) use update::{Mirror, Part};
