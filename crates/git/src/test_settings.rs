//! Settings for tests: the defaults, and what a test is about.
use crate::settings::{
    Flags, Keyscan, RemoteMirrorSource, Settings, Source, SparseWish, Submodules, Verification,
};

/// A plain checkout of `commit` of `repository`.
pub(crate) fn settings(repository: &str, commit: &str) -> Settings {
    Settings {
        repository: repository.into(),
        source: Source {
            commit: commit.into(),
            branch: "main".into(),
            pull_request: "false".into(),
            provider: "custom".into(),
            ..Source::default()
        },
        flags: Flags::default(),
        mirrors: None,
        remote_mirror: RemoteMirrorSource::default(),
        submodules: Submodules { enabled: true, configuration: Vec::new() },
        sparse: SparseWish::default(),
        skip_fetch_existing: false,
        lfs: false,
        ssh_key: String::new(),
        verification: Verification::Off,
        keyscan: Keyscan::Off,
        home: None,
        clean: false,
        attempts: 1,
        timeout: None,
        command_follows: true,
        resolve_commit: false,
        agent: "/usr/bin/true".into(),
        pipeline: "demo".into(),
    }
}
