//! Why a call failed, and what follows from it (spec/agent-api.md §5, §6.2).

use crate::policy::is_retryable_status;
use crate::shown::shown_url;
use http::{Method, StatusCode};
use std::fmt;
use std::time::Duration;

/// A failed call. `Display` is the text that users see.
#[derive(Debug)]
pub struct ApiError {
    method: Method,
    /// As people may see it.
    url: String,
    failure: Failure,
}

/// What went wrong.
#[derive(Debug)]
pub enum Failure {
    /// The server answered with something other than 2xx.
    Status {
        /// The status.
        status: StatusCode,
        /// The `message` of the body, where there was one.
        message: Option<String>,
        /// The wait it asked for.
        retry_after: Option<Duration>,
    },
    /// A 2xx answer whose body is not what the call needs.
    Decode {
        /// The status.
        status: StatusCode,
        /// What is wrong with the body.
        reason: String,
        /// Whether the body just stopped.
        broken_off: bool,
    },
    /// There was no answer.
    Transport {
        /// What happened.
        reason: String,
        /// Whether it may not happen next time.
        retryable: bool,
    },
    /// The answer says that it is too early; the next attempt asks again.
    NotYet {
        /// The status.
        status: StatusCode,
        /// What is being waited for.
        reason: String,
        /// The wait it asked for.
        retry_after: Option<Duration>,
    },
    /// A 2xx answer that says no for good.
    Refused {
        /// The status.
        status: StatusCode,
        /// Why.
        reason: String,
    },
    /// The time allowed for all attempts is over.
    DeadlineExceeded,
    /// The caller was told to stop.
    Halted,
}

impl ApiError {
    /// `failure` of `method` on the full `url`.
    #[must_use]
    pub fn new(method: Method, url: impl AsRef<str>, failure: Failure) -> Self {
        Self { method, url: shown_url(url.as_ref()).into_owned(), failure }
    }

    /// What went wrong.
    #[must_use]
    pub fn failure(&self) -> &Failure {
        &self.failure
    }

    /// The status of the answer, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self.failure {
            Failure::Status { status, .. }
            | Failure::Decode { status, .. }
            | Failure::NotYet { status, .. }
            | Failure::Refused { status, .. } => Some(status),
            Failure::Transport { .. } | Failure::DeadlineExceeded | Failure::Halted => None,
        }
    }

    /// Whether the same call may work later: a retryable status or transport error (§6.2).
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match &self.failure {
            Failure::Status { status, .. } => is_retryable_status(*status),
            Failure::Transport { retryable, .. } => *retryable,
            Failure::NotYet { .. } => true,
            Failure::Decode { .. }
            | Failure::Refused { .. }
            | Failure::DeadlineExceeded
            | Failure::Halted => false,
        }
    }

    /// The server knows no such thing (404).
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.has_status(404)
    }

    /// The server does not accept the token (401).
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.has_status(401)
    }

    /// Whether the answer, not an undecodable 2xx, had this status.
    #[must_use]
    pub fn has_status(&self, code: u16) -> bool {
        matches!(self.failure, Failure::Status { status, .. } if status.as_u16() == code)
    }

    /// The wait the server asked for.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.failure {
            Failure::Status { retry_after, .. } | Failure::NotYet { retry_after, .. } => retry_after,
            _ => None,
        }
    }

    /// A 2xx whose body just stopped: the connection's fault rather than the server's.
    #[must_use]
    pub fn is_broken_off(&self) -> bool {
        matches!(self.failure, Failure::Decode { broken_off: true, .. })
    }

    /// An answer that is repeated whatever the call's stop rule says.
    pub(crate) fn asks_for_another_attempt(&self) -> bool {
        matches!(self.failure, Failure::NotYet { .. })
    }

    /// An answer that is never repeated.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self.failure, Failure::Refused { .. })
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, url, failure } = self;
        match failure {
            Failure::Status { status, message, .. } => {
                write!(f, "{method} {url}: {}", status.as_u16())?;
                status.canonical_reason().map_or(Ok(()), |reason| write!(f, " {reason}"))?;
                message.as_ref().map_or(Ok(()), |message| write!(f, ": {message}"))
            }
            Failure::Decode { reason, .. } => write!(f, "failed to decode JSON response: {reason}"),
            Failure::Transport { reason, .. } => write!(f, "{method} {url}: {reason}"),
            Failure::NotYet { reason, .. } | Failure::Refused { reason, .. } => f.write_str(reason),
            Failure::DeadlineExceeded => write!(f, "{method} {url}: out of time"),
            Failure::Halted => write!(f, "{method} {url}: stopped"),
        }
    }
}

impl std::error::Error for ApiError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_names_call_status_and_message() {
        let error = |message: Option<&str>| {
            let status = StatusCode::UNAUTHORIZED;
            let message = message.map(str::to_owned);
            let failure = Failure::Status { status, message, retry_after: None };
            ApiError::new(Method::POST, "https://h/v3/register", failure).to_string()
        };
        let odd =
            Failure::Status { status: StatusCode::from_u16(499).unwrap(), message: None, retry_after: None };
        let odd = ApiError::new(Method::GET, "https://u:do-not-show@h/v3", odd);
        assert_eq!(odd.to_string(), "GET https://u:***@h/v3: 499");
        assert_eq!(error(None), "POST https://h/v3/register: 401 Unauthorized");
        assert_eq!(
            error(Some("Invalid token")),
            "POST https://h/v3/register: 401 Unauthorized: Invalid token"
        );
    }
}
