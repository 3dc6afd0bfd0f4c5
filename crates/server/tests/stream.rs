//! Streamed pings, byte by byte (agent-api.md §10.4).

mod support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use redkite_scheduler::BuildState;
use serde_json::{Value, json};
use support::{Agent, PATIENCE, Plane};

/// An open stream, read chunk by chunk.
struct Stream(BufReader<TcpStream>);

impl Stream {
    /// Opens a stream; the status and the stream behind it.
    fn open(plane: &Plane, token: &str, agent: &str) -> (u16, Self) {
        let mut socket = TcpStream::connect(plane.running.addr).expect("a connection");
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut body = vec![0, 0, 0, 0, u8::try_from(agent.len() + 2).expect("short"), 0x0a];
        body.push(u8::try_from(agent.len()).expect("short"));
        body.extend_from_slice(agent.as_bytes());
        let head = format!(
            "POST /agentedge.v1.AgentEdgeService/StreamPings HTTP/1.1\r\nHost: test\r\nAuthorization: Token {token}\r\n\
             Content-Type: application/grpc\r\nTe: trailers\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        socket.write_all(head.as_bytes()).and_then(|()| socket.write_all(&body)).expect("sent");
        let mut stream = Self(BufReader::new(socket));
        let status = stream.line();
        let status = status.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        while !stream.line().is_empty() {}
        (status, stream)
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }

    /// The next message in hexadecimal, or the trailers.
    fn next(&mut self) -> String {
        let size = usize::from_str_radix(&self.line(), 16).expect("a size");
        if size == 0 {
            return self.line();
        }
        let mut message = vec![0; size];
        self.0.read_exact(&mut message).expect("a message");
        self.line();
        hex(&message)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const RESUME: &str = "00000000021200";

fn assigned(job: &str) -> String {
    format!("000000002a2a280a260a24{}", hex(job.as_bytes()))
}

#[test]
fn a_stream_tells_what_changes() {
    let plane = Plane::start();
    let agent = Agent::connect(&plane, &plane.token(), &[]);
    let (status, mut stream) = Stream::open(&plane, &agent.session, &agent.id);
    assert_eq!(status, 200);
    assert_eq!(stream.next(), RESUME);
    let build = plane.create("steps:\n  - command: a\n  - command: b\n");
    let jobs: Vec<_> = build.jobs().map(|job| job.id.to_string()).collect();
    assert_eq!(stream.next(), assigned(&jobs[0]));
    let (_, mut second) = Stream::open(&plane, &agent.session, &agent.id);
    assert_eq!(second.next(), assigned(&jobs[0]), "a new stream begins with what stands");
    assert_eq!(stream.next(), "grpc-status: 0", "the one before it ends");
    let job = agent.accept(&jobs[0]);
    job.start().ok();
    agent.call("POST", "pause", &json!({ "note": "because" })).ok();
    assert_eq!(second.next(), "000000000b1a090a0762656361757365");
    job.finish(0).ok();
    agent.call("POST", "resume", &Value::Null).ok();
    let next = second.next();
    let next = if next == RESUME { second.next() } else { next };
    assert_eq!(next, assigned(&jobs[1]));
    agent.accept(&jobs[1]).start().ok();
    agent.call("POST", "stop", &json!({})).ok();
    let job = support::Agent::connect(&plane, &plane.token(), &[]);
    assert_eq!(job.ping()["job"], Value::Null);
    plane.call("PUT", &format!("jobs/{}/finish", jobs[1]), &agent.session, &support::finish_body(0)).ok();
    plane.wait_for_state(build.summary.id, BuildState::Passed);
    assert!(second.next().starts_with("00000000"), "it is told to leave");
    agent.call("POST", "disconnect", &Value::Null).ok();
    assert_eq!(second.next(), "grpc-status: 0");
}

#[test]
fn the_idle_agent_with_the_highest_priority_gets_the_job() {
    let plane = Plane::start();
    let token = plane.token();
    let connect = |priority: &str| {
        let body = json!({ "name": "agent", "priority": priority, "meta_data": [] });
        let agent = Agent::register(&plane.url, &token, &body);
        let (_, mut stream) = Stream::open(&plane, &agent.session, &agent.id);
        assert_eq!(stream.next(), RESUME, "it waits");
        (agent, stream)
    };
    let mut waiting = [connect("1"), connect("5"), connect("")];
    let build = plane.create("steps:\n  - command: a\n    parallelism: 3\n");
    let jobs: Vec<_> = build.jobs().map(|job| job.id.to_string()).collect();
    let given = waiting.each_mut().map(|(_, stream)| stream.next());
    assert_eq!(given, [assigned(&jobs[1]), assigned(&jobs[0]), assigned(&jobs[2])]);
}

#[test]
fn a_stream_is_for_its_agent_only() {
    let plane = Plane::start();
    let agent = Agent::connect(&plane, &plane.token(), &[]);
    assert_eq!(Stream::open(&plane, "wrong", &agent.id).0, 401);
    assert_eq!(Stream::open(&plane, &agent.session, "0190aaaa-0000-7000-8000-000000000001").0, 403);
    assert_eq!(Stream::open(&plane, &agent.session, "").0, 403);
}

#[test]
fn a_plane_that_shuts_down_says_that_it_is_away() {
    let plane = Plane::start();
    let agent = Agent::connect(&plane, &plane.token(), &[]);
    let (_, mut stream) = Stream::open(&plane, &agent.session, &agent.id);
    assert_eq!(stream.next(), RESUME);
    let _again = plane.shut_down_and_start();
    assert_eq!(stream.next(), "grpc-status: 14");
}
