//! Where each chunk of a job's log lies in the job's log file (control-plane.md §14.1).

use sqlx::Row as _;

use super::{Connection, Doing as _, Row, StoreError};

/// No chunk is larger than this, uncompressed.
pub(crate) const MAX_CHUNK: u64 = 16 << 20;

/// One stored chunk: which bytes of the log, and where its gzip member lies in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChunkRow {
    /// Number of the chunk, from 1.
    pub sequence: u64,
    /// First byte in the uncompressed log.
    pub offset: u64,
    /// Uncompressed size.
    pub size: u64,
    /// Where the compressed bytes start in the file.
    pub file_start: u64,
    /// How many compressed bytes there are.
    pub file_size: u64,
}

impl ChunkRow {
    /// The first byte of the uncompressed log behind the chunk.
    pub(crate) fn end(&self) -> u64 {
        self.offset.saturating_add(self.size)
    }
}

/// Tables `log_chunks` and `header_times`.
pub(crate) struct LogsTable;

impl LogsTable {
    /// Adds a chunk; one that is there already stays as it is. Answers whether it was new.
    pub(crate) async fn insert(db: &mut Connection, job: &str, chunk: &ChunkRow) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO log_chunks (job_id, sequence, log_offset, size, file_start, file_size)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (job_id, log_offset, sequence) DO NOTHING",
        )
        .bind(job)
        .bind(signed(chunk.sequence))
        .bind(signed(chunk.offset))
        .bind(signed(chunk.size))
        .bind(signed(chunk.file_start))
        .bind(signed(chunk.file_size))
        .execute(db)
        .await
        .doing("storing a log chunk")?;
        Ok(done.rows_affected() > 0)
    }

    /// Some chunks that hold bytes at or after `from`, by offset: enough for one read.
    pub(crate) async fn chunks(
        db: impl sqlx::Executor<'_, Database = sqlx::Sqlite>,
        job: &str,
        from: u64,
    ) -> Result<Vec<ChunkRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT sequence, log_offset, size, file_start, file_size FROM log_chunks
             WHERE job_id = $1 AND log_offset >= $3 AND log_offset + size > $2
             ORDER BY log_offset, sequence LIMIT 64",
        )
        .bind(job)
        .bind(signed(from))
        .bind(signed(from.saturating_sub(MAX_CHUNK)))
        .fetch_all(db)
        .await
        .doing("listing log chunks")?;
        rows.iter().map(chunk).collect::<Result<_, _>>().doing("listing log chunks")
    }

    /// Stores when a header line was printed.
    pub(crate) async fn set_header_time(
        db: &mut Connection,
        job: &str,
        header: u32,
        at: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO header_times (job_id, header, at) VALUES ($1, $2, $3)
             ON CONFLICT (job_id, header) DO UPDATE SET at = excluded.at",
        )
        .bind(job)
        .bind(i64::from(header))
        .bind(at)
        .execute(db)
        .await
        .doing("storing header times")?;
        Ok(())
    }
}

fn chunk(row: &Row) -> Result<ChunkRow, sqlx::Error> {
    let number = |name| row.try_get::<i64, _>(name).map(|n| u64::try_from(n).unwrap_or(0));
    Ok(ChunkRow {
        sequence: number("sequence")?,
        offset: number("log_offset")?,
        size: number("size")?,
        file_start: number("file_start")?,
        file_size: number("file_size")?,
    })
}

/// The databases have no unsigned numbers; what does not fit is out of any log's range anyway.
fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
