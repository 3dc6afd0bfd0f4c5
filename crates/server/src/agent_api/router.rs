//! Which call goes where (agent-api.md §8).

use axum::extract::DefaultBodyLimit;
use axum::http::Uri;
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::answer::{Answer, Problem};
use super::{
    Api, annotations, artifacts, builds, chunks, control, jobs, meta_data, pipelines, registration, secrets,
    steps, stream,
};
use crate::engine::Wrong;

/// Largest request but for artifacts: a pipeline of thousands of steps (control-plane.md §17).
const MAX_BODY: usize = 16 << 20;

/// Everything agents and jobs call.
pub(crate) fn router(api: Api) -> Router {
    let v3 = Router::new()
        .merge(agent_calls())
        .merge(job_calls())
        .merge(build_calls())
        .route("/", get(hello))
        .layer(DefaultBodyLimit::max(MAX_BODY));
    Router::new()
        .nest("/v3", v3)
        .merge(artifacts::transfers())
        .route(stream::PATH, post(stream::pings))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .with_state(api)
}

fn agent_calls() -> Router<Api> {
    Router::new()
        .route("/register", post(registration::register))
        .route("/connect", post(registration::connect))
        .route("/heartbeat", post(registration::heartbeat))
        .route("/ping", get(registration::ping))
        .route("/disconnect", post(registration::disconnect))
        .route("/pause", post(control::pause))
        .route("/resume", post(control::resume))
        .route("/stop", post(control::stop))
        .route("/jobs/{job}/accept", put(jobs::accept))
        .route("/jobs/{job}/acquire", put(jobs::acquire))
}

fn job_calls() -> Router<Api> {
    Router::new()
        .route("/jobs/{job}", get(jobs::state).put(jobs::update))
        .route("/jobs/{job}/start", put(jobs::start))
        .route("/jobs/{job}/finish", put(jobs::finish))
        .route("/jobs/{job}/promise_failure", put(jobs::promise_failure))
        .route("/jobs/{job}/chunks", post(chunks::add))
        .route("/jobs/{job}/header_times", post(chunks::header_times))
        .route("/jobs/{job}/data/set", post(meta_data::set))
        .route("/jobs/{job}/data/set-batch", post(meta_data::set_batch))
        .route("/jobs/{job}/data/get", post(meta_data::job_get))
        .route("/jobs/{job}/data/exists", post(meta_data::job_exists))
        .route("/jobs/{job}/data/keys", post(meta_data::job_keys))
        .route("/jobs/{job}/annotations", post(annotations::set))
        .route("/jobs/{job}/annotations/{context}", delete(annotations::remove))
        .route("/jobs/{job}/artifacts", post(artifacts::declare).put(artifacts::report))
        .route("/jobs/{job}/pipelines", post(pipelines::upload))
        .route("/jobs/{job}/pipelines/{uuid}", get(pipelines::status))
        .route("/jobs/{job}/secrets", get(secrets::secret))
        .route("/jobs/{job}/oidc/tokens", post(secrets::oidc))
        .route("/jobs/{job}/repository_access_token", post(secrets::repository))
}

fn build_calls() -> Router<Api> {
    Router::new()
        .route("/builds/{build}/data/get", post(meta_data::build_get))
        .route("/builds/{build}/data/exists", post(meta_data::build_exists))
        .route("/builds/{build}/data/keys", post(meta_data::build_keys))
        .route("/builds/{build}/artifacts/search", get(artifacts::search))
        .route("/builds/{build}/cancel", post(builds::cancel))
        .route("/steps/{step}", put(steps::update))
        .route("/steps/{step}/export", post(steps::export))
        .route("/steps/{step}/cancel", post(steps::cancel))
}

async fn hello() -> Json<Value> {
    Json(json!({ "message": "👋", "timestamp": jiff::Timestamp::now().as_second() }))
}

/// 404 in JSON, never HTML.
async fn unknown(uri: Uri) -> Answer<Json<Value>> {
    Err(Problem::Refused(Wrong::NotFound.because(format_args!("There is nothing at {}", uri.path()))))
}
