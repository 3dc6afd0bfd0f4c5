//! Failures as HTTP answers: a status and `{"message": …}` (agent-api.md §5).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::engine::{Failure, Refusal, Wrong};
use crate::failure_text::describe;
use crate::store::StoreError;

/// What every handler answers.
pub(super) type Answer<T> = Result<T, Problem>;

/// Seconds after which asking again makes sense.
const RETRY_AFTER: &str = "1";

/// Why a request was not done.
#[derive(Debug)]
pub(super) enum Problem {
    /// The caller's fault.
    Refused(Refusal),
    /// Ours: written to the log, and not told in detail.
    Fault(String),
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::Refused(refusal),
            other => Self::Fault(describe(&other)),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::Fault(describe(&error))
    }
}

#[derive(Serialize)]
struct Message {
    message: String,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refusal) => refused(refusal),
            Self::Fault(reason) => {
                tracing::error!(reason, "a request failed");
                retry(StatusCode::SERVICE_UNAVAILABLE, "The control plane can't do this now".to_owned())
            }
        }
    }
}

fn refused(refusal: Refusal) -> Response {
    let status = match refusal.kind {
        Wrong::Malformed => StatusCode::BAD_REQUEST,
        Wrong::Unauthorized => StatusCode::UNAUTHORIZED,
        Wrong::Forbidden => StatusCode::FORBIDDEN,
        Wrong::NotFound => StatusCode::NOT_FOUND,
        Wrong::Conflict => StatusCode::CONFLICT,
        Wrong::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
        Wrong::Locked => return retry(StatusCode::LOCKED, refusal.message),
    };
    (status, Json(Message { message: refusal.message })).into_response()
}

fn retry(status: StatusCode, message: String) -> Response {
    let mut response = (status, Json(Message { message })).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
    response
}

/// An empty JSON object, for calls whose answer nobody reads.
#[derive(Debug, Default, Serialize)]
pub(super) struct Done {}

/// `200 {}`.
pub(super) fn done() -> Json<Done> {
    Json(Done {})
}
