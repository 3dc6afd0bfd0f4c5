//! Who calls, and for which job (agent-api.md §3).

use std::collections::HashMap;
use std::str::FromStr;

use axum::extract::{FromRef, FromRequestParts, Path};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use redkite_scheduler::{AgentId, BuildId, JobId};

use super::Api;
use super::answer::Problem;
use crate::auth::Principal;
use crate::engine::{HeldJob, Refusal, Wrong};
use crate::secret::Secret;
use crate::store::BuildsTable;

/// The token of a request, whatever it is for.
pub(super) struct BearerToken(pub Secret);

/// Somebody with a session or job token.
pub(super) struct Caller(pub Principal);

/// An agent with its session token.
pub(super) struct AgentCaller(pub AgentId);

/// The job of the path, called by itself: with its own token, or its agent's.
#[derive(Debug, Clone, Copy)]
pub(super) struct OwnJob {
    /// The job.
    pub job: JobId,
    /// Its build.
    pub build: BuildId,
}

/// The job of the path, called by any job of the installation (control-plane.md §2.3).
#[derive(Debug, Clone, Copy)]
pub(super) struct AnyJob {
    /// The job.
    pub job: JobId,
    /// Its build.
    pub build: BuildId,
}

/// The build of the path, called by any job of the installation.
pub(super) struct AnyBuild(pub BuildId);

impl<S: Send + Sync> FromRequestParts<S> for BearerToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        token(&parts.headers).map(Self).ok_or_else(|| {
            Wrong::Unauthorized.because("A token is required: `Authorization: Token …`").into()
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Api: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let BearerToken(token) = BearerToken::from_request_parts(parts, state).await?;
        let found = Api::from_ref(state).principals.find(&token.hash()).await?;
        found.map(Self).ok_or_else(|| Wrong::Unauthorized.because("Invalid access token").into())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for AgentCaller
where
    Api: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Caller::from_request_parts(parts, state).await?.0 {
            Principal::Agent(agent) => Ok(Self(agent)),
            Principal::Job { .. } => {
                Err(Wrong::Forbidden.because("This call needs the agent's own token, not a job's").into())
            }
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OwnJob
where
    Api: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?.0;
        let job: JobId = id(parts, state, "job").await?;
        match caller {
            Principal::Job { job: own, build, .. } if own == job => Ok(Self { job, build }),
            Principal::Job { .. } => {
                Err(Wrong::Forbidden.because("This token belongs to another job").into())
            }
            // Agents before 3.39 have no job tokens.
            Principal::Agent(agent) => {
                let build = Api::from_ref(state).engine.perform(HeldJob { agent, job }).await?;
                Ok(Self { job, build })
            }
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for AnyJob
where
    Api: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?.0;
        let job: JobId = id(parts, state, "job").await?;
        if let Principal::Job { job: own, build, .. } = caller
            && own == job
        {
            return Ok(Self { job, build });
        }
        let api = Api::from_ref(state);
        let build = BuildsTable::build_of(api.database.readers(), &job.to_string()).await?;
        let build = build.and_then(|build| build.parse().ok()).ok_or_else(|| no("job"))?;
        Ok(Self { job, build })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for AnyBuild
where
    Api: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Caller::from_request_parts(parts, state).await?;
        id(parts, state, "build").await.map(Self)
    }
}

/// An id of the path. What is no id names nothing that exists.
async fn id<S: Send + Sync, T: FromStr>(parts: &mut Parts, state: &S, name: &str) -> Result<T, Problem> {
    let segments = Path::<HashMap<String, String>>::from_request_parts(parts, state).await.ok();
    segments.and_then(|segments| segments.0.get(name)?.parse().ok()).ok_or_else(|| no(name).into())
}

fn no(what: &str) -> Refusal {
    Wrong::NotFound.because(format_args!("No {what} found"))
}

/// `Authorization: Token <token>`.
fn token(headers: &HeaderMap) -> Option<Secret> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let token = value.strip_prefix("Token ")?.trim();
    (!token.is_empty()).then(|| Secret::new(token))
}
