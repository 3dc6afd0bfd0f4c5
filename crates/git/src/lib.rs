//! Checkouts: clone, fetch, clean, submodules, mirrors, known hosts.
