//! Hours without the control plane: the back-off of spec/agent.md §9 and §13, and that nothing piles up meanwhile.
#![cfg(unix)]

use super::Exit;
use super::virtual_plane::{HEARTBEAT, PING, Plane, Reply, play, well};
use crate::settings::PingMode;
use serde_json::json;
use std::time::Duration;
use tokio::time::sleep;

const HOUR: Duration = Duration::from_secs(3600);

/// When this was asked for in the last hour, in milliseconds.
fn times(plane: &Plane, path: &str, begin: Duration) -> Vec<u64> {
    let times = plane.times(path).into_iter().filter(|at| *at >= begin);
    times.map(|at| u64::try_from((at - begin).as_millis()).unwrap()).collect()
}

fn gaps(times: &[u64]) -> Vec<u64> {
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// One ping in each period, anywhere in it.
fn check_pings(times: &[u64]) {
    let expected = usize::try_from(HOUR.as_secs() / PING).unwrap();
    assert!(times.len().abs_diff(expected) <= 2, "{} pings in an hour", times.len());
    assert!(gaps(times).iter().all(|gap| *gap < 2 * PING * 1000 + 100), "{times:?}");
    for part in 0..4 {
        let quarter = PING * 1000 / 4;
        let here = times.iter().filter(|at| **at % (PING * 1000) / quarter == part).count();
        assert!(here > expected / 8, "{here} of {expected} pings are in quarter {part} of their period");
    }
}

/// Ten attempts, five seconds apart, in each interval.
fn check_heartbeats(times: &[u64]) {
    let gaps = gaps(times);
    let near = |gap: &u64, seconds: u64| gap.abs_diff(seconds * 1000) < 500;
    let short = gaps.iter().filter(|gap| near(gap, 5)).count();
    let long = gaps.iter().filter(|gap| near(gap, HEARTBEAT - 9 * 5)).count();
    assert_eq!(short + long, gaps.len(), "{gaps:?}");
    assert!((530..=550).contains(&short) && (58..=60).contains(&long), "{short} {long}");
}

/// At most one attempt in each window of 64 seconds, anywhere in it.
fn check_streams(times: &[u64]) {
    assert!((54..=58).contains(&times.len()), "{} streams in an hour", times.len());
    let gaps = gaps(times);
    assert!(gaps.iter().all(|gap| *gap < 129_000), "{gaps:?}");
    assert!(gaps.iter().min() < Some(&40_000) && gaps.iter().max() > Some(&80_000), "{gaps:?}");
}

#[test]
fn hours_without_a_plane_are_waited_out() {
    let (exit, plane, ()) = play(
        |asked| if asked.path == "StreamPings" { Reply::Status(503, json!({})) } else { well(asked) },
        |settings| settings.ping_mode = PingMode::Auto,
        async |plane| {
            sleep(Duration::from_secs(HEARTBEAT * 3 / 2)).await;
            outage(plane).await;
            plane.answer_by(|asked| match asked.path.as_str() {
                "ping" => Reply::Status(200, json!({ "action": "disconnect" })),
                _ => well(asked),
            });
        },
    );
    assert!(matches!(exit, Exit::Normal), "{exit:?}");
    let asked = plane.asked();
    assert_eq!(asked.last().map(|asked| asked.path.as_str()), Some("disconnect"));
    assert_eq!(plane.times("connect").len(), 1);
}

/// Six hours in which nothing is answered as it should be.
async fn outage(plane: &Plane) {
    let metrics = tokio::runtime::Handle::current().metrics();
    let fails = Reply::Status(503, json!({}));
    let mut tasks = Vec::new();
    for reply in [&Reply::HangUp, &fails, &Reply::Silence, &Reply::HangUp, &Reply::Silence, &fails] {
        let answer = reply.clone();
        plane.answer_by(move |_| answer.clone());
        // What was begun before is over, and the windows of the stream have grown.
        sleep(Duration::from_secs(600)).await;
        let begin = plane.elapsed();
        sleep(HOUR).await;
        if matches!(reply, Reply::Silence) {
            // A minute for each request, and a random part of a period before the next.
            let pings = times(plane, "ping", begin).len();
            assert!((50..=60).contains(&pings), "{pings} pings in an hour of silence");
        } else {
            check_pings(&times(plane, "ping", begin));
            check_heartbeats(&times(plane, "heartbeat", begin));
            check_streams(&times(plane, "StreamPings", begin));
        }
        // A ping, a heartbeat and a stream can be on their way.
        assert!(plane.connections() <= 8, "{} connections: {reply:?}", plane.connections());
        tasks.push(metrics.num_alive_tasks());
    }
    let most = tasks.iter().max().unwrap();
    assert!(most - tasks.iter().min().unwrap() <= 8, "{tasks:?}");
}
