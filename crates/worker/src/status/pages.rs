//! The answers to questions about the agent: path in, page out.

use super::board::{Board, State, WorkerStatus};
use super::html;
use redkite_text::Spoken;
use serde_json::json;
use std::time::Instant;

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: String,
}

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What `path` answers; `started` is when the agent was.
pub(super) fn page(path: &str, board: &Board, started: Instant) -> Page {
    let page = |status, content_type, body| Page { status, content_type, body };
    let workers = board.workers();
    match path {
        "/" => page(200, TEXT, "OK: Buildkite agent is running".to_owned()),
        "/status" => page(200, HTML, html::page(board, started)),
        "/status.json" => page(200, TEXT, status_json(&workers)),
        "/metrics" => page(200, METRICS, board.metrics.text()),
        _ => {
            let name = path.strip_prefix("/agent/").unwrap_or_default();
            let worker = workers.iter().zip(1..).find(|(_, number)| name == number.to_string());
            match worker {
                Some((worker, _)) => health(&worker.state()),
                None => page(404, TEXT, "404 page not found\n".to_owned()),
            }
        }
    }
}

fn health(state: &State) -> Page {
    let age = state.last_heartbeat.map(|at| at.elapsed());
    let (status, body) = match (&state.heartbeat_error, age) {
        (None, None) => (200, "OK: no heartbeat yet".to_owned()),
        (None, Some(age)) => (200, format!("OK: last heartbeat successful {} ago", Spoken(age))),
        (Some(error), age) => {
            let last = age.map_or_else(|| "never".to_owned(), |age| format!("{} ago", Spoken(age)));
            (500, format!("ERROR: last heartbeat failed: {error}. last successful was {last}"))
        }
    };
    Page { status, content_type: TEXT, body }
}

fn status_json(workers: &[std::sync::Arc<WorkerStatus>]) -> String {
    let word = |busy: bool| if busy { "busy" } else { "idle" };
    let listed: Vec<_> = workers
        .iter()
        .enumerate()
        .map(|(place, worker)| {
            let job = worker.state().job;
            let mut entry = json!({ "status": word(job.is_some()) });
            if let Some(job) = job {
                entry["current_job_id"] = job.id.as_str().into();
            }
            entry["id"] = worker.id.as_str().into();
            entry["spawn_index"] = (place + 1).into();
            entry
        })
        .collect();
    let busy = workers.iter().any(|worker| worker.state().job.is_some());
    json!({ "health": "ok", "aggregate_status": word(busy), "workers": listed }).to_string() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::board::Shown;
    use std::time::Duration;

    #[test]
    fn paths_and_what_they_answer() {
        let board = Board::default();
        let worker = board.add("A".into(), "<name>".to_owned(), Duration::from_secs(10));
        let answer = |path: &str| page(path, &board, Instant::now());
        assert_eq!(answer("/").body, "OK: Buildkite agent is running");
        for path in ["/agent/0", "/agent/2", "/agent/01", "/agent/+1", "/agent/x", "/agent/", "/other"] {
            assert_eq!(answer(path).status, 404, "{path}");
        }
        assert_eq!(answer("/agent/1").body, "OK: no heartbeat yet");
        worker.heartbeat();
        assert!(answer("/agent/1").body.starts_with("OK: last heartbeat successful "));
        worker.heartbeat_failed("gone".to_owned());
        let failed = answer("/agent/1");
        assert_eq!(failed.status, 500);
        assert!(failed.body.starts_with("ERROR: last heartbeat failed: gone. last successful was "));
        worker.has_job(Some(Shown {
            id: "J".into(),
            label: String::new(),
            url: String::new(),
            since: Instant::now(),
        }));
        assert_eq!(
            answer("/status.json").body,
            "{\"health\":\"ok\",\"aggregate_status\":\"busy\",\"workers\":[{\"status\":\"busy\",\"current_job_id\":\"J\",\"id\":\"A\",\"spawn_index\":1}]}\n"
        );
        assert!(answer("/status").body.contains("&lt;name&gt;"));
    }
}
