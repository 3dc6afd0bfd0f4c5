//! Artifacts: globbing, hashing, upload, download.
