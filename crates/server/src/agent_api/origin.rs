//! The address a caller is told for its artifacts.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::header::HOST;
use axum::http::request::Parts;

use super::Api;
use super::answer::Problem;
use crate::engine::Reach;

/// The origin under which the caller reaches the plane: the configured one or, on a plane that listens
/// everywhere and knows no name of itself, the one of the request. Only its sender is told what it says.
pub(super) struct Origin(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Origin
where
    Api: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let settings = Api::from_ref(state).settings;
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
        match (settings.reach, host) {
            (Reach::Everywhere, Some(host)) => Ok(Self(format!("http://{host}"))),
            _ => Ok(Self(settings.origin)),
        }
    }
}
