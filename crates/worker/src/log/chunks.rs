//! Cutting a log into compressed chunks: bytes in, chunks out (spec/agent-api.md §11.3).

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use redkite_api::calls::job::LogChunk;
use std::io::Write;

/// Log text compresses well at the least effort; more would cost the machine that builds.
const EFFORT: Compression = Compression::fast();

/// Cuts a stream into chunks of at most `max` bytes, each compressed by itself.
#[derive(Debug)]
pub(crate) struct Chunker {
    max: usize,
    sequence: u64,
    offset: u64,
    open: Option<Open>,
}

/// The chunk that is being written.
#[derive(Debug)]
struct Open {
    gzip: GzEncoder<Vec<u8>>,
    size: usize,
}

impl Chunker {
    /// At the beginning of a log; `max` is at least 1.
    pub(crate) fn new(max: usize) -> Self {
        Self { max: max.max(1), sequence: 0, offset: 0, open: None }
    }

    /// Adds bytes, handing full chunks to `sink`.
    pub(crate) fn write(&mut self, mut bytes: &[u8], sink: &mut impl FnMut(LogChunk)) {
        while !bytes.is_empty() {
            let open = self.open.get_or_insert_with(Open::new);
            let (now, later) = bytes.split_at(bytes.len().min(self.max - open.size));
            open.write(now);
            if open.size == self.max {
                self.cut(sink);
            }
            bytes = later;
        }
    }

    /// Ends the chunk that is being written, if there is one.
    pub(crate) fn cut(&mut self, sink: &mut impl FnMut(LogChunk)) {
        let Some(open) = self.open.take() else { return };
        self.sequence += 1;
        let (offset, size) = (self.offset, open.size as u64);
        self.offset += size;
        sink(LogChunk { sequence: self.sequence, offset, size, gzip: open.finish() });
    }

    /// How long the log is so far.
    pub(crate) fn len(&self) -> u64 {
        self.offset + self.open.as_ref().map_or(0, |open| open.size as u64)
    }
}

impl Open {
    fn new() -> Self {
        Self { gzip: GzEncoder::new(Vec::new(), EFFORT), size: 0 }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.gzip.write_all(bytes).expect("a vector takes everything");
        self.size += bytes.len();
    }

    fn finish(self) -> Bytes {
        self.gzip.finish().expect("a vector takes everything").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn text(chunk: &LogChunk) -> String {
        let mut text = String::new();
        flate2::read::GzDecoder::new(&chunk.gzip[..]).read_to_string(&mut text).unwrap();
        text
    }

    /// Writes the parts; `|` cuts.
    fn check(max: usize, parts: &[&str], expected: &[(u64, u64, &str)]) {
        let mut chunks = Vec::new();
        let mut chunker = Chunker::new(max);
        for part in parts {
            match *part {
                "|" => chunker.cut(&mut |chunk| chunks.push(chunk)),
                part => chunker.write(part.as_bytes(), &mut |chunk| chunks.push(chunk)),
            }
        }
        let seen: Vec<_> = chunks.iter().map(|chunk| (chunk.sequence, chunk.offset, text(chunk))).collect();
        let expected: Vec<_> = expected.iter().map(|(s, o, t)| (*s, *o, (*t).to_owned())).collect();
        assert_eq!(seen, expected, "{parts:?}");
        assert!(chunks.iter().all(|chunk| chunk.size == text(chunk).len() as u64));
    }

    #[test]
    fn chunks_are_cut_by_size_and_by_hand() {
        check(4, &["ab", "cdef", "ghij", "|", "|"], &[(1, 0, "abcd"), (2, 4, "efgh"), (3, 8, "ij")]);
        check(100, &["ab", "|", "", "|", "c", "|"], &[(1, 0, "ab"), (2, 2, "c")]);
        check(2, &["abcdef"], &[(1, 0, "ab"), (2, 2, "cd"), (3, 4, "ef")]);
        check(4, &["ab"], &[]);
    }

    #[test]
    fn the_length_counts_open_chunks() {
        let mut chunker = Chunker::new(4);
        chunker.write(b"abcdef", &mut |_| {});
        assert_eq!(chunker.len(), 6);
    }
}
