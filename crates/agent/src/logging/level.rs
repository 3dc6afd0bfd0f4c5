//! The six levels, their order and their names.

use tracing::Metadata;

/// A level of the agent's log, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Debug,
    Notice,
    Info,
    Warn,
    Error,
    Fatal,
}

impl Level {
    /// Reads a `--log-level`, in any case.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "debug" => Self::Debug,
            "notice" => Self::Notice,
            "info" => Self::Info,
            "warn" | "warning" => Self::Warn,
            "error" => Self::Error,
            "fatal" => Self::Fatal,
            _ => return None,
        })
    }

    /// The level of an event: that of `tracing`, unless its target says NOTICE or FATAL.
    pub(crate) fn of(metadata: &Metadata<'_>) -> Self {
        match (metadata.target(), *metadata.level()) {
            (super::NOTICE, _) => Self::Notice,
            (super::FATAL, _) => Self::Fatal,
            (_, tracing::Level::ERROR) => Self::Error,
            (_, tracing::Level::WARN) => Self::Warn,
            (_, tracing::Level::INFO) => Self::Info,
            (_, tracing::Level::DEBUG | tracing::Level::TRACE) => Self::Debug,
        }
    }

    /// The name as it is printed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Notice => "NOTICE",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }
}
