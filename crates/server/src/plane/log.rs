//! Reading a job's log: chunks in the order of the log, inflated, without repetitions.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use redkite_scheduler::JobId;

use super::PlaneError;
use crate::blobs::{LogFiles, Stored};
use crate::failure_text::describe;
use crate::store::{BuildsTable, ChunkRow, Database, LogsTable};

/// A piece of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogPart {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Where the next piece starts; the same as was asked for when there is nothing more yet.
    pub next: u64,
}

/// Bytes after which a piece ends with the chunk that it is in.
const PIECE: usize = 1 << 20;

/// What becomes of missing bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gaps {
    /// They may still come: reading ends before them.
    Wait,
    /// They will not: a line stands for them.
    Mark,
}

/// Reads about a megabyte of a job's log from `from` on.
pub(crate) async fn read(
    database: &Database,
    files: &LogFiles,
    (job, from): (JobId, u64),
    gaps: Gaps,
) -> Result<LogPart, PlaneError> {
    let fault = |error: &dyn std::error::Error| PlaneError::Fault(describe(error));
    let id = job.to_string();
    let build = BuildsTable::build_of(database.readers(), &id).await.map_err(|error| fault(&error))?;
    let build = build.ok_or_else(|| PlaneError::NotFound { what: format!("No job {job} found") })?;
    let chunks = LogsTable::chunks(database.readers(), &id, from).await.map_err(|error| fault(&error))?;
    let files = files.clone();
    let read = move |chunk: &ChunkRow| {
        let stored = Stored { start: chunk.file_start, size: chunk.file_size };
        files
            .read(&build, &id, stored)
            .map(|bytes| inflate(&bytes, chunk.size))
            .map_err(|error| describe(&error))
    };
    let assembled = tokio::task::spawn_blocking(move || assemble(&chunks, from, gaps, read));
    assembled.await.map_err(|error| fault(&error))?.map_err(PlaneError::Fault)
}

/// A chunk was checked only roughly when it came: what can't be inflated is left out, and shows as a gap; what
/// goes beyond the `size` that the agent gave is not the log's.
fn inflate(bytes: &[u8], size: u64) -> Vec<u8> {
    let mut log = Vec::new();
    if let Err(error) = MultiGzDecoder::new(bytes).take(size).read_to_end(&mut log) {
        tracing::warn!(%error, "a log chunk is damaged");
    }
    log
}

fn assemble(
    chunks: &[ChunkRow],
    from: u64,
    gaps: Gaps,
    read: impl Fn(&ChunkRow) -> Result<Vec<u8>, String>,
) -> Result<LogPart, String> {
    let mut part = LogPart { bytes: Vec::new(), next: from };
    for chunk in chunks {
        if part.bytes.len() >= PIECE || (gaps == Gaps::Wait && chunk.offset > part.next) {
            return Ok(part);
        }
        part.mark_gap(chunk.offset);
        let bytes = read(chunk)?;
        let known = usize::try_from(part.next - chunk.offset).unwrap_or(usize::MAX);
        if let Some(new) = bytes.get(known..) {
            part.bytes.extend_from_slice(new);
            part.next += new.len() as u64;
        }
    }
    if gaps == Gaps::Mark {
        // The last chunks may hold less than they say.
        part.mark_gap(chunks.iter().map(ChunkRow::end).max().unwrap_or(from));
    }
    Ok(part)
}

impl LogPart {
    /// Goes on at `offset`; a line stands for the bytes before it, if there are any.
    fn mark_gap(&mut self, offset: u64) {
        if offset > self.next {
            let missing = offset - self.next;
            self.bytes.extend_from_slice(format!("\n[{missing} bytes of the log are missing]\n").as_bytes());
            self.next = offset;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(offset: u64, size: u64) -> ChunkRow {
        ChunkRow { sequence: offset + 1, offset, size, file_start: 0, file_size: 0 }
    }

    /// Chunks of a log that counts its bytes; `expected` is what comes out, and where it goes on.
    #[track_caller]
    fn check(chunks: &[(u64, u64)], from: u64, gaps: Gaps, expected: (&str, u64)) {
        let chunks: Vec<_> = chunks.iter().map(|(offset, size)| chunk(*offset, *size)).collect();
        let text = "0123456789";
        let read = |chunk: &ChunkRow| {
            let start = usize::try_from(chunk.offset).expect("a small number");
            Ok(text.as_bytes()[start..start + usize::try_from(chunk.size).expect("a small number")].to_vec())
        };
        let part = assemble(&chunks, from, gaps, read).expect("everything can be read");
        assert_eq!((String::from_utf8(part.bytes).expect("text").as_str(), part.next), expected);
    }

    #[test]
    fn a_chunk_is_as_long_as_was_said() {
        use std::io::Write as _;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&[b'x'; 1000]).expect("a vector takes everything");
        let bytes = gzip.finish().expect("a vector takes everything");
        for (said, expected) in [(3, 3), (1000, 1000), (2000, 1000)] {
            assert_eq!(inflate(&bytes, said).len(), expected, "{said}");
        }
    }

    #[test]
    fn a_piece_ends_after_about_a_megabyte() {
        let chunks: Vec<_> = (0..64).map(|n| chunk(n << 18, 1 << 18)).collect();
        let part = assemble(&chunks, 0, Gaps::Wait, |chunk| {
            Ok(vec![b'x'; usize::try_from(chunk.size).expect("a small number")])
        });
        let part = part.expect("everything can be read");
        assert_eq!((part.bytes.len(), part.next), (PIECE, 1 << 20));
    }

    #[test]
    fn what_a_chunk_lacks_is_a_gap() {
        let chunks = [chunk(0, 3), chunk(3, 3)];
        let read = |_: &ChunkRow| Ok(b"ab".to_vec());
        let waiting = assemble(&chunks, 0, Gaps::Wait, read).expect("everything can be read");
        assert_eq!(waiting, LogPart { bytes: b"ab".to_vec(), next: 2 });
        let marked = assemble(&chunks, 0, Gaps::Mark, read).expect("everything can be read");
        let gap = "\n[1 bytes of the log are missing]\n";
        assert_eq!(marked, LogPart { bytes: format!("ab{gap}ab{gap}").into_bytes(), next: 6 });
    }

    #[test]
    fn a_log_is_put_together_by_offset() {
        check(&[], 0, Gaps::Wait, ("", 0));
        check(&[(0, 3), (3, 4)], 0, Gaps::Wait, ("0123456", 7));
        check(&[(0, 3), (3, 4)], 5, Gaps::Wait, ("56", 7));
        check(&[(0, 3), (0, 3), (2, 3)], 0, Gaps::Wait, ("01234", 5));
        check(&[(0, 2), (4, 2)], 0, Gaps::Wait, ("01", 2));
        check(&[(0, 2), (4, 2)], 0, Gaps::Mark, ("01\n[2 bytes of the log are missing]\n45", 6));
    }
}
