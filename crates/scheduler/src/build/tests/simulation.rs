//! Random builds.
