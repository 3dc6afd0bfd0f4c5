//! Pipelines: parsing, interpolation, canonical form.
