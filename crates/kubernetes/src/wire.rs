//! What agent and containers say to each other over the socket.
//!
//! Each end greets with a line that names the protocol; a client greets first. From then on both send frames: a kind
//! (1 byte), a length (4 bytes, big endian), and so many bytes: JSON, output, or an environment.

use std::io::{self, BufRead, Read, Write};

use serde::{Deserialize, Serialize};

/// How the greeting of every version begins.
const NAME: &str = "redkite-pod/";
/// What both ends must agree on.
const PROTOCOL: u32 = 1;
/// Nobody greets at more length.
const LONGEST_GREETING: u64 = 256;
/// No frame is longer; an environment is the longest.
const LONGEST_FRAME: u32 = 64 << 20;

/// What a container says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToAgent {
    /// It is there. First message of its first connection.
    Register { container: i64 },
    /// Output will follow. First message of its second connection.
    Output { container: i64 },
    /// It lives.
    Alive,
    /// Its bootstrap ended so.
    Exit { status: i32 },
}

/// What the agent says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToContainer {
    /// Welcome; the environment follows.
    Registered,
    /// The container has no place here.
    Refused { reason: String },
    /// It is its turn.
    Start,
    /// The job is to end.
    Interrupt,
    /// The job is over.
    Over,
    /// Everything that was sent has arrived.
    Received,
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame<M> {
    Message(M),
    Bytes(Vec<u8>),
}

/// Why the other end can't be understood.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Another version of the protocol.
    #[error("the other end speaks version {theirs} of the protocol, this one version {PROTOCOL}: {ADVICE}")]
    Version {
        /// Their version.
        theirs: String,
    },
    /// No agent of ours.
    #[error("the other end is no agent that this one understands (it says {greeting:?}): {ADVICE}")]
    Stranger {
        /// What it says.
        greeting: String,
    },
    /// The other end has gone.
    #[error("the connection is shut down")]
    Closed,
    /// Reading failed.
    #[error("reading from the socket")]
    Read(#[source] io::Error),
    /// Writing failed.
    #[error("writing to the socket")]
    Write(#[source] io::Error),
    /// What came is no frame.
    #[error("a frame of {length} bytes, kind {kind}, is none of ours")]
    Frame {
        /// Its first byte.
        kind: u8,
        /// Its length.
        length: u32,
    },
    /// What came is no message.
    #[error("a message can't be read")]
    Message(#[from] serde_json::Error),
}

/// What helps when versions differ.
const ADVICE: &str = "all containers of a pod must run the same buildkite-agent";

const JSON: u8 = b'J';
const BYTES: u8 = b'B';

/// Says who we are.
pub(crate) fn greet(to: &mut impl Write) -> Result<(), WireError> {
    to.write_all(format!("{NAME}{PROTOCOL}\n").as_bytes()).map_err(WireError::Write)
}

/// Learns who they are.
pub(crate) fn greeted(from: &mut impl BufRead) -> Result<(), WireError> {
    let mut line = Vec::new();
    from.take(LONGEST_GREETING).read_until(b'\n', &mut line).map_err(WireError::Read)?;
    if line.is_empty() {
        return Err(WireError::Closed);
    }
    let greeting = String::from_utf8_lossy(&line).trim_end().to_owned();
    match greeting.strip_prefix(NAME) {
        Some(version) if version == PROTOCOL.to_string() => Ok(()),
        Some(version) => Err(WireError::Version { theirs: version.to_owned() }),
        None => Err(WireError::Stranger { greeting }),
    }
}

/// Sends a message.
pub(crate) fn send(to: &mut impl Write, message: &impl Serialize) -> Result<(), WireError> {
    frame(to, JSON, &serde_json::to_vec(message)?)
}

/// Sends bytes, in as many frames as it takes.
pub(crate) fn send_bytes(to: &mut impl Write, bytes: &[u8]) -> Result<(), WireError> {
    let longest = usize::try_from(LONGEST_FRAME).unwrap_or(usize::MAX);
    bytes.chunks(longest).try_for_each(|part| frame(to, BYTES, part))
}

fn frame(to: &mut impl Write, kind: u8, payload: &[u8]) -> Result<(), WireError> {
    let length = u32::try_from(payload.len()).ok().filter(|length| *length <= LONGEST_FRAME);
    let length = length.ok_or(WireError::Frame { kind, length: u32::MAX })?;
    let mut whole = Vec::with_capacity(payload.len() + 5);
    whole.push(kind);
    whole.extend_from_slice(&length.to_be_bytes());
    whole.extend_from_slice(payload);
    to.write_all(&whole).map_err(WireError::Write)
}

/// The next frame; none when the other end has closed the connection between two.
pub(crate) fn receive<M: for<'de> Deserialize<'de>>(
    from: &mut impl Read,
) -> Result<Option<Frame<M>>, WireError> {
    let mut head = [0; 5];
    loop {
        match from.read(&mut head[..1]) {
            Ok(0) => return Ok(None),
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(WireError::Read(error)),
        }
    }
    from.read_exact(&mut head[1..]).map_err(WireError::Read)?;
    let [kind, length @ ..] = head;
    let length = u32::from_be_bytes(length);
    if length > LONGEST_FRAME || !matches!(kind, JSON | BYTES) {
        return Err(WireError::Frame { kind, length });
    }
    let mut payload = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    from.read_exact(&mut payload).map_err(WireError::Read)?;
    Ok(Some(if kind == JSON {
        Frame::Message(serde_json::from_slice(&payload)?)
    } else {
        Frame::Bytes(payload)
    }))
}

/// The next frame, which has to be there.
pub(crate) fn expect<M: for<'de> Deserialize<'de>>(from: &mut impl Read) -> Result<Frame<M>, WireError> {
    receive(from)?.ok_or(WireError::Closed)
}

/// An error and its causes on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {}", chain(source)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_and_bytes_come_back() {
        let mut sent = Vec::new();
        greet(&mut sent).unwrap();
        send(&mut sent, &ToAgent::Register { container: 3 }).unwrap();
        send_bytes(&mut sent, b"a\0b").unwrap();
        send(&mut sent, &ToAgent::Exit { status: -1 }).unwrap();
        let mut from = sent.as_slice();
        greeted(&mut from).unwrap();
        assert_eq!(receive(&mut from).unwrap(), Some(Frame::Message(ToAgent::Register { container: 3 })));
        assert_eq!(receive::<ToAgent>(&mut from).unwrap(), Some(Frame::Bytes(b"a\0b".to_vec())));
        assert_eq!(receive(&mut from).unwrap(), Some(Frame::Message(ToAgent::Exit { status: -1 })));
        assert_eq!(receive::<ToAgent>(&mut from).unwrap(), None);
        assert!(matches!(expect::<ToAgent>(&mut from), Err(WireError::Closed)));
    }

    #[test]
    fn another_version_is_named() {
        for (greeting, words) in [
            ("redkite-pod/1\n", ""),
            ("redkite-pod/2\n", "speaks version 2 of the protocol, this one version 1"),
            (
                "HTTP/1.1 400 Bad Request\r\n",
                "no agent that this one understands (it says \"HTTP/1.1 400 Bad Request\")",
            ),
            ("", "shut down"),
        ] {
            let answer =
                greeted(&mut greeting.as_bytes()).map_or_else(|error| error.to_string(), |()| String::new());
            assert!(
                answer.contains(words) && answer.is_empty() == words.is_empty(),
                "{greeting:?}: {answer}"
            );
        }
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        for bytes in [&b"X\0\0\0\x01a"[..], b"J\xff\0\0\0", b"J\0\0\0\x05{}", b"J\0", b"J\0\0\0\x01{"] {
            let mut from = bytes;
            assert!(receive::<ToAgent>(&mut from).is_err(), "{bytes:?}");
        }
    }
}
