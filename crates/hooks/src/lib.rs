//! Finding hooks and running them with their environment changes.
