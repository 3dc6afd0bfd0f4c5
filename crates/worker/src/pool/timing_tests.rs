//! What a worker asks of its plane, and when: spec/agent.md §6.4, §9.1–§9.4, §10, §13, agent-api.md §10.3.
#![cfg(unix)]

use super::Exit;
use super::virtual_plane::{Asked, HEARTBEAT, PING, Plane, Reply, play, well};
use crate::settings::{PingMode, Settings};
use redkite_api::JobId;
use serde_json::{Value, json};
use std::num::NonZeroU32;
use std::rc::Rc;
use std::time::Duration;

/// Says these, one after another, to who asks for `path`; then, and to everybody else, what `then` says.
fn first(
    path: &'static str,
    replies: Vec<Reply>,
    then: fn(&Asked) -> Reply,
) -> impl Fn(&Asked) -> Reply + 'static {
    move |asked| match replies.get(asked.before) {
        Some(reply) if asked.path == path => reply.clone(),
        _ => then(asked),
    }
}

/// A plane that wants its agents gone.
fn closing(asked: &Asked) -> Reply {
    if asked.path == "ping" { Reply::Status(200, json!({ "action": "disconnect" })) } else { well(asked) }
}

/// The same, after a few minutes.
fn closing_later(asked: &Asked) -> Reply {
    if asked.at < Duration::from_secs(5 * HEARTBEAT + 30) { well(asked) } else { closing(asked) }
}

fn status(status: u16, times: usize) -> Vec<Reply> {
    vec![Reply::Status(status, json!({})); times]
}

fn ping(answer: Value) -> Reply {
    Reply::Status(200, answer)
}

fn run(script: impl Fn(&Asked) -> Reply + 'static, change: impl FnOnce(&mut Settings)) -> (Exit, Rc<Plane>) {
    let (exit, plane, ()) = play(script, change, async |_| ());
    (exit, plane)
}

/// `normal`, or the words of a failure.
fn word(exit: &Exit) -> String {
    match exit {
        Exit::Normal => "normal".to_owned(),
        Exit::AcquisitionRejected(text) => format!("rejected: {text}"),
        Exit::Failed(text) => format!("failed: {text}"),
        other => format!("{other:?}"),
    }
}

/// Whole seconds between the times at which `path` was asked for.
fn gaps(plane: &Plane, path: &str) -> Vec<u64> {
    let rounded = |gap: Duration| (gap + Duration::from_millis(400)).as_secs();
    plane.times(path).windows(2).map(|pair| rounded(pair[1] - pair[0])).collect()
}

fn count(plane: &Plane, path: &str) -> usize {
    plane.times(path).len()
}

#[test]
fn calls_are_repeated_at_their_times() {
    let refused = "failed: ";
    for (path, replies, spaces, exit) in [
        ("register", status(503, 2), vec![10, 10], "normal"),
        ("register", vec![Reply::HangUp, Reply::Status(429, json!({}))], vec![10, 10], "normal"),
        ("register", status(500, 30), vec![10; 29], refused),
        ("register", status(401, 1), vec![], refused),
        ("register", vec![Reply::Empty], vec![], refused),
        ("connect", status(401, 9), vec![5; 9], "normal"),
        ("connect", vec![Reply::Silence], vec![65], "normal"),
        ("connect", status(401, 10), vec![5; 9], refused),
        ("disconnect", status(404, 3), vec![1, 1, 1], "normal"),
        ("disconnect", status(404, 4), vec![1, 1, 1], "normal"),
    ] {
        let (ended, plane) = run(first(path, replies.clone(), closing), |_| ());
        let told = format!("{path}: {replies:?}");
        assert_eq!(gaps(&plane, path), spaces, "{told}");
        assert!(word(&ended).starts_with(exit), "{told}: {ended:?}");
        let connected = exit == "normal";
        assert_eq!(count(&plane, "disconnect") > 0, connected, "{told}");
        assert_eq!(count(&plane, "ping") > 0, connected, "{told}");
    }
}

#[test]
fn one_worker_that_fails_leaves_the_others_alone() {
    let second =
        |asked: &Asked| asked.headers.get("authorization").is_some_and(|token| token.ends_with("session-2"));
    let script = move |asked: &Asked| match asked.path.as_str() {
        "connect" if second(asked) => Reply::Status(403, json!({ "message": "who?" })),
        _ => closing_later(asked),
    };
    let (exit, plane) = run(script, |settings| settings.identity.spawn = NonZeroU32::new(2).unwrap());
    assert!(word(&exit).starts_with("failed: ") && word(&exit).ends_with("403 Forbidden: who?"), "{exit:?}");
    assert_eq!((count(&plane, "connect"), count(&plane, "disconnect")), (11, 1));
    assert!(count(&plane, "ping") > 20, "{}", count(&plane, "ping"));
}

/// §9.2.
#[test]
fn heartbeats_come_at_their_interval() {
    let lost = "failed: Heartbeat failed with unrecoverable status: ";
    for (replies, spaces, exit) in [
        (vec![], vec![60, 60, 60, 60], "normal"),
        (status(503, 3), vec![5, 5, 5, 45, 60, 60, 60], "normal"),
        (vec![Reply::HangUp; 10], [vec![5; 9], vec![15, 60, 60, 60]].concat(), "normal"),
        // A minute of silence: the tick that was missed comes at once, those after it at their times.
        (vec![Reply::Silence], vec![65, 0, 55, 60, 60], "normal"),
        (status(404, 1), vec![], lost),
        (vec![Reply::Empty], vec![], lost),
    ] {
        let (ended, plane) = run(first("heartbeat", replies.clone(), closing_later), |_| ());
        assert!(
            plane.times("heartbeat")[0].abs_diff(Duration::from_secs(HEARTBEAT)) < Duration::from_millis(400)
        );
        assert_eq!(gaps(&plane, "heartbeat"), spaces, "{replies:?}");
        assert!(word(&ended).starts_with(exit), "{replies:?}: {ended:?}");
        assert_eq!(count(&plane, "disconnect"), 1, "{replies:?}");
    }
}

/// §9.3.
#[test]
fn pings_go_on_or_end_the_worker() {
    let lost = "failed: Ping failed with unrecoverable status: ";
    for (replies, pings, exit) in [
        (vec![], 1, "normal"),
        (status(503, 2), 3, "normal"),
        (status(429, 1), 2, "normal"),
        (vec![Reply::HangUp, Reply::Silence], 3, "normal"),
        (vec![ping(json!({ "action": "pause", "job": { "id": "J" } }))], 2, "normal"),
        (vec![ping(json!({ "action": "dance" }))], 2, "normal"),
        // What an error says counts for nothing.
        (vec![Reply::Status(500, json!({ "action": "disconnect" }))], 2, "normal"),
        (status(401, 1), 1, lost),
        (vec![Reply::Empty], 1, lost),
    ] {
        let (ended, plane) = run(first("ping", replies.clone(), closing), |_| ());
        assert_eq!(count(&plane, "ping"), pings, "{replies:?}");
        assert!(word(&ended).starts_with(exit), "{replies:?}: {ended:?}");
        assert!(plane.times("ping")[0] < Duration::from_secs(PING + 1));
        assert_eq!((count(&plane, "disconnect"), count(&plane, "jobs/J/accept")), (1, 0), "{replies:?}");
    }
}

/// §13: an answer is final, a connection that broke isn't.
#[test]
fn an_accept_is_repeated_only_without_an_answer() {
    for (replies, spaces) in [
        (status(500, 1), vec![]),
        (status(429, 1), vec![]),
        (status(422, 1), vec![]),
        (vec![Reply::Status(200, json!([])), Reply::HangUp], vec![]),
        (vec![Reply::HangUp, Reply::HangUp, Reply::Status(422, json!({}))], vec![5, 5]),
        (vec![Reply::Empty, Reply::Status(422, json!({}))], vec![5]),
        (vec![Reply::HangUp; 30], vec![5; 29]),
    ] {
        let script = {
            let replies = replies.clone();
            move |asked: &Asked| match asked.path.as_str() {
                "ping" if asked.before == 0 => ping(json!({ "job": { "id": "J" } })),
                "jobs/J/accept" => replies[asked.before].clone(),
                _ => closing(asked),
            }
        };
        let (exit, plane) = run(script, |_| ());
        assert_eq!(gaps(&plane, "jobs/J/accept"), spaces, "{replies:?}");
        assert_eq!((word(&exit).as_str(), count(&plane, "ping")), ("normal", 2), "{replies:?}");
    }
}

fn acquiring(settings: &mut Settings) {
    settings.lifetime.acquire = Some(JobId::from("J"));
}

const ACQUIRE: &str = "jobs/J/acquire";

/// §10.1.
#[test]
fn an_acquisition_ends_in_its_own_way() {
    let pause = || ping(json!({ "action": "pause" }));
    for (replies, attempts, pings, exit) in [
        (status(423, 7), 7, vec![], "normal"),
        (vec![Reply::HangUp; 7], 7, vec![], "normal"),
        (vec![Reply::Empty; 7], 7, vec![], "normal"),
        (status(404, 1), 1, vec![], "normal"),
        // A paused agent stays.
        (status(404, 1), 1, vec![pause(), pause()], "normal"),
        (status(404, 1), 1, vec![ping(json!({ "job": { "id": "K" } }))], "normal"),
        (
            status(422, 1),
            1,
            vec![],
            "rejected: failed to acquire job \"J\": failed to acquire job: job acquisition",
        ),
        ([status(423, 2), status(422, 1)].concat(), 3, vec![], "rejected: "),
        (vec![Reply::With(423, ("Retry-After", "331"))], 1, vec![], "normal"),
    ] {
        let script = {
            let (replies, pings) = (replies.clone(), pings.clone());
            move |asked: &Asked| match asked.path.as_str() {
                ACQUIRE => replies[asked.before].clone(),
                "ping" => pings.get(asked.before).cloned().unwrap_or_else(|| ping(json!({}))),
                _ => well(asked),
            }
        };
        let (ended, plane) = run(script, acquiring);
        let told = format!("{replies:?} {pings:?}");
        assert_eq!(count(&plane, ACQUIRE), attempts, "{told}");
        assert!(word(&ended).starts_with(exit), "{told}: {ended:?}");
        assert_eq!((count(&plane, "disconnect"), count(&plane, "jobs/K/accept")), (1, 0), "{told}");
        let offers_a_job = pings.iter().any(|ping| format!("{ping:?}").contains("\"K\""));
        let expected =
            if exit.starts_with("rejected") { 0 } else { pings.len() + usize::from(!offers_a_job) };
        assert_eq!(count(&plane, "ping"), expected, "{told}");
    }
}

#[test]
fn an_acquisition_counts_its_attempts_and_heeds_the_server() {
    let (_, plane) = run(first(ACQUIRE, status(423, 7), well), acquiring);
    let asked: Vec<_> = plane.asked().into_iter().filter(|asked| asked.path == ACQUIRE).collect();
    let numbers: Vec<_> =
        asked.iter().map(|asked| asked.headers["x-buildkite-backoff-sequence"].as_str()).collect();
    assert_eq!(numbers, ["0", "1", "2", "3", "4", "5", "6"]);
    assert!(asked.iter().all(|asked| asked.headers["x-buildkite-lock-acquire-job"] == "1"));
    let left =
        asked.iter().map(|asked| asked.headers["buildkite-timeout-milliseconds"].parse::<u64>().unwrap());
    assert!(left.clone().is_sorted_by(|a, b| a > b) && left.max() <= Some(330_000));
    for (number, gap) in asked.windows(2).map(|pair| (pair[1].at - pair[0].at).as_secs_f64()).enumerate() {
        let wait = f64::from(1 << number);
        assert!((wait - 1.0..wait + 5.1).contains(&gap), "{gap} after attempt {number}");
    }
    let slowly = vec![Reply::With(423, ("Retry-After", "20")), Reply::With(503, ("Retry-After", "7.0"))];
    let (exit, plane) = run(first(ACQUIRE, [slowly, status(404, 1)].concat(), well), acquiring);
    assert_eq!((gaps(&plane, ACQUIRE), word(&exit).as_str()), (vec![20, 7], "normal"));
}

/// agent-api.md §4.3, §10.3: the first answer's action, the second's job; goodbye is said at the old place.
#[test]
fn a_ping_can_send_the_worker_elsewhere() {
    for (there, accepts, next) in [(200, "/alt/jobs/J/accept", "/alt/ping"), (500, "jobs/K/accept", "ping")] {
        let script = move |asked: &Asked| match (asked.path.as_str(), asked.before) {
            ("ping", 0) => ping(json!({
                "endpoint": "http://localhost/alt", "job": { "id": "K" },
                "request_headers": { "Buildkite-Cell": "b", "X-Other": "no" },
            })),
            ("/alt/ping", 0) => Reply::Status(there, json!({ "action": "disconnect", "job": { "id": "J" } })),
            ("ping" | "/alt/ping", _) => ping(json!({ "action": "disconnect" })),
            (path, _) if path.ends_with("accept") => Reply::Status(422, json!({})),
            _ => well(asked),
        };
        let (exit, plane) = run(script, |_| ());
        let asked = plane.asked();
        let paths: Vec<_> = asked.iter().map(|asked| asked.path.as_str()).collect();
        let begin = ["register", "connect", "ping", "/alt/ping"];
        assert_eq!(paths, [&begin[..], &[accepts, next, "disconnect"]].concat());
        assert_eq!(word(&exit), "normal");
        for later in &asked[3..] {
            assert_eq!(later.headers.get("buildkite-cell").map(String::as_str), Some("b"), "{later:?}");
            assert!(!later.headers.contains_key("x-other"), "{later:?}");
        }
    }
}

/// §10.3, §10.4.
#[test]
fn time_ends_a_pool() {
    let uptime = |settings: &mut Settings| settings.lifetime.after_uptime = Some(Duration::from_secs(100));
    let idle = |settings: &mut Settings| {
        settings.lifetime.after_idle = Some(Duration::from_secs(100));
        settings.identity.spawn = NonZeroU32::new(3).unwrap();
    };
    let (exit, plane) = run(well, uptime);
    assert_eq!((word(&exit).as_str(), plane.times("disconnect")[0].as_secs()), ("normal", 100));
    let (exit, plane) = run(well, idle);
    let gone = plane.times("disconnect");
    assert_eq!((word(&exit).as_str(), gone.len()), ("normal", 3));
    assert!(gone.iter().all(|at| (100..=111).contains(&at.as_secs())), "{gone:?}");
    // A pause isn't idleness, and holds the uptime off.
    let paused = |asked: &Asked| match asked.path.as_str() {
        "ping" if asked.at < Duration::from_secs(1000) => ping(json!({ "action": "pause" })),
        _ => well(asked),
    };
    let (exit, plane) = run(paused, uptime);
    let gone = plane.times("disconnect")[0].as_secs();
    assert!(word(&exit) == "normal" && (1000..=1020).contains(&gone), "{gone}");
    let (_, plane) = run(paused, idle);
    assert!(plane.times("disconnect").iter().all(|at| (1100..=1125).contains(&at.as_secs())));
}

/// §9.4: each lasts a minute at most; silence is health once it was broken.
#[test]
fn a_stream_is_opened_anew() {
    const RESUME: &[u8] = &[0, 0, 0, 0, 2, 0x12, 0];
    const DISCONNECT: &[u8] = &[0, 0, 0, 0, 7, 0x22, 5, 0x0a, 3, b'b', b'y', b'e'];
    let last = Duration::from_secs(3600);
    for mode in [PingMode::Auto, PingMode::StreamOnly] {
        let script = move |asked: &Asked| match asked.path.as_str() {
            "StreamPings" if asked.at >= last => Reply::Stream(DISCONNECT),
            "StreamPings" if asked.before.is_multiple_of(2) => Reply::Stream(RESUME),
            "StreamPings" => Reply::Silence,
            _ => well(asked),
        };
        let (exit, plane) = run(script, |settings| settings.ping_mode = mode);
        let streams = count(&plane, "StreamPings");
        assert_eq!((word(&exit).as_str(), count(&plane, "ping")), ("normal", 0));
        assert!((56..=62).contains(&streams), "{streams}");
        let gaps = gaps(&plane, "StreamPings");
        assert!(gaps.iter().all(|gap| (60..=63).contains(gap)), "{gaps:?}");
    }
}

/// §9.3, §9.4: what is lost for good, in each mode.
#[test]
fn a_source_that_is_lost_for_good() {
    const DISCONNECT: &[u8] = &[0, 0, 0, 0, 7, 0x22, 5, 0x0a, 3, b'b', b'y', b'e'];
    let lost = "failed: Ping failed with unrecoverable status: ";
    for (mode, streams, pings, exit, asked_for) in [
        // No stream to be had: pings alone, for ever.
        (PingMode::Auto, status(404, 1), vec![], "normal", (1, 1)),
        (PingMode::Auto, status(403, 1), status(503, 20), "normal", (1, 21)),
        (PingMode::StreamOnly, status(404, 1), vec![], "failed: ", (1, 0)),
        (PingMode::StreamOnly, [status(503, 3), status(401, 1)].concat(), vec![], "failed: ", (4, 0)),
        // Neither one nor the other.
        (PingMode::Auto, status(401, 1), status(401, 1), lost, (1, 1)),
        // The stream carries on without pings, which are told of in the end.
        (
            PingMode::Auto,
            [status(503, 4), vec![Reply::Stream(DISCONNECT)]].concat(),
            status(401, 1),
            lost,
            (5, 1),
        ),
    ] {
        let told = format!("{mode:?} {streams:?} {pings:?}");
        let script = move |asked: &Asked| match asked.path.as_str() {
            "StreamPings" => streams[asked.before].clone(),
            "ping" => pings.get(asked.before).cloned().unwrap_or_else(|| closing(asked)),
            _ => well(asked),
        };
        let (ended, plane) = run(script, |settings| settings.ping_mode = mode);
        assert!(word(&ended).starts_with(exit), "{told}: {ended:?}");
        assert_eq!((count(&plane, "StreamPings"), count(&plane, "ping")), asked_for, "{told}");
        assert_eq!(count(&plane, "disconnect"), 1, "{told}");
    }
}
