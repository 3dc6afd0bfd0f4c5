//! The writing end of a job's log.

use super::chunks::Chunker;
use super::copies::Copies;
use super::gather::Gather;
use super::header_times::Pending;
use super::queue::Queue;
use crate::settings::Timestamps;
use jiff::Timestamp;
use redkite_redact::{AnsiStamper, HeadingTimes, LineStamper};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Takes the output of one job from any thread.
#[derive(Debug)]
pub(crate) struct JobLog {
    copies: Copies,
    writer: Mutex<Writer>,
    queue: Queue,
    header_times: Pending,
}

#[derive(Debug)]
struct Writer {
    stamper: Stamper,
    headings: Option<HeadingTimes>,
    gather: Gather,
    chunker: Chunker,
    limit: Limit,
}

#[derive(Debug)]
enum Stamper {
    Ansi(AnsiStamper),
    None,
    Lines(LineStamper),
}

/// The size from which the server may cut the log; reaching it is worth one warning.
#[derive(Debug)]
enum Limit {
    Watched(u64),
    Reached,
}

impl JobLog {
    /// A log in chunks of at most `max_chunk` bytes.
    pub(crate) fn new(timestamps: Timestamps, copies: Copies, max_chunk: usize, limit: u64) -> Self {
        let stamper = match timestamps {
            Timestamps::Ansi => Stamper::Ansi(AnsiStamper::new()),
            Timestamps::None => Stamper::None,
            Timestamps::Lines => Stamper::Lines(LineStamper::new()),
        };
        let headings = (timestamps != Timestamps::Ansi).then(HeadingTimes::new);
        let chunker = Chunker::new(max_chunk);
        let gather = Gather::default();
        let writer = Writer { stamper, headings, gather, chunker, limit: Limit::Watched(limit) };
        Self { copies, writer: Mutex::new(writer), queue: Queue::default(), header_times: Pending::default() }
    }

    /// The copy that the job can read.
    pub(crate) fn tmpfile(&self) -> Option<std::path::PathBuf> {
        self.copies.path().map(std::path::Path::to_owned)
    }

    /// Output of the job's process. Blocks while too much of the log waits for its upload.
    pub(crate) fn output(&self, bytes: &[u8]) {
        self.queue.wait_for_room();
        self.write(bytes);
    }

    /// A line of the agent itself.
    pub(crate) fn line(&self, text: &str) {
        self.write(format!("{text}\n").as_bytes());
    }

    /// Ends the chunk that is being written, so that it can be uploaded.
    pub(crate) fn flush(&self) {
        self.lock().chunker.cut(&mut |chunk| self.queue.push(chunk));
    }

    /// Ends the log: what was held back for its line's end goes out, and no upload waits for more.
    pub(crate) fn close(&self) {
        let mut writer = self.lock();
        let now = Timestamp::now();
        let Writer { stamper, headings, chunker, .. } = &mut *writer;
        if let Stamper::Lines(stamper) = stamper {
            stamper.finish(now, |part| {
                self.copies.stamped(part);
                chunker.write(part, &mut |chunk| self.queue.push(chunk));
            });
        }
        if let Some(headings) = headings {
            headings.finish(now, |number, _| self.header_times.add(number as u64, now));
        }
        chunker.cut(&mut |chunk| self.queue.push(chunk));
        self.queue.close();
    }

    /// The chunks that wait.
    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// The times that wait; `None` where the log has its own.
    pub(crate) fn header_times(&self) -> Option<&Pending> {
        self.lock().headings.is_some().then_some(&self.header_times)
    }

    fn write(&self, bytes: &[u8]) {
        let now = Timestamp::now();
        // Before the lock: whoever waits for it must not wait for a reader of our standard output.
        self.copies.raw(bytes);
        let mut writer = self.lock();
        let Writer { stamper, headings, gather, chunker, limit } = &mut *writer;
        if let Some(headings) = headings {
            headings.write(bytes, now, |number, _| self.header_times.add(number as u64, now));
        }
        let mut out = |part: &[u8]| {
            self.copies.stamped(part);
            chunker.write(part, &mut |chunk| self.queue.push(chunk));
        };
        match stamper {
            Stamper::Ansi(stamper) => stamper.write(bytes, now, |part| gather.add(part, &mut out)),
            Stamper::None => out(bytes),
            Stamper::Lines(stamper) => stamper.write(bytes, now, |part| gather.add(part, &mut out)),
        }
        gather.hand_on(&mut out);
        limit.watch(chunker.len());
    }

    fn lock(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Limit {
    fn watch(&mut self, length: u64) {
        if let Self::Watched(limit) = *self
            && length > limit
        {
            tracing::warn!(
                "The job's log has reached {}, its limit is {}: the rest may not be kept",
                iec(length),
                iec(limit)
            );
            *self = Self::Reached;
        }
    }
}

/// A size for people: `60 B`, `1.0 GiB`.
fn iec(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let exponent = (bytes.ilog2() / 10).min(6);
    #[expect(clippy::cast_precision_loss, reason = "one digit after the point is shown")]
    let value = bytes as f64 / (1u64 << (10 * exponent)) as f64;
    format!("{value:.1} {}", UNITS[exponent as usize - 1])
}

#[cfg(test)]
mod tests {
    use super::super::copies::JobFields;
    use super::*;
    use crate::settings::StdoutCopy;
    use std::io::Read;

    async fn text(log: &JobLog) -> String {
        log.close();
        let mut text = String::new();
        while let Some(chunk) = log.queue().next().await {
            flate2::read::GzDecoder::new(&chunk.gzip[..]).read_to_string(&mut text).unwrap();
        }
        text
    }

    fn log(timestamps: Timestamps) -> JobLog {
        let copies = Copies::new(StdoutCopy::Off, JobFields::default(), None).unwrap();
        JobLog::new(timestamps, copies, 10, 1000)
    }

    #[tokio::test(flavor = "current_thread")]
    async fn the_log_is_whole_in_every_mode() {
        let plain = log(Timestamps::None);
        plain.output(b"--- one\nand more than one chunk");
        plain.line("!");
        assert_eq!(text(&plain).await, "--- one\nand more than one chunk!\n");
        assert!(plain.header_times().is_some());

        let ansi = log(Timestamps::Ansi);
        ansi.output(b"x");
        let stamped = text(&ansi).await;
        assert!(stamped.starts_with("\x1b_bk;t=") && stamped.ends_with("\x07x"), "{stamped:?}");
        assert!(ansi.header_times().is_none());

        let lines = log(Timestamps::Lines);
        lines.output(b"no line feed");
        assert!(text(&lines).await.ends_with("Z] no line feed\n"));
    }

    #[test]
    fn sizes_are_readable() {
        for (bytes, expected) in [(60, "60 B"), (1 << 30, "1.0 GiB"), (1536, "1.5 KiB")] {
            assert_eq!(iec(bytes), expected);
        }
    }
}
