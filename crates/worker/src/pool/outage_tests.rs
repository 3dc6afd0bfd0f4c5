//! Hours without the control plane, on a clock that doesn't wait: the back-off of spec/agent.md §9 and §13, and that
//! nothing piles up meanwhile.
#![cfg(unix)]

use super::{Exit, run};
use crate::settings::{PingMode, Settings, test_settings};
use redkite_api::Endpoint;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep};

/// How the plane behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Well,
    /// It says goodbye to who asks for work.
    Closing,
    HangsUp,
    Fails,
    /// It takes requests and says nothing.
    Silent,
}

/// A plane in the runtime of the agent, so that both have one clock.
struct Plane {
    mood: Cell<Mood>,
    asked: RefCell<Vec<(Instant, String)>>,
    connections: Cell<usize>,
}

const PING: u64 = 10;
const HEARTBEAT: u64 = 60;
const HOUR: Duration = Duration::from_secs(3600);

impl Plane {
    async fn serve(self: Rc<Self>, listener: TcpListener) {
        while let Ok((connection, _)) = listener.accept().await {
            let plane = self.clone();
            tokio::task::spawn_local(async move {
                plane.connections.set(plane.connections.get() + 1);
                let _ = plane.answer_all(connection).await;
                plane.connections.set(plane.connections.get() - 1);
            });
        }
    }

    async fn answer_all(&self, mut connection: TcpStream) -> std::io::Result<()> {
        let (reader, mut writer) = connection.split();
        let mut reader = BufReader::new(reader);
        loop {
            let Some(path) = read_request(&mut reader).await? else { return Ok(()) };
            self.asked.borrow_mut().push((Instant::now(), path.clone()));
            let (status, answer) = match self.mood.get() {
                Mood::HangsUp => return Ok(()),
                // Until the other side has had enough.
                Mood::Silent => return reader.read_u8().await.map(drop),
                Mood::Fails => ("503 Service Unavailable", json!({})),
                Mood::Well | Mood::Closing => self.answer(&path),
            };
            let (answer, connection) = (answer.to_string(), "Content-Type: application/json\r\n");
            let head = format!("HTTP/1.1 {status}\r\n{connection}Content-Length: {}\r\n\r\n", answer.len());
            writer.write_all((head + &answer).as_bytes()).await?;
        }
    }

    fn answer(&self, path: &str) -> (&'static str, Value) {
        match path {
            "register" => (
                "200 OK",
                json!({ "id": "a", "name": "agent", "access_token": "session", "ping_interval": PING,
                        "job_status_interval": 1, "heartbeat_interval": HEARTBEAT }),
            ),
            "ping" if self.mood.get() == Mood::Closing => ("200 OK", json!({ "action": "disconnect" })),
            // A stream may come back, too: it isn't there for now.
            "StreamPings" => ("503 Service Unavailable", json!({})),
            _ => ("200 OK", json!({})),
        }
    }

    /// The times at which this was asked for since then, in milliseconds from then.
    fn times(&self, path: &str, since: Instant) -> Vec<u64> {
        let asked = self.asked.borrow();
        let times = asked.iter().filter(|(at, asked)| asked == path && *at >= since);
        times.map(|(at, _)| u64::try_from((*at - since).as_millis()).unwrap()).collect()
    }
}

/// The last word of the path; `None` when the connection is closed.
async fn read_request(reader: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<Option<String>> {
    let mut line = String::new();
    if reader.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).and_then(|path| path.rsplit('/').next()).unwrap_or_default().to_owned();
    let mut length = 0;
    while line.trim() != "" {
        line.clear();
        reader.read_line(&mut line).await?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    reader.read_exact(&mut vec![0; length]).await?;
    Ok(Some(path))
}

fn settings(endpoint: &str) -> Settings {
    let mut settings = test_settings();
    settings.api.endpoint = Endpoint::from(endpoint);
    settings.ping_mode = PingMode::Auto;
    settings
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
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}/v3", listener.local_addr().unwrap());
        let plane = Rc::new(Plane {
            mood: Cell::new(Mood::Well),
            asked: RefCell::default(),
            connections: Cell::default(),
        });
        tokio::task::spawn_local(plane.clone().serve(listener));
        let agent = run(Arc::new(settings(&endpoint)));
        let (exit, ()) = tokio::join!(agent, async {
            sleep(Duration::from_secs(HEARTBEAT * 3 / 2)).await;
            outage(&plane).await;
            plane.mood.set(Mood::Closing);
        });
        assert!(matches!(exit, Exit::Normal), "{exit:?}");
        let asked = plane.asked.borrow();
        assert_eq!(asked.last().map(|(_, path)| path.as_str()), Some("disconnect"));
        assert_eq!(asked.iter().filter(|(_, path)| path == "connect").count(), 1);
    });
}

/// Six hours in which nothing is answered as it should be.
async fn outage(plane: &Plane) {
    let metrics = tokio::runtime::Handle::current().metrics();
    let mut tasks = Vec::new();
    for mood in [Mood::HangsUp, Mood::Fails, Mood::Silent, Mood::HangsUp, Mood::Silent, Mood::Fails] {
        plane.mood.set(mood);
        // What was begun before is over, and the windows of the stream have grown.
        sleep(Duration::from_secs(600)).await;
        let begin = Instant::now();
        sleep(HOUR).await;
        if mood == Mood::Silent {
            // A minute for each request, and a random part of a period before the next.
            let pings = plane.times("ping", begin).len();
            assert!((50..=60).contains(&pings), "{pings} pings in an hour of silence");
        } else {
            check_pings(&plane.times("ping", begin));
            check_heartbeats(&plane.times("heartbeat", begin));
            check_streams(&plane.times("StreamPings", begin));
        }
        // A ping, a heartbeat and a stream can be on their way.
        assert!(plane.connections.get() <= 4, "{} connections while it {mood:?}", plane.connections.get());
        tasks.push(metrics.num_alive_tasks());
    }
    let most = tasks.iter().max().unwrap();
    assert!(most - tasks.iter().min().unwrap() <= 8, "{tasks:?}");
}
