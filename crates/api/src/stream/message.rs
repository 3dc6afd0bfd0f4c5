//! The two messages of the stream, in protocol buffers' wire format (spec/agent-api.md §10.4).

use crate::ids::JobId;

/// What the server pushes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamMessage {
    /// Go on; also a message without an action.
    Resume,
    /// Stop taking jobs, for this reason.
    Pause(String),
    /// Leave, for this reason.
    Disconnect(String),
    /// Accept this job.
    JobAssigned(JobId),
}

/// Field numbers of `StreamPingsResponse`.
const RESUME: u64 = 2;
const PAUSE: u64 = 3;
const DISCONNECT: u64 = 4;
const JOB_ASSIGNED: u64 = 5;
/// The number of the one field of every other message.
const ONLY: u64 = 1;

/// `StreamPingsRequest` of an agent.
pub(super) fn request(agent: &str) -> Vec<u8> {
    let mut message = vec![0x0a];
    write_varint(&mut message, agent.len() as u64);
    message.extend_from_slice(agent.as_bytes());
    message
}

/// Reads a `StreamPingsResponse`. Of several actions the last counts, as everywhere in this format.
pub(super) fn read(bytes: &[u8]) -> Result<StreamMessage, &'static str> {
    let mut message = StreamMessage::Resume;
    for field in fields(bytes)? {
        message = match field {
            (RESUME, _) => StreamMessage::Resume,
            (PAUSE, inner) => StreamMessage::Pause(text(inner)?),
            (DISCONNECT, inner) => StreamMessage::Disconnect(text(inner)?),
            (JOB_ASSIGNED, inner) => {
                let job = fields(inner)?.into_iter().rev().find(|(number, _)| *number == ONLY);
                let id = job.map_or(Ok(String::new()), |(_, job)| text(job))?;
                if id.is_empty() {
                    return Err("a job was assigned without saying which");
                }
                StreamMessage::JobAssigned(JobId::from(id))
            }
            _ => message,
        };
    }
    Ok(message)
}

/// The text that is the one field of a message.
fn text(message: &[u8]) -> Result<String, &'static str> {
    let field = fields(message)?.into_iter().rev().find(|(number, _)| *number == ONLY);
    Ok(field.map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default())
}

/// The fields of a message that have a length; others are skipped.
fn fields(mut bytes: &[u8]) -> Result<Vec<(u64, &[u8])>, &'static str> {
    const CUT: &str = "a message is cut short";
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = read_varint(&mut bytes).ok_or(CUT)?;
        let skip = match key & 7 {
            0 => {
                read_varint(&mut bytes).ok_or(CUT)?;
                0
            }
            1 => 8,
            2 => {
                let length =
                    read_varint(&mut bytes).and_then(|length| usize::try_from(length).ok()).ok_or(CUT)?;
                fields.push((key >> 3, bytes.get(..length).ok_or(CUT)?));
                length
            }
            5 => 4,
            _ => return Err("a field has an unknown form"),
        };
        bytes = bytes.get(skip..).ok_or(CUT)?;
    }
    Ok(fields)
}

fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn write_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_specification() {
        let bytes = |hexadecimal: &str| -> Vec<u8> {
            (0..hexadecimal.len())
                .step_by(2)
                .map(|i| u8::from_str_radix(&hexadecimal[i..i + 2], 16).unwrap())
                .collect()
        };
        assert_eq!(request("agent-uuid-1"), bytes("0a0c6167656e742d757569642d31"));
        for (message, expected) in [
            ("", Ok(StreamMessage::Resume)),
            ("1200", Ok(StreamMessage::Resume)),
            ("1a090a0762656361757365", Ok(StreamMessage::Pause("because".into()))),
            ("22050a03627965", Ok(StreamMessage::Disconnect("bye".into()))),
            ("2a050a030a014a", Ok(StreamMessage::JobAssigned("J".into()))),
            // A later version's field is skipped.
            ("0801120032021234", Ok(StreamMessage::Resume)),
            ("2a00", Err("a job was assigned without saying which")),
            ("2a05", Err("a message is cut short")),
        ] {
            assert_eq!(read(&bytes(message)), expected, "{message}");
        }
    }
}
