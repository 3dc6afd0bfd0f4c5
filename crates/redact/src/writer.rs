//! A writer behind which text is redacted, shared by everything that writes to one stream.

use std::io::{self, BufWriter, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::redactor::Redactor;

/// Redacts what is written to it; clones write to the same stream, whole writes after one another.
///
/// [`Write::flush`] flushes the stream behind it but keeps a possible secret's beginning back, so that it
/// can be called at any time; [`release`](Self::release) is the flush of spec/redaction-and-logs.md §5.
#[derive(Debug)]
pub struct RedactingWriter<W: Write>(Arc<Mutex<Stream<W>>>);

#[derive(Debug)]
struct Stream<W: Write> {
    redactor: Redactor,
    /// Joins the small pieces between secrets to few writes; large ones go past the buffer.
    out: BufWriter<W>,
}

impl<W: Write> Clone for RedactingWriter<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: Write> RedactingWriter<W> {
    /// Redacts what goes to `out`.
    pub fn new(out: W, redactor: Redactor) -> Self {
        Self(Arc::new(Mutex::new(Stream { redactor, out: BufWriter::new(out) })))
    }

    /// Makes these values secrets in what is written from now on.
    pub fn add<V: AsRef<[u8]>>(&self, values: impl IntoIterator<Item = V>) {
        let mut stream = self.lock();
        values.into_iter().for_each(|value| stream.redactor.add(value.as_ref()));
    }

    /// Hands on everything that is held back: nothing that follows belongs to it.
    pub fn release(&self) -> io::Result<()> {
        let Stream { redactor, out } = &mut *self.lock();
        let mut result = Ok(());
        redactor.flush(|part| put(out, part, &mut result));
        result.and_then(|()| out.flush())
    }

    fn lock(&self) -> MutexGuard<'_, Stream<W>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Write> Write for &RedactingWriter<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let Stream { redactor, out } = &mut *self.lock();
        let mut result = Ok(());
        redactor.write(text, |part| put(out, part, &mut result));
        result.and_then(|()| out.flush()).map(|()| text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lock().out.flush()
    }
}

impl<W: Write> Write for RedactingWriter<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        (&*self).write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self).flush()
    }
}

/// Writes `part` unless an earlier one failed.
fn put(out: &mut impl Write, part: &[u8], result: &mut io::Result<()>) {
    if result.is_ok() {
        *result = out.write_all(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn clones_write_to_one_redacted_stream() {
        let out = Shared::default();
        let text = || String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
        let mut writer = RedactingWriter::new(out.clone(), Redactor::with_secrets(["hunter22"]));
        writer.write_all(b"a hun").unwrap();
        writer.flush().unwrap();
        assert_eq!(text(), "a ");
        writer.clone().write_all(b"ter22 second2").unwrap();
        writer.add(["second2"]);
        writer.write_all(b" second2 hunt").unwrap();
        writer.release().unwrap();
        assert_eq!(text(), "a [REDACTED] second2 [REDACTED] hunt");
    }
}
