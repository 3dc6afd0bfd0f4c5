//! The messages of a ping stream: a handful of fields, each a text or a message of texts.

use bytes::{BufMut as _, Bytes, BytesMut};

use crate::engine::Instruction;

/// Fields of `StreamPingsResponse`.
const RESUME: u8 = 2;
const PAUSE: u8 = 3;
const DISCONNECT: u8 = 4;
const JOB_ASSIGNED: u8 = 5;
/// The first field: `agent_id`, `reason`, `job` and its `id`.
const FIRST: u8 = 1;
/// Wire type of texts and messages.
const LENGTH_DELIMITED: u8 = 2;
/// Flag and length before each message.
const FRAME_HEAD: usize = 5;

/// The message that tells an instruction, framed; an agent that is busy is told that all is well.
pub(super) fn frame(instruction: &Instruction) -> Bytes {
    let message = match instruction {
        Instruction::Idle | Instruction::Busy => field(RESUME, &[]),
        Instruction::Pause(reason) => field(PAUSE, &text(reason)),
        Instruction::Disconnect => field(DISCONNECT, &text("This agent was told to stop")),
        Instruction::Job(job) => field(JOB_ASSIGNED, &field(FIRST, &text(&job.to_string()))),
    };
    let mut frame = BytesMut::with_capacity(FRAME_HEAD + message.len());
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).expect("a reason is no longer than a request"));
    frame.put_slice(&message);
    frame.freeze()
}

/// The agent of a framed `StreamPingsRequest`.
pub(super) fn agent_id(request: &[u8]) -> Option<&str> {
    let (head, message) = request.split_at_checked(FRAME_HEAD)?;
    let length = u32::from_be_bytes(*head.last_chunk()?);
    if head[0] != 0 || usize::try_from(length).ok()? != message.len() {
        return None;
    }
    // The id is short: its length is one byte.
    let (tag, rest) = message.split_first()?;
    let (length, id) = rest.split_first()?;
    let fits = *tag == tag_of(FIRST) && *length < 0x80 && usize::from(*length) == id.len();
    fits.then(|| std::str::from_utf8(id).ok())?
}

fn text(text: &str) -> Vec<u8> {
    if text.is_empty() { Vec::new() } else { field(FIRST, text.as_bytes()) }
}

fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut field = vec![tag_of(number)];
    let mut length = content.len();
    while length >= 0x80 {
        field.push(u8::try_from(length & 0x7f).expect("seven bits") | 0x80);
        length >>= 7;
    }
    field.push(u8::try_from(length).expect("seven bits"));
    field.extend_from_slice(content);
    field
}

const fn tag_of(number: u8) -> u8 {
    number << 3 | LENGTH_DELIMITED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(instruction: Instruction, expected: &str) {
        assert_eq!(hex::encode(frame(&instruction)), expected.replace(' ', ""));
    }

    /// The examples of the specification.
    #[test]
    fn messages_are_those_of_the_specification() {
        check(Instruction::Idle, "00 00000002 1200");
        check(Instruction::Busy, "00 00000002 1200");
        check(Instruction::Pause("because".into()), "00 0000000b 1a09 0a07 62656361757365");
        check(Instruction::Pause(String::new()), "00 00000002 1a00");
        let job: redkite_scheduler::JobId = "0190bbbb-0000-7000-8000-000000000009".parse().expect("an id");
        check(Instruction::Job(job), &format!("00 0000002a 2a28 0a26 0a24 {}", hex::encode(job.to_string())));
        let long = frame(&Instruction::Pause("x".repeat(200)));
        assert_eq!(hex::encode(&long[..10]), "00000000ce1acb010ac8");
    }

    #[test]
    fn requests_name_their_agent() {
        let request = hex::decode("000000000e0a0c6167656e742d757569642d31").expect("hexadecimal");
        assert_eq!(agent_id(&request), Some("agent-uuid-1"));
        for broken in ["", "00", "000000000e0a0c", "010000000e0a0c6167656e742d757569642d31", "00000000021200"]
        {
            assert_eq!(agent_id(&hex::decode(broken).expect("hexadecimal")), None, "{broken}");
        }
    }
}
