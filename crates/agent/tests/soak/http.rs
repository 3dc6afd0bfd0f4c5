//! Just enough HTTP/1.1 to be unreliable on purpose: whole servers can't hang up in the middle of an answer.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::dice::Fault;

/// What an agent asks.
pub(crate) struct Request {
    /// Method and path, such as `PUT /v3/jobs/1/start`.
    pub(crate) line: String,
    /// Behind the question mark.
    pub(crate) query: String,
    pub(crate) token: String,
    pub(crate) body: Vec<u8>,
}

/// Status and body.
pub(crate) type Answer = (u16, Value);

/// Reads the next request; nothing when the connection is over.
pub(crate) async fn read(stream: &mut TcpStream, rest: &mut Vec<u8>) -> Option<Request> {
    loop {
        if let Some((request, used)) = parse(rest) {
            rest.drain(..used);
            return Some(request);
        }
        if stream.read_buf(rest).await.ok()? == 0 {
            return None;
        }
    }
}

/// The first request of `bytes` and its length, once it is whole.
fn parse(bytes: &[u8]) -> Option<(Request, usize)> {
    const MOST_HEADERS: usize = 64;
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(start) = head.parse(bytes).expect("the agent speaks HTTP") else {
        return None;
    };
    let header = |name: &str| {
        let found = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| String::from_utf8_lossy(header.value).into_owned()).unwrap_or_default()
    };
    let end = start + header("content-length").parse::<usize>().unwrap_or(0);
    let body = bytes.get(start..end)?.to_vec();
    let target = head.path.unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let line = format!("{} {path}", head.method.unwrap_or_default());
    Some((Request { line, query: query.to_owned(), token: header("authorization"), body }, end))
}

/// Whether the connection can be used on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connection {
    Open,
    Closed,
}

/// Answers, as far as the fault lets it.
pub(crate) async fn answer(stream: &mut TcpStream, (status, body): Answer, fault: Fault) -> Connection {
    let status = match fault {
        Fault::Refused(other) | Fault::Denied(other) => other,
        _ => status,
    };
    let body = body.to_string();
    let length = body.len();
    let text = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    match fault {
        Fault::Reset | Fault::ResetAfter => {
            // Without lingering the other end sees a reset rather than an end.
            let _ = stream.set_zero_linger();
            return Connection::Closed;
        }
        Fault::Silent => return Connection::Closed,
        Fault::Half => {
            let _ = stream.write_all(&text.as_bytes()[..text.len() - length / 2 - 1]).await;
            return Connection::Closed;
        }
        Fault::Slow(wait) => tokio::time::sleep(wait).await,
        Fault::None | Fault::Refused(_) | Fault::Denied(_) => {}
    }
    match stream.write_all(text.as_bytes()).await {
        Ok(()) => Connection::Open,
        Err(_) => Connection::Closed,
    }
}

/// How long a connection without requests stays open; the agent must cope with ones that have just gone.
pub(crate) const IDLE: Duration = Duration::from_secs(7);
