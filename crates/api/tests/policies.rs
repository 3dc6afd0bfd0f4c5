//! The retry rules against the tables of spec/agent-api.md §6.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use bytes::Bytes;
use http::{Method, StatusCode};
use redkite_api::calls::{self, job::LogChunk};
use redkite_api::policy::{self, Deadline, Next, Policy};
use redkite_api::wire::{Finish, HeaderTimes, Heartbeat, RegisterRequest, Start};
use redkite_api::{ApiError, Call, Failure};
use std::time::Duration;

/// No limit is near.
const SOON: Duration = Duration::ZERO;

/// The line of a call in the table of spec/agent.md §13: attempts in all, the wait after each but the last with the
/// least and the most jitter, which failures are repeated, and how long it may take.
fn line<T>(call: &Call<T>) -> String {
    let policy = &call.policy;
    let path = call.path.as_str().split('?').next().unwrap();
    let seconds = |random| {
        let waits = waits(policy, random).into_iter().map(|ms| format!("{}", (ms + 50) / 100));
        let waits: Vec<_> = waits.collect();
        let same = waits.windows(2).all(|pair| pair[0] == pair[1]);
        if same { waits.first().cloned().unwrap_or_default() } else { waits.join(",") }
    };
    let (least, most) = (seconds(0.0), seconds(1.0));
    let waits = if least == most { least } else { format!("{least}..{most}") };
    let limit = match policy.deadline {
        Deadline::None => String::new(),
        Deadline::Total(limit) => format!(" {limit:?}"),
        Deadline::PerAttempt(limit) => format!(" each {limit:?}"),
    };
    let waits = if waits.is_empty() { String::new() } else { format!(" {waits}") };
    let (method, attempts, stops) = (&call.method, policy.attempts, stops(policy));
    format!("{method} {path}: {attempts}{waits} {stops}{limit}")
}

/// Waits are in tenths of a second.
#[test]
fn every_call_of_an_agent_has_its_line() {
    let (job, now) = (&"J".into(), "2026-01-01T00:00:00Z".parse().unwrap());
    let finish: Finish = serde_json::from_str(r#"{"exit_status":"0","chunks_failed_count":0}"#).unwrap();
    let chunk = LogChunk { sequence: 1, offset: 0, size: 0, gzip: Bytes::new() };
    let curve = "20,32,52,83,134,215,346,556,894,1438,2313..30,42,62,93,144,225,356,566,904,1448,2323";
    for (line, expected) in [
        (line(&calls::agent::register(&RegisterRequest::default())), "POST register: 30 100 .....rr..r."),
        (line(&calls::agent::connect()), "POST connect: 10 50 rrrrrrrrrrr"),
        (line(&calls::agent::heartbeat(&Heartbeat::default())), "POST heartbeat: 10 50 .....rr..rr"),
        (line(&calls::agent::ping()), "GET ping: 1 ..........."),
        (
            line(&calls::job::acquire(job)),
            "PUT jobs/J/acquire: 7 0,10,30,70,150,310..60,70,90,130,210,370 ....rrrrrrr 330s",
        ),
        (line(&calls::job::accept(job)), "PUT jobs/J/accept: 30 50 ........rr."),
        (
            line(&calls::job::start(job, &Start { started_at: now })),
            "PUT jobs/J/start: 7 10,20,40,80,160,320 .....rr..r.",
        ),
        (line(&calls::job::state(job)), "GET jobs/J: 1 ..........."),
        (line(&calls::job::chunk(job, chunk)), &format!("POST jobs/J/chunks: 12 {curve} ......rrrrr 3600s")),
        (
            line(&calls::job::header_times(job, &HeaderTimes::default())),
            "POST jobs/J/header_times: 10 50 ......rrrrr",
        ),
        (
            line(&calls::job::finish(job, &finish)),
            &format!("PUT jobs/J/finish: 12 {curve} .....rr..r. 3600s"),
        ),
        (line(&calls::agent::disconnect()), "POST disconnect: 4 10 rrrrrrrrrrr"),
    ] {
        assert_eq!(line, expected);
    }
}

fn waits(policy: &Policy, random: f64) -> Vec<u128> {
    (0..policy.attempts - 1).map(|n| policy.wait_after(n, random).as_millis()).collect()
}

fn failing(failure: Failure) -> ApiError {
    ApiError::new(Method::GET, "u", failure)
}

fn status(code: u16, retry_after: Option<u64>) -> ApiError {
    let status = StatusCode::from_u16(code).unwrap();
    failing(Failure::Status { status, message: None, retry_after: retry_after.map(Duration::from_secs) })
}

fn undecodable(broken_off: bool) -> ApiError {
    failing(Failure::Decode { status: StatusCode::OK, reason: String::new(), broken_off })
}

fn transport(retryable: bool) -> ApiError {
    failing(Failure::Transport { reason: String::new(), retryable })
}

#[test]
fn waits_are_those_of_the_spec() {
    for (name, policy, random, expected) in [
        ("accept", policy::ACCEPT, 0.9, vec![5000; 29]),
        ("start", policy::START, 0.9, vec![1000, 2000, 4000, 8000, 16000, 32000]),
        (
            "chunk",
            policy::CHUNK,
            0.0,
            vec![2000, 3216, 5172, 8317, 13374, 21508, 34587, 55619, 89442, 143_833, 231_298],
        ),
        (
            "artifacts create",
            policy::ARTIFACTS_CREATE,
            0.9,
            vec![500, 737, 1087, 1603, 2364, 3486, 5141, 7581, 11180],
        ),
        ("annotation", policy::ANNOTATION, 0.5, vec![1500; 4]),
        ("secret, shortest", policy::SECRET, 0.0, vec![0, 1000]),
        ("secret, longer", policy::SECRET, 0.5, vec![3000, 4000]),
    ] {
        assert_eq!(waits(&policy, random), expected, "{name}");
    }
}

/// One letter per failure: `r` repeats it, `.` gives up. In this order: 400, 401, 404, 422, 423, 429,
/// 500, undecodable, broken off, transport error that may heal, transport error that won't.
fn stops(policy: &Policy) -> String {
    let mut failures: Vec<_> = [400, 401, 404, 422, 423, 429, 500].map(|code| status(code, None)).into();
    failures.extend([undecodable(false), undecodable(true), transport(true), transport(false)]);
    failures
        .iter()
        .map(|error| if policy.after(1, error, SOON, 0.0) == Next::GiveUp { '.' } else { 'r' })
        .collect()
}

#[test]
fn failures_are_repeated_as_the_spec_says() {
    for (name, policy, expected) in [
        ("register", policy::REGISTER, ".....rr..r."),
        ("connect", policy::CONNECT, "rrrrrrrrrrr"),
        ("disconnect", policy::DISCONNECT, "rrrrrrrrrrr"),
        ("heartbeat", policy::HEARTBEAT, ".....rr..rr"),
        ("ping", policy::ONCE, "..........."),
        ("accept", policy::ACCEPT, "........rr."),
        ("acquire", policy::ACQUIRE, "....rrrrrrr"),
        ("start", policy::START, ".....rr..r."),
        ("chunk", policy::CHUNK, "......rrrrr"),
        ("header times", policy::HEADER_TIMES, "......rrrrr"),
        ("finish", policy::FINISH, ".....rr..r."),
        ("set-batch", policy::META_DATA_SET_BATCH, "r..rrrrrrrr"),
        ("secret", policy::SECRET, ".....rr.rr."),
        ("repository token", policy::REPOSITORY_TOKEN, ".....rr..rr"),
        ("pipeline status", policy::PIPELINE_STATUS, "rrr.rrrrrrr"),
        ("artifacts create", policy::ARTIFACTS_CREATE, ".....rrrrrr"),
        ("artifacts update", policy::ARTIFACTS_UPDATE, "rrrrrrrrrrr"),
        ("artifacts search", policy::ARTIFACTS_SEARCH, "rrrrrrrrrrr"),
        ("cache", policy::CACHE, ".....rr..r."),
    ] {
        assert_eq!(stops(&policy), expected, "{name}");
    }
}

#[test]
fn the_last_attempt_is_the_last() {
    let error = status(500, None);
    assert!(matches!(policy::START.after(6, &error, SOON, 0.0), Next::Wait(_)));
    assert_eq!(policy::START.after(7, &error, SOON, 0.0), Next::GiveUp);
}

#[test]
fn retry_after_counts_where_it_is_honoured() {
    let error = status(503, Some(7));
    assert_eq!(policy::ACQUIRE.after(1, &error, SOON, 0.9), Next::Wait(Duration::from_secs(7)));
    assert_eq!(policy::START.after(1, &error, SOON, 0.9), Next::Wait(Duration::from_secs(1)));
}

#[test]
fn what_would_come_too_late_is_not_waited_for() {
    for (policy, elapsed, asked, expected) in [
        (policy::ACQUIRE, 0, Some(329), Next::Wait(Duration::from_secs(329))),
        (policy::ACQUIRE, 0, Some(330), Next::GiveUp),
        (policy::ACQUIRE, 0, Some(u64::MAX), Next::GiveUp),
        (policy::ACQUIRE, 330, None, Next::GiveUp),
        (policy::FINISH, 3598, Some(60), Next::GiveUp),
        (policy::FINISH, 3597, Some(60), Next::Wait(Duration::from_secs(2))),
        (policy::CHUNK, 3599, None, Next::GiveUp),
        (policy::PIPELINE_STATUS, 4000, Some(1000), Next::Wait(Duration::from_secs(1000))),
    ] {
        let after = policy.after(1, &status(503, asked), Duration::from_secs(elapsed), 0.0);
        assert_eq!(after, expected, "{elapsed} {asked:?}");
    }
}

#[test]
fn deadlines_shrink_or_go_away() {
    let left =
        |policy: Policy, n, elapsed| policy.time_left(n, Duration::from_secs(elapsed)).map(|d| d.as_secs());
    assert_eq!(left(policy::ACQUIRE, 3, 30), Some(300));
    assert_eq!(left(policy::ACQUIRE, 3, 400), Some(0));
    assert_eq!(left(policy::ARTIFACTS_CREATE, 3, 100), Some(10));
    assert_eq!(left(policy::ARTIFACTS_CREATE, 4, 100), None);
    assert_eq!(left(policy::PIPELINE_UPLOAD, 0, 0), None);
}
