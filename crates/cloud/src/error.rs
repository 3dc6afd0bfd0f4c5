//! How a cloud can fail us: which service, at which address, and what may help.

/// A question that a cloud did not answer. No variant carries credentials.
#[derive(Debug, thiserror::Error)]
pub enum CloudError {
    /// The service can't be reached.
    #[error("{service} at {url} can't be reached; is this machine in that cloud, and is the address right?")]
    Unreachable {
        /// Which service.
        service: &'static str,
        /// The address, without its query.
        url: String,
        /// Why.
        source: Box<ureq::Error>,
    },
    /// The service answered with an error.
    #[error("{service} at {url} answered {status}: {message}")]
    Refused {
        /// Which service.
        service: &'static str,
        /// The address, without its query.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What the service says.
        message: String,
    },
    /// The answer can't be understood.
    #[error("{service} at {url} gave an answer without {missing}")]
    Unreadable {
        /// Which service.
        service: &'static str,
        /// The address, without its query.
        url: String,
        /// What was looked for.
        missing: String,
    },
    /// The service has nothing of what was asked for.
    #[error("{0} found nothing")]
    Nothing(&'static str),
    /// No credentials were found.
    #[error("{0}")]
    Credentials(String),
    /// The same, and on the way to what.
    #[error("{what}: {source}")]
    During {
        /// What was being done.
        what: String,
        /// Why it failed.
        source: Box<CloudError>,
    },
    /// A setting is missing or wrong.
    #[error("{0}")]
    Setting(String),
}

impl CloudError {
    /// The same failure, and on the way to what it came.
    pub(crate) fn during(self, what: impl Into<String>) -> Self {
        Self::During { what: what.into(), source: Box::new(self) }
    }

    /// The status of the answer, if there was one.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::During { source, .. } => source.status(),
            _ => None,
        }
    }

    /// Whether the same question may be answered a moment later.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            _ => false,
        }
    }
}
