//! The bootstrap: the phases of one job, in order.
