//! Artifacts: their bytes are counted and thrown away.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::routes::{Shared, swallow};

/// Artifacts are to be uploaded by form (spec/agent-api.md §15.3).
pub(super) async fn declare(
    State(shared): State<Shared>,
    Json(batch): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let count = batch["artifacts"].as_array().map_or(0, Vec::len);
    let ids: Vec<String> = (0..count).map(|_| Uuid::now_v7().to_string()).collect();
    let answer = json!({
        "id": batch["id"],
        "artifact_ids": ids,
        "upload_instructions": {
            "data": { "path": "${artifact:path}" },
            "action": {
                "url": format!("http://{}", shared.address),
                "method": "POST",
                "path": "/upload",
                "file_input": "file",
            },
        },
    });
    (StatusCode::CREATED, Json(answer))
}

/// One artifact's form.
pub(super) async fn receive(State(shared): State<Shared>, body: Body) -> StatusCode {
    let bytes = swallow(body).await;
    shared.facts.change(|facts| facts.artifact_bytes += bytes);
    StatusCode::NO_CONTENT
}
