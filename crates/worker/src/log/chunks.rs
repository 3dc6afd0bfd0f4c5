//! Cutting a log into compressed chunks: bytes in, chunks out (spec/agent-api.md §11.3).

use super::gzip::Gzip;
use redkite_api::calls::job::LogChunk;

/// Cuts a stream into chunks of at most `max` bytes, each compressed by itself.
#[derive(Debug)]
pub(crate) struct Chunker {
    max: usize,
    sequence: u64,
    offset: u64,
    gzip: Gzip,
    /// Bytes of the chunk that is being written.
    open: usize,
}

impl Chunker {
    /// At the beginning of a log; `max` is at least 1.
    pub(crate) fn new(max: usize) -> Self {
        Self { max: max.max(1), sequence: 0, offset: 0, gzip: Gzip::new(), open: 0 }
    }

    /// Adds bytes, handing full chunks to `sink`.
    pub(crate) fn write(&mut self, mut bytes: &[u8], sink: &mut impl FnMut(LogChunk)) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(self.max - self.open));
            self.gzip.write(now);
            self.open += now.len();
            if self.open == self.max {
                self.cut(sink);
            }
            bytes = later;
        }
    }

    /// Ends the chunk that is being written, if there is one.
    pub(crate) fn cut(&mut self, sink: &mut impl FnMut(LogChunk)) {
        if self.open == 0 {
            return;
        }
        self.sequence += 1;
        let (offset, size) = (self.offset, self.open as u64);
        self.offset += size;
        self.open = 0;
        sink(LogChunk { sequence: self.sequence, offset, size, gzip: self.gzip.finish() });
    }

    /// How long the log is so far.
    pub(crate) fn len(&self) -> u64 {
        self.offset + self.open as u64
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
