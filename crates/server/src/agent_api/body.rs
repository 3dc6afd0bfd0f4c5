//! Parameters, and request bodies in JSON, read whatever the content type says; an empty one counts as `{}`.

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::answer::Problem;
use crate::engine::Wrong;

/// A body in JSON.
pub(super) struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = raw(request, state).await?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        let value = serde_json::from_slice(text).map_err(|error| {
            Wrong::Malformed.because(format_args!("The request body is not valid: {error}"))
        })?;
        Ok(Self(value))
    }
}

/// The parameters behind the `?`.
pub(super) struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        let wrong = |error: QueryRejection| Wrong::Malformed.because(error.body_text());
        query.map(|Query(value)| Self(value)).map_err(|error| wrong(error).into())
    }
}

/// The bytes of a body. A body that broke off is no fault of the caller's: the connection ended, and 5xx
/// has it sent again.
pub(super) async fn raw<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|rejection| {
        if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
            Problem::Refused(Wrong::Malformed.because("The request body is too large"))
        } else {
            Problem::Fault(format!("reading a request body: {}", rejection.body_text()))
        }
    })
}
