//! The answers to questions about the agent: path in, page out.

use super::board::{Board, State, WorkerStatus};
use serde_json::json;
use std::time::{Duration, Instant};

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

/// A heartbeat or ping older than this is marked.
const OLD_PING: Duration = Duration::from_secs(2);
const OLD_HEARTBEAT: Duration = Duration::from_secs(60);

/// What `path` answers; `started` is when the agent was.
pub(super) fn page(path: &str, board: &Board, started: Instant) -> Page {
    let page = |status, content_type, body| Page { status, content_type, body };
    let workers = board.workers();
    match path {
        "/" => page(200, TEXT, "OK: Buildkite agent is running".to_owned()),
        "/status" => page(200, HTML, status_html(&workers, started)),
        "/status.json" => page(200, TEXT, status_json(&workers)),
        "/metrics" => page(200, METRICS, board.metrics.text()),
        _ => {
            let number = path.strip_prefix("/agent/").and_then(|number| number.parse::<usize>().ok());
            let worker = number.and_then(|number| workers.get(number.checked_sub(1)?));
            match worker {
                Some(worker) => health(&worker.state()),
                None => page(404, TEXT, "404 page not found\n".to_owned()),
            }
        }
    }
}

fn health(state: &State) -> Page {
    let age = state.last_heartbeat.map(|at| at.elapsed());
    let (status, body) = match (&state.heartbeat_error, age) {
        (None, None) => (200, "OK: no heartbeat yet".to_owned()),
        (None, Some(age)) => (200, format!("OK: last heartbeat successful {age:?} ago")),
        (Some(error), age) => {
            let last = age.map_or_else(|| "never".to_owned(), |age| format!("{age:?} ago"));
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
                entry["current_job_id"] = job.as_str().into();
            }
            entry["id"] = worker.id.as_str().into();
            entry["spawn_index"] = (place + 1).into();
            entry
        })
        .collect();
    let busy = workers.iter().any(|worker| worker.state().job.is_some());
    json!({ "health": "ok", "aggregate_status": word(busy), "workers": listed }).to_string() + "\n"
}

fn status_html(workers: &[std::sync::Arc<WorkerStatus>], started: Instant) -> String {
    let items: String =
        workers.iter().enumerate().map(|(place, worker)| worker_html(place + 1, worker)).collect();
    format!(
        "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>Status for buildkite-agent</title></head>\
         <body><h1>buildkite-agent</h1>\
         <p><strong>The form of this page may change at any time.</strong></p>\
         <table><tr><th>Version</th><td>{version}, build {build}</td></tr>\
         <tr><th>Process</th><td>{pid} on {hostname}</td></tr>\
         <tr><th>Running for</th><td>{age:?}</td></tr>\
         <tr><th>System</th><td>{os}/{arch}</td></tr></table>\
         <details open><summary>Agent Pool</summary>{items}</details></body></html>\n",
        version = redkite_api::AGENT_VERSION,
        build = redkite_api::AGENT_BUILD,
        pid = std::process::id(),
        hostname = escaped(&crate::os::hostname().unwrap_or_default()),
        age = started.elapsed(),
        os = redkite_api::go_os(),
        arch = redkite_api::go_arch(),
    )
}

fn worker_html(number: usize, worker: &WorkerStatus) -> String {
    let state = worker.state();
    let age = |at: Option<Instant>, limit: Duration| match at {
        None => "none yet".to_owned(),
        Some(at) => {
            let age = at.elapsed();
            format!("{} {age:?} ago", if age <= limit { "✅" } else { "❌" })
        }
    };
    let error = match &state.heartbeat_error {
        None => "✅ none".to_owned(),
        Some(error) => format!("❌ {}", escaped(error)),
    };
    let job = state.job.map_or_else(|| "none".to_owned(), |job| escaped(job.as_str()));
    format!(
        "<details open><summary>Worker {number}: {name}</summary><ul><li>Last ping: {ping}</li>\
         <li>Last heartbeat: {heartbeat}</li><li>Last heartbeat error: {error}</li><li>Job: {job}</li></ul></details>",
        name = escaped(&worker.name),
        ping = age(state.last_ping, OLD_PING),
        heartbeat = age(state.last_heartbeat, OLD_HEARTBEAT),
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_what_they_answer() {
        let board = Board::default();
        let worker = board.add("A".into(), "<name>".to_owned());
        let answer = |path: &str| page(path, &board, Instant::now());
        assert_eq!(answer("/").body, "OK: Buildkite agent is running");
        for path in ["/agent/0", "/agent/2", "/agent/x", "/other"] {
            assert_eq!(answer(path).status, 404, "{path}");
        }
        assert_eq!(answer("/agent/1").body, "OK: no heartbeat yet");
        worker.heartbeat();
        assert!(answer("/agent/1").body.starts_with("OK: last heartbeat successful "));
        worker.heartbeat_failed("gone".to_owned());
        let failed = answer("/agent/1");
        assert_eq!(failed.status, 500);
        assert!(failed.body.starts_with("ERROR: last heartbeat failed: gone. last successful was "));
        worker.has_job(Some("J".into()));
        assert_eq!(
            answer("/status.json").body,
            "{\"health\":\"ok\",\"aggregate_status\":\"busy\",\"workers\":[{\"status\":\"busy\",\"current_job_id\":\"J\",\"id\":\"A\",\"spawn_index\":1}]}\n"
        );
        assert!(answer("/status").body.contains("Worker 1: &lt;name&gt;"));
    }
}
