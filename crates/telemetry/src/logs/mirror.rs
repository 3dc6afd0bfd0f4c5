//! A stream of the job's log whose lines are exported as well.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::assembler::Assembler;
use crate::trace::Inner;

/// Writes to its sink, and mirrors what was written.
pub(crate) struct Mirror<W> {
    sink: W,
    inner: Arc<Inner>,
    lines: Arc<Mutex<Assembler>>,
}

impl<W> Mirror<W> {
    pub(crate) fn new(sink: W, inner: Arc<Inner>) -> Self {
        let lines = Arc::new(Mutex::new(Assembler::default()));
        if let Some(log) = inner.job_log() {
            log.mirror(lines.clone());
        }
        Self { sink, inner, lines }
    }
}

impl<W: Write> Write for Mirror<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.sink.write(bytes)?;
        if let Some(log) = self.inner.job_log() {
            let now = SystemTime::now();
            let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner).feed(&bytes[..count], now);
            if !lines.is_empty() {
                log.emit(lines, self.inner.lines_of().as_ref());
            }
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}
