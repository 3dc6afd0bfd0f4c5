//! Child processes: groups, signals, pseudo-terminals and grace periods; the only crate that spawns.
