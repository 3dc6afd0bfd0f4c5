//! Where a pipeline lies in a repository.

/// The files that are looked for when no pipeline is named, in this order (docs/spec/pipeline.md §3).
pub const DEFAULT_FILES: [&str; 9] = [
    "buildkite.yml",
    "buildkite.yaml",
    "buildkite.json",
    ".buildkite/pipeline.yml",
    ".buildkite/pipeline.yaml",
    ".buildkite/pipeline.json",
    "buildkite/pipeline.yml",
    "buildkite/pipeline.yaml",
    "buildkite/pipeline.json",
];
