//! Which variables hold secrets.

/// The patterns of secret variables.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RedactionOptions {
    /// Patterns of the names of variables whose values are secret
    #[arg(
        long,
        env = "BUILDKITE_REDACTED_VARS",
        value_delimiter = ',',
        default_values = [
            "*_PASSWORD",
            "*_SECRET",
            "*_TOKEN",
            "*_PRIVATE_KEY",
            "*_SSH_KEY",
            "*_ACCESS_KEY",
            "*_SECRET_KEY",
            "*_CONNECTION_STRING",
            "*_API_KEY",
        ]
    )]
    pub(crate) redacted_vars: Vec<String>,
}
