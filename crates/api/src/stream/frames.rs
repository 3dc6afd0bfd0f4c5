//! The frames of gRPC: a flag, a length, a message.

use flate2::read::GzDecoder;
use std::io::Read;

const HEADER: usize = 5;
/// No ping is anywhere near as long; a length beyond this means that the stream is out of step.
const LONGEST: usize = 1 << 20;

/// Cuts a stream of bytes into messages.
#[derive(Debug)]
pub(super) struct Frames {
    bytes: Vec<u8>,
    is_gzip: bool,
}

impl Frames {
    /// `is_gzip` says how messages that are marked as compressed are compressed.
    pub(super) fn new(is_gzip: bool) -> Self {
        Self { bytes: Vec::new(), is_gzip }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next complete message.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, &'static str> {
        let Some((&[flag, a, b, c, d], rest)) = self.bytes.split_first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        if length > LONGEST {
            return Err("a message is too long");
        }
        if rest.len() < length {
            return Ok(None);
        }
        let message = rest[..length].to_vec();
        self.bytes.drain(..HEADER + length);
        match (flag, self.is_gzip) {
            (0, _) => Ok(Some(message)),
            (1, true) => inflate(&message).map(Some),
            _ => Err("a message is compressed in an unknown way"),
        }
    }
}

fn inflate(message: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut plain = Vec::new();
    let read = GzDecoder::new(message).take(LONGEST as u64).read_to_end(&mut plain);
    read.map(|_| plain).map_err(|_| "a compressed message is damaged")
}

/// A message in a frame, uncompressed.
pub(super) fn plain(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("a request is short").to_be_bytes();
    [&[0], &length[..], message].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_however_the_bytes_are_cut() {
        let bytes = [plain(b"first"), plain(b""), plain(b"second")].concat();
        for size in 1..bytes.len() {
            let mut frames = Frames::new(false);
            let mut seen = Vec::new();
            for piece in bytes.chunks(size) {
                frames.feed(piece);
                while let Some(message) = frames.next().unwrap() {
                    seen.push(message);
                }
            }
            assert_eq!(seen, [&b"first"[..], b"", b"second"], "{size}");
        }
    }

    #[test]
    fn what_is_no_frame_is_an_error() {
        for bytes in [&[1, 0, 0, 0, 0][..], &[0, 0xff, 0xff, 0xff, 0xff], &[7, 0, 0, 0, 0]] {
            let mut frames = Frames::new(false);
            frames.feed(bytes);
            assert!(frames.next().is_err(), "{bytes:?}");
        }
    }
}
