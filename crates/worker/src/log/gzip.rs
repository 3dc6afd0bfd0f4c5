//! Gzip files one after another, with one compressor (RFC 1952).

use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress, Status};

/// Log text compresses well at the least effort; more would cost the machine that builds.
const EFFORT: Compression = Compression::fast();

/// Deflate, no flags, no time, "fastest algorithm", unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 0xff];

/// The least room that the compressor is given.
const ROOM: usize = 16 * 1024;

/// Writes gzip files. The compressor's tables are large beside a chunk of a log, and making them takes its time.
#[derive(Debug)]
pub(crate) struct Gzip {
    deflate: Compress,
    crc: Crc,
    out: Vec<u8>,
}

impl Gzip {
    /// At the beginning of a file.
    pub(crate) fn new() -> Self {
        Self { deflate: Compress::new(EFFORT, false), crc: Crc::new(), out: HEADER.to_vec() }
    }

    /// Adds bytes to the file.
    pub(crate) fn write(&mut self, mut bytes: &[u8]) {
        self.crc.update(bytes);
        while !bytes.is_empty() {
            let (used, _) = self.compress(bytes, FlushCompress::None);
            bytes = &bytes[used..];
        }
    }

    /// Ends the file, and begins the next one.
    pub(crate) fn finish(&mut self) -> Bytes {
        while self.compress(&[], FlushCompress::Finish).1 != Status::StreamEnd {}
        self.out.extend_from_slice(&self.crc.sum().to_le_bytes());
        self.out.extend_from_slice(&self.crc.amount().to_le_bytes());
        self.deflate.reset();
        self.crc.reset();
        // A copy: the buffer's spare room would wait for the upload with it.
        let file = Bytes::copy_from_slice(&self.out);
        self.out.truncate(HEADER.len());
        file
    }

    /// One call of the compressor; how many bytes it took.
    fn compress(&mut self, bytes: &[u8], flush: FlushCompress) -> (usize, Status) {
        self.out.reserve(ROOM);
        let before = self.deflate.total_in();
        let status = self.deflate.compress_vec(bytes, &mut self.out, flush).expect("there is room");
        let used = usize::try_from(self.deflate.total_in() - before).expect("no more than was given");
        (used, status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn files_are_whole_and_do_not_touch() {
        let noise = (0..300_000u64).map(|i| (i.wrapping_mul(i) >> 7).to_le_bytes()[0]);
        let noise: Vec<u8> = noise.collect();
        let mut gzip = Gzip::new();
        for parts in [&[&b"first"[..], b"", b" file"][..], &[], &[&noise, &noise[7..]], &[b"last"]] {
            parts.iter().for_each(|part| gzip.write(part));
            let (file, mut text) = (gzip.finish(), Vec::new());
            flate2::read::GzDecoder::new(&file[..]).read_to_end(&mut text).unwrap();
            assert!(text == parts.concat(), "{} bytes", text.len());
        }
    }
}
