//! The retry rules against the tables of spec/agent-api.md §6.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use http::{Method, StatusCode};
use redkite_api::policy::{self, Next, Policy};
use redkite_api::{ApiError, Failure};
use std::time::Duration;

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
    failures.iter().map(|error| if policy.after(1, error, 0.0) == Next::GiveUp { '.' } else { 'r' }).collect()
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
    assert!(matches!(policy::START.after(6, &error, 0.0), Next::Wait(_)));
    assert_eq!(policy::START.after(7, &error, 0.0), Next::GiveUp);
}

#[test]
fn retry_after_counts_where_it_is_honoured() {
    let error = status(503, Some(7));
    assert_eq!(policy::ACQUIRE.after(1, &error, 0.9), Next::Wait(Duration::from_secs(7)));
    assert_eq!(policy::START.after(1, &error, 0.9), Next::Wait(Duration::from_secs(1)));
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
