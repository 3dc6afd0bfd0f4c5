//! Rows of log chunks whose bytes are on the disk already (control-plane.md §14.1).

use redkite_scheduler::{BuildId, JobId};

use super::{Change, Context, Failure};
use crate::plane::Event;
use crate::store::{ChunkRow, LogsTable};

/// Notes a stored chunk; one that is known already stays as it is.
pub(crate) struct AddChunk {
    /// The build.
    pub build: BuildId,
    /// The job.
    pub job: JobId,
    /// The chunk.
    pub chunk: ChunkRow,
}

impl Change for AddChunk {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        if LogsTable::insert(cx.db().await?, &self.job.to_string(), &self.chunk).await? {
            let (offset, size) = (self.chunk.offset, self.chunk.size);
            cx.announce(Event::Log { build: self.build, job: self.job, offset, size });
        }
        Ok(())
    }
}

/// Notes when header lines were printed.
pub(crate) struct AddHeaderTimes {
    /// The job.
    pub job: JobId,
    /// Times by the header's number.
    pub times: Vec<(u32, String)>,
}

impl Change for AddHeaderTimes {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        for (header, at) in &self.times {
            LogsTable::set_header_time(cx.db().await?, &self.job.to_string(), *header, at).await?;
        }
        Ok(())
    }
}
