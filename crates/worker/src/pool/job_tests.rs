//! The calls around a job, when they fail, and what its end means for the process: spec/agent.md §10.6, §13, §14.2, §18.5.
#![cfg(unix)]

use super::Exit;
use super::virtual_plane::{Asked, Plane, Reply, play, well};
use crate::settings::{Settings, Timestamps};
use redkite_api::JobId;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// A plane with a job for the first who asks, which wants its agents gone then. It says these first to who asks for
/// `path`.
fn run(
    path: &'static str,
    replies: Vec<Reply>,
    script: &str,
    change: impl FnOnce(&mut Settings),
) -> (Exit, Rc<Plane>) {
    let answer = move |asked: &Asked| match (asked.path.as_str(), asked.before) {
        (asked_for, before) if asked_for == path && before < replies.len() => replies[before].clone(),
        ("ping", 0) => Reply::Status(200, json!({ "job": { "id": "J" } })),
        ("ping", _) => Reply::Status(200, json!({ "action": "disconnect" })),
        ("jobs/J/accept" | "jobs/J/acquire", _) => Reply::Status(
            200,
            json!({ "id": "J", "env": {}, "step": {}, "chunks_max_size_bytes": 1000, "chunks_interval_seconds": 1 }),
        ),
        _ => well(asked),
    };
    let settings = |settings: &mut Settings| {
        runs(settings, script);
        change(settings);
    };
    let (exit, plane, ()) = play(answer, settings, async |_| ());
    (exit, plane)
}

/// Each job is this script.
fn runs(settings: &mut Settings, script: &str) {
    settings.environment = vec![("PATH".into(), "/usr/bin:/bin".into())];
    settings.job.bootstrap = vec!["/bin/sh".into(), "-c".into(), script.into()];
    settings.job.build_path = std::env::temp_dir();
}

fn status(status: u16, times: usize) -> Vec<Reply> {
    vec![Reply::Status(status, json!({})); times]
}

/// Tenths of a second between the times at which `path` was asked for.
fn gaps(plane: &Plane, path: &str) -> Vec<u128> {
    plane.times(path).windows(2).map(|pair| (pair[1] - pair[0]).as_millis() / 100).collect()
}

#[test]
fn a_start_that_fails_is_the_end_of_it() {
    let doubling = [10, 20, 40, 80, 160, 320];
    for (replies, spaces, finishes) in [
        (status(503, 6), &doubling[..], 1),
        (vec![Reply::HangUp; 2], &doubling[..2], 1),
        (status(429, 7), &doubling[..], 0),
        (status(422, 1), &[], 0),
        (status(401, 1), &[], 0),
    ] {
        let (exit, plane) = run("jobs/J/start", replies.clone(), "echo said", |_| ());
        assert_eq!(gaps(&plane, "jobs/J/start"), spaces, "{replies:?}");
        let told = ["jobs/J/chunks", "jobs/J/finish"].map(|path| plane.times(path).len());
        assert_eq!(told, [finishes, finishes], "{replies:?}");
        assert!(matches!(exit, Exit::Normal) && plane.times("ping").len() == 2, "{replies:?}: {exit:?}");
    }
}

/// §14.2, §18.5, agent-api.md §11: who is asked what, as whom, in which order; nothing of the job is left when it is told.
#[test]
fn the_calls_of_a_job_have_their_order_and_their_headers() {
    let folder = tempfile::tempdir().unwrap();
    let (context, left) = (folder.path().to_owned(), Rc::new(RefCell::new(None)));
    let (files, seen) = (context.clone(), left.clone());
    let answer = move |asked: &Asked| match asked.path.as_str() {
        "ping" if asked.before == 0 => Reply::Status(200, json!({ "job": { "id": "J" } })),
        "ping" => Reply::Status(200, json!({ "action": "disconnect" })),
        "jobs/J/accept" => Reply::Status(
            200,
            json!({ "id": "J", "env": {}, "step": {}, "token": "job-token", "chunks_max_size_bytes": 1000 }),
        ),
        "jobs/J/finish" => {
            *seen.borrow_mut() = Some(std::fs::read_dir(&files).unwrap().count());
            well(asked)
        }
        _ => well(asked),
    };
    let settings = |settings: &mut Settings| {
        runs(settings, "echo '--- said'");
        settings.job.context_dir = context;
        settings.job.log.timestamps = Timestamps::None;
        settings.job.log.tmpfile = Some(folder.path().to_owned());
    };
    let (exit, plane, ()) = play(answer, settings, async |_| ());
    assert!(matches!(exit, Exit::Normal), "{exit:?}");
    assert_eq!(*left.borrow(), Some(0), "files are left");
    let asked = plane.asked();
    let of = |path: &str| asked.iter().position(|asked| asked.path == path).unwrap();
    let order = ["jobs/J/accept", "jobs/J/start", "jobs/J/chunks", "jobs/J/finish", "disconnect"].map(of);
    assert!(order.is_sorted(), "{asked:?}");
    let header_times = of("jobs/J/header_times");
    assert!(order[1] < header_times && header_times < order[3], "{asked:?}");
    for (path, headers) in [
        ("jobs/J/accept", &["authorization: Token session-1", "content-length: 0"][..]),
        ("jobs/J/start", &["authorization: Token job-token", "content-type: application/json"]),
        (
            "jobs/J/chunks",
            &["authorization: Token job-token", "content-type: text/plain", "content-encoding: gzip"],
        ),
        ("jobs/J/header_times", &["authorization: Token job-token", "content-type: application/json"]),
        ("jobs/J/finish", &["authorization: Token job-token", "content-type: application/json"]),
        ("disconnect", &["authorization: Token session-1"]),
    ] {
        let asked = &asked[of(path)];
        for header in headers {
            let (name, value) = header.split_once(": ").unwrap();
            assert_eq!(asked.headers.get(name).map(String::as_str), Some(value), "{path}: {name}");
        }
        let limit = asked.headers.get("buildkite-timeout-milliseconds");
        let is_told = limit.is_some_and(|limit| (3_590_000..=3_600_000).contains(&limit.parse().unwrap()));
        assert_eq!(is_told, path == "jobs/J/finish", "{path}: {limit:?}");
    }
    let members = |path: &str| {
        let body: serde_json::Map<String, Value> = serde_json::from_slice(&asked[of(path)].body).unwrap();
        body.keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(members("jobs/J/start"), ["started_at"]);
    assert_eq!(members("jobs/J/finish"), ["exit_status", "finished_at", "chunks_failed_count"]);
}

/// §17.4, §18.5: three uploads at once, and nobody tells of the end before the last of them has one.
#[test]
fn three_chunks_are_uploaded_at_once() {
    let path = "jobs/J/chunks";
    let (_, plane) = run(path, vec![Reply::Silence; 3], "head -c 6000 /dev/zero", |_| ());
    let times = plane.times(path);
    assert!(times.len() >= 6 + 3 && times[2] - times[0] < Duration::from_secs(1), "{times:?}");
    assert!(times[3] - times[0] >= Duration::from_secs(60), "{times:?}");
    assert!(plane.times("jobs/J/finish")[0] >= *times.last().unwrap(), "{times:?}");
}

/// The least wait after each attempt; up to a second more comes by chance.
const CURVE: [u128; 11] = [20, 32, 51, 83, 133, 215, 345, 556, 894, 1438, 2312];

#[test]
fn chunks_and_the_finish_are_repeated_on_a_curve() {
    for (path, replies, attempts) in [
        ("jobs/J/finish", status(503, 11), 12),
        ("jobs/J/finish", status(503, 12), 12),
        (
            "jobs/J/finish",
            vec![Reply::HangUp, Reply::Status(429, json!({})), Reply::Status(422, json!({}))],
            3,
        ),
        ("jobs/J/finish", status(401, 1), 1),
        ("jobs/J/chunks", status(500, 12), 12),
        ("jobs/J/chunks", vec![Reply::HangUp; 3], 4),
        ("jobs/J/chunks", status(429, 1), 1),
        ("jobs/J/chunks", status(404, 1), 1),
    ] {
        let (exit, plane) = run(path, replies.clone(), "echo said", |_| ());
        let gaps = gaps(&plane, path);
        assert_eq!(gaps.len() + 1, attempts, "{path}: {replies:?}");
        let fits = |(gap, least): (&u128, u128)| (least..=least + 11).contains(gap);
        assert!(gaps.iter().zip(CURVE).all(fits), "{path}: {gaps:?}");
        assert!(matches!(exit, Exit::Normal), "{path}: {exit:?}");
        assert!(!plane.times("jobs/J/finish").is_empty(), "{path}: {replies:?}");
        // A finish is given up silently: the worker goes on.
        assert_eq!(plane.times("ping").len(), 2, "{path}: {replies:?}");
    }
}

/// §10.1, §10.2, §10.6.
#[test]
fn a_jobs_end_is_the_process_end_only_if_wanted() {
    let acquire = |settings: &mut Settings| settings.lifetime.acquire = Some(JobId::from("J"));
    let reflect = |settings: &mut Settings| {
        acquire(settings);
        settings.lifetime.reflect_exit_status = true;
    };
    for (script, expected) in
        [("exit 0", None), ("exit 7", Some(7)), ("kill -TERM $$", Some(-1)), ("exit 125", Some(-1))]
    {
        let (exit, _) = run("", vec![], script, acquire);
        assert!(matches!(exit, Exit::Normal), "{script}: {exit:?}");
        let (exit, plane) = run("", vec![], script, reflect);
        match (exit, expected) {
            (Exit::Normal, None) => {}
            (Exit::JobFailed { status, message }, Some(expected)) => {
                assert_eq!(status, expected, "{script}");
                let says = format!("failed to run job: process exited with status={expected}");
                assert!(message.starts_with(&says), "{script}: {message}");
            }
            (exit, _) => panic!("{script}: {exit:?}"),
        }
        assert_eq!((plane.times("jobs/J/accept").len(), plane.times("disconnect").len()), (0, 1), "{script}");
    }
    // A job that could not be made ready has failed, too.
    let nowhere = |settings: &mut Settings| {
        reflect(settings);
        settings.job.log.tmpfile = Some("/nonexistent/folder".into());
    };
    let (exit, plane) = run("", vec![], "exit 0", nowhere);
    assert!(matches!(exit, Exit::JobFailed { status: -1, .. }), "{exit:?}");
    assert_eq!(plane.times("jobs/J/finish").len(), 1);
    // Without a job of its own a worker has nothing to reflect.
    let (exit, _) = run("", vec![], "exit 7", |settings| settings.lifetime.reflect_exit_status = true);
    assert!(matches!(exit, Exit::Normal), "{exit:?}");
}

/// §10.2: the job's status doesn't matter, and one ping interval is the longest that it takes.
#[test]
fn one_job_and_the_agent_goes() {
    for script in ["exit 0", "exit 7"] {
        let once = |settings: &mut Settings| settings.lifetime.after_job = true;
        let (exit, plane) = run("ping", vec![], script, once);
        assert!(matches!(exit, Exit::Normal), "{exit:?}");
        let (finish, gone) = (plane.times("jobs/J/finish")[0], plane.times("disconnect")[0]);
        assert!(gone - finish < Duration::from_secs(11), "{finish:?} {gone:?}");
    }
}

/// §14.2: a job that can't be made ready doesn't count as the one that the agent was there for.
#[test]
fn after_a_job_that_was_not_run_comes_another() {
    let ready = |step: Value| {
        Reply::Status(200, json!({ "id": "J", "env": {}, "step": step, "chunks_max_size_bytes": 1000 }))
    };
    let offer = Reply::Status(200, json!({ "job": { "id": "J" } }));
    let answer = move |asked: &Asked| match (asked.path.as_str(), asked.before) {
        ("jobs/J/accept", 0) => ready(json!({ "secrets": null })),
        ("jobs/J/accept", _) => ready(json!({})),
        ("ping", _) => offer.clone(),
        _ => well(asked),
    };
    let once = |settings: &mut Settings| {
        settings.lifetime.after_job = true;
        runs(settings, "exit 7");
    };
    let (exit, plane, ()) = play(answer, once, async |_| ());
    assert!(matches!(exit, Exit::Normal), "{exit:?}");
    let finishes = plane.asked().into_iter().filter(|asked| asked.path == "jobs/J/finish");
    let told: Vec<_> = finishes
        .map(|finish| {
            let finish: Value = serde_json::from_slice(&finish.body).unwrap();
            (finish["exit_status"].as_str().unwrap().to_owned(), finish["ignore_agent_in_dispatches"].clone())
        })
        .collect();
    assert_eq!(told, [("-1".to_owned(), Value::Null), ("7".to_owned(), Value::Bool(true))]);
}

/// §10.6: what counts when several workers ended badly.
#[test]
fn the_worst_end_counts() {
    use super::exit;
    use crate::worker::WorkerError;
    let rejected = || WorkerError::AcquisitionRejected { job: JobId::from("J"), source: error(422) };
    let refused = || WorkerError::Connect(error(403));
    for (errors, expected) in [
        (vec![], "Normal"),
        (vec![refused()], "Failed(\"GET u: 403 Forbidden\")"),
        (vec![refused(), refused()], "Failed(\"GET u: 403 Forbidden\\nGET u: 403 Forbidden\")"),
        (vec![refused(), rejected()], "AcquisitionRejected(\"failed to acquire job \\\"J\\\": "),
    ] {
        let end = format!("{:?}", exit(errors));
        assert!(end.starts_with(expected), "{end}");
    }
}

fn error(status: u16) -> redkite_api::ApiError {
    let status = hyper::StatusCode::from_u16(status).unwrap();
    let failure = redkite_api::Failure::Status { status, message: None, retry_after: None };
    redkite_api::ApiError::new(hyper::Method::GET, "u", failure)
}
