//! A control plane in the runtime of the agent, so that both have one clock, which doesn't wait.
#![cfg(unix)]

use super::{Exit, run};
use crate::settings::{PingMode, Settings, test_settings};
use redkite_api::Endpoint;
use redkite_api::client::Transport;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;
use tokio::time::Instant;

/// What the agents were told when they registered, in seconds.
pub(super) const PING: u64 = 10;
pub(super) const HEARTBEAT: u64 = 60;

/// What was asked for, and when.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Since the beginning.
    pub(super) at: Duration,
    /// Below the endpoint, or whole where it isn't; of the stream the last word.
    pub(super) path: String,
    /// Names in small letters.
    pub(super) headers: BTreeMap<String, String>,
    /// As it was sent.
    pub(super) body: Vec<u8>,
    /// How often this path was asked for before.
    pub(super) before: usize,
}

/// What is said to that.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    /// This status and body.
    Status(u16, Value),
    /// The same, with one more header.
    With(u16, (&'static str, &'static str)),
    /// 200 without a body.
    Empty,
    /// The connection is closed.
    HangUp,
    /// Nothing, until the other side has had enough.
    Silence,
    /// A ping stream that brings this and then nothing.
    Stream(&'static [u8]),
}

/// What a plane that works says.
pub(super) fn well(asked: &Asked) -> Reply {
    let ok = |value| Reply::Status(200, value);
    match asked.path.as_str() {
        "register" => {
            let number = asked.before + 1;
            ok(json!({ "id": format!("a{number}"), "name": format!("agent-{number}"), "ping_interval": PING,
                       "access_token": format!("session-{number}"), "job_status_interval": 1,
                       "heartbeat_interval": HEARTBEAT }))
        }
        "StreamPings" => Reply::Status(404, json!({})),
        _ => ok(json!({})),
    }
}

type Script = Box<dyn Fn(&Asked) -> Reply>;

/// The plane; it answers what its script says.
pub(super) struct Plane {
    script: RefCell<Script>,
    begin: Instant,
    asked: RefCell<Vec<Asked>>,
    connections: Cell<usize>,
}

impl Plane {
    /// Answers by another script from now on.
    pub(super) fn answer_by(&self, script: impl Fn(&Asked) -> Reply + 'static) {
        *self.script.borrow_mut() = Box::new(script);
    }

    /// Everything that was asked for.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.borrow().clone()
    }

    /// When this was asked for, since the beginning.
    pub(super) fn times(&self, path: &str) -> Vec<Duration> {
        self.asked.borrow().iter().filter(|asked| asked.path == path).map(|asked| asked.at).collect()
    }

    /// Since the beginning.
    pub(super) fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }

    /// How many connections are open.
    pub(super) fn connections(&self) -> usize {
        self.connections.get()
    }

    async fn serve(self: Rc<Self>, listener: UnixListener) {
        while let Ok((connection, _)) = listener.accept().await {
            let plane = self.clone();
            tokio::task::spawn_local(async move {
                plane.connections.set(plane.connections.get() + 1);
                let _ = plane.answer_all(connection).await;
                plane.connections.set(plane.connections.get() - 1);
            });
        }
    }

    async fn answer_all(&self, mut connection: UnixStream) -> std::io::Result<()> {
        let (reader, mut writer) = connection.split();
        let mut reader = BufReader::new(reader);
        while let Some((path, headers, body)) = read_request(&mut reader).await? {
            let before = self.times(&path).len();
            let asked = Asked { at: self.begin.elapsed(), path, headers, body, before };
            let reply = (self.script.borrow())(&asked);
            self.asked.borrow_mut().push(asked);
            let text = match reply {
                // Not by closing alone: a process that another test is starting may still hold the descriptor.
                Reply::HangUp => return writer.shutdown().await,
                Reply::Silence => return reader.read_u8().await.map(drop),
                Reply::Stream(message) => {
                    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n";
                    let chunk = [head, &format!("{:x}\r\n", message.len())].concat().into_bytes();
                    writer.write_all(&[&chunk, message, b"\r\n"].concat()).await?;
                    return reader.read_u8().await.map(drop);
                }
                Reply::Empty => response(200, None, ""),
                Reply::Status(status, body) => response(status, None, &body.to_string()),
                Reply::With(status, header) => response(status, Some(header), "{}"),
            };
            writer.write_all(text.as_bytes()).await?;
        }
        Ok(())
    }
}

fn response(status: u16, header: Option<(&str, &str)>, body: &str) -> String {
    let more = header.map(|(name, value)| format!("{name}: {value}\r\n")).unwrap_or_default();
    format!("HTTP/1.1 {status} -\r\n{more}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// Path, headers and body; `None` when the connection is closed.
async fn read_request(
    reader: &mut (impl AsyncBufReadExt + Unpin),
) -> std::io::Result<Option<(String, BTreeMap<String, String>, Vec<u8>)>> {
    let mut line = String::new();
    if reader.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let path = line.split([' ', '?']).nth(1).unwrap_or_default();
    let below = path.strip_prefix("/v3/").or(path.rsplit_once("Service/").map(|(_, name)| name));
    let path = below.unwrap_or(path).to_owned();
    let mut headers = BTreeMap::new();
    while line.trim() != "" {
        line.clear();
        reader.read_line(&mut line).await?;
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).await?;
    Ok(Some((path, headers, body)))
}

/// A runtime whose clock goes on only when nothing is left to do: tokio's own goes on although what it has just read
/// from a socket wasn't looked at. Each of these turns looks for what has arrived, and no request takes as many.
#[expect(clippy::disallowed_methods, reason = "a task that does nothing, whose end is what it is for")]
fn runtime() -> Runtime {
    const TURNS: u32 = 8;
    let turns = AtomicU32::new(0);
    let look_again = move || {
        if turns.fetch_add(1, Ordering::Relaxed) < TURNS {
            tokio::spawn(async {});
        } else {
            turns.store(0, Ordering::Relaxed);
        }
    };
    let mut builder = Builder::new_current_thread();
    builder.enable_all().start_paused(true).event_interval(1).on_thread_park(look_again);
    builder.build().unwrap()
}

/// Runs a pool of agents until it ends, and what the test does meanwhile.
pub(super) fn play<T>(
    script: impl Fn(&Asked) -> Reply + 'static,
    change: impl FnOnce(&mut Settings),
    meanwhile: impl AsyncFnOnce(&Plane) -> T,
) -> (Exit, Rc<Plane>, T) {
    let runtime = runtime();
    LocalSet::new().block_on(&runtime, async {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("plane");
        let listener = UnixListener::bind(&socket).unwrap();
        let mut settings = test_settings();
        settings.api.endpoint = Endpoint::from("http://localhost/v3");
        settings.ping_mode = PingMode::PollOnly;
        change(&mut settings);
        let plane = Rc::new(Plane {
            script: RefCell::new(Box::new(script)),
            begin: Instant::now(),
            asked: RefCell::default(),
            connections: Cell::default(),
        });
        tokio::task::spawn_local(plane.clone().serve(listener));
        let (exit, result) =
            tokio::join!(run(Arc::new(settings), Transport::through_socket(&socket)), meanwhile(&plane));
        (exit, plane, result)
    })
}
