//! Job logs: one file a job, to which compressed chunks are appended in the order of their arrival.
//!
//! Where a chunk lies is a row in the database, written after the bytes are on the disk. Bytes whose row
//! never came (the server was killed between the two) stay in the file unread: the agent sends them again.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::BlobError;
use crate::private_files;

/// Open files kept for the next chunk; above it those that nobody is using are closed.
const OPEN_FILES: usize = 128;

/// Where appended bytes lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stored {
    /// First byte in the file.
    pub start: u64,
    /// How many bytes.
    pub size: u64,
}

/// The log files of a data folder. Its functions block.
#[derive(Debug, Clone)]
pub(crate) struct LogFiles {
    root: PathBuf,
    open: Arc<Mutex<HashMap<String, Arc<Slot>>>>,
}

/// The place of one job's open file: there is never a second one.
type Slot = Mutex<Option<Arc<LogFile>>>;

/// One open file: appended to under `end`, flushed under `flushed`, so that several chunks share a flush.
#[derive(Debug)]
struct LogFile {
    path: PathBuf,
    file: File,
    end: Mutex<End>,
    flushed: Mutex<u64>,
}

/// Where the next chunk goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Behind this many bytes.
    At(u64),
    /// Nowhere: a flush failed, and the system may have dropped what was written before it. A second flush
    /// would succeed all the same, so nothing goes through this file any more.
    Broken,
}

impl LogFiles {
    /// The logs below a folder.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root, open: Arc::default() }
    }

    /// The file of a job.
    pub(crate) fn path(&self, build: &str, job: &str) -> PathBuf {
        self.root.join(build).join(format!("{job}.log.gz"))
    }

    /// Appends a chunk and makes it durable.
    pub(crate) fn append(&self, build: &str, job: &str, bytes: &[u8]) -> Result<Stored, BlobError> {
        let file = self.file(build, job)?;
        let stored = file.write(bytes)?;
        file.flush(stored.start + stored.size)?;
        Ok(stored)
    }

    /// Closes the file of a job that has ended. A chunk that comes later opens it again.
    pub(crate) fn close(&self, job: &str) {
        let mut open = lock(&self.open);
        // Whoever uses it would write beside a second one; then it is closed as others are, above the cap.
        if open.get(job).is_some_and(|slot| !is_used(slot)) {
            open.remove(job);
        }
    }

    /// Reads back what was appended.
    pub(crate) fn read(&self, build: &str, job: &str, stored: Stored) -> Result<Vec<u8>, BlobError> {
        let path = self.path(build, job);
        let failed = BlobError::at("reading the log", &path);
        let mut file = File::open(&path).map_err(&failed)?;
        file.seek(SeekFrom::Start(stored.start)).map_err(&failed)?;
        let mut bytes = Vec::new();
        file.take(stored.size).read_to_end(&mut bytes).map_err(&failed)?;
        Ok(bytes)
    }

    /// The open file of a job. Opening takes as long as the disk does, so only chunks of the same job wait.
    fn file(&self, build: &str, job: &str) -> Result<Arc<LogFile>, BlobError> {
        let slot = self.slot(job);
        let mut slot = lock(&slot);
        if let Some(file) = &*slot
            && !file.is_broken()
        {
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(LogFile::open(&self.root, &self.path(build, job))?);
        *slot = Some(Arc::clone(&file));
        Ok(file)
    }

    fn slot(&self, job: &str) -> Arc<Slot> {
        let mut open = lock(&self.open);
        if let Some(slot) = open.get(job) {
            return Arc::clone(slot);
        }
        if open.len() >= OPEN_FILES {
            open.retain(|_, slot| is_used(slot));
        }
        let slot = Arc::new(Mutex::new(None));
        open.insert(job.to_owned(), Arc::clone(&slot));
        slot
    }
}

/// Whether somebody holds a slot, or the file in it.
fn is_used(slot: &Arc<Slot>) -> bool {
    Arc::strong_count(slot) > 1 || lock(slot).as_ref().is_some_and(|file| Arc::strong_count(file) > 1)
}

impl LogFile {
    fn open(root: &Path, path: &Path) -> Result<Self, BlobError> {
        let failed = BlobError::at("opening the log", path);
        let folder = path.parent().unwrap_or(root);
        fs::create_dir_all(folder).map_err(&failed)?;
        // Also when the folder was there: whoever has made it may not have come to this yet.
        private_files::sync_folder(root).map_err(&failed)?;
        let file = private_files::append(path).map_err(&failed)?;
        let end = file.metadata().map_err(&failed)?.len();
        private_files::sync_folder(folder).map_err(&failed)?;
        Ok(Self { path: path.to_path_buf(), file, end: Mutex::new(End::At(end)), flushed: Mutex::new(0) })
    }

    /// Where an append ended is read back from the file, so that half a chunk (a full disk) is stepped over.
    fn write(&self, bytes: &[u8]) -> Result<Stored, BlobError> {
        let failed = BlobError::at("writing the log", &self.path);
        let mut end = lock(&self.end);
        let start = self.position(*end)?;
        let written = (&self.file).write_all(bytes);
        // Until it is known, there is no place for a next chunk.
        *end = End::Broken;
        let size = self.file.metadata().map_err(&failed)?.len();
        *end = End::At(size);
        written.map_err(&failed)?;
        Ok(Stored { start, size: size - start })
    }

    /// Returns when everything up to `wanted` is on the disk: by this call's flush or somebody else's.
    fn flush(&self, wanted: u64) -> Result<(), BlobError> {
        self.flush_by(wanted, || self.file.sync_data())
    }

    fn flush_by(&self, wanted: u64, sync: impl FnOnce() -> io::Result<()>) -> Result<(), BlobError> {
        let mut flushed = lock(&self.flushed);
        if *flushed >= wanted {
            return Ok(());
        }
        let end = *lock(&self.end);
        let end = self.position(end)?;
        if let Err(error) = sync() {
            *lock(&self.end) = End::Broken;
            return Err(BlobError::at("flushing the log", &self.path)(error));
        }
        *flushed = end;
        Ok(())
    }

    fn position(&self, end: End) -> Result<u64, BlobError> {
        match end {
            End::At(position) => Ok(position),
            End::Broken => {
                let earlier = io::Error::other("an earlier write did not reach the disk");
                Err(BlobError::at("writing the log", &self.path)(earlier))
            }
        }
    }

    fn is_broken(&self) -> bool {
        *lock(&self.end) == End::Broken
    }
}

/// A panic elsewhere leaves numbers that are still true.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_of_many_threads_come_back_whole() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let logs = LogFiles::new(folder.path().to_path_buf());
        std::thread::scope(|scope| {
            for n in 0..8_u8 {
                let logs = logs.clone();
                scope.spawn(move || {
                    for size in 1..20 {
                        let bytes = vec![n; size];
                        let stored = logs.append("build", "job", &bytes).expect("appending");
                        assert_eq!(logs.read("build", "job", stored).expect("reading"), bytes);
                    }
                });
            }
        });
    }

    /// The second flush of the same pages would succeed, though they were dropped.
    #[test]
    fn after_a_failed_flush_nothing_is_acknowledged_until_the_file_is_opened_anew() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let logs = LogFiles::new(folder.path().to_path_buf());
        let safe = logs.append("b", "j", b"safe").expect("appending");
        let file = logs.file("b", "j").expect("the open file");
        let first = file.write(b"first").expect("writing");
        let second = file.write(b"second").expect("writing");
        let full = || Err(io::Error::from(io::ErrorKind::StorageFull));
        assert!(file.flush_by(first.start + first.size, full).is_err());
        assert!(file.flush_by(second.start + second.size, || Ok(())).is_err());
        assert!(file.flush_by(safe.start + safe.size, full).is_ok(), "it was on the disk before");
        assert!(file.write(b"third").is_err(), "two open files would not know each other's end");
        let again = logs.append("b", "j", b"again").expect("the file is opened anew");
        assert_eq!(again.start, second.start + second.size);
        assert_eq!(logs.read("b", "j", again).expect("reading"), b"again");
    }

    #[test]
    fn a_reopened_file_is_appended_to() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let first = LogFiles::new(folder.path().to_path_buf()).append("b", "j", b"one").expect("appending");
        let logs = LogFiles::new(folder.path().to_path_buf());
        let second = logs.append("b", "j", b"two").expect("appending");
        assert_eq!((first.start, second.start), (0, 3));
        assert_eq!(logs.read("b", "j", first).expect("reading"), b"one");
    }

    #[test]
    fn files_are_closed_when_nobody_uses_them() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let logs = LogFiles::new(folder.path().to_path_buf());
        let open = || lock(&logs.open).len();
        logs.append("b", "used", b"one").expect("appending");
        let user = logs.file("b", "used").expect("the open file");
        logs.close("used");
        assert_eq!(open(), 1, "a second open file would not know the first one's end");
        for n in 0..2 * OPEN_FILES {
            logs.append("b", &n.to_string(), b"one").expect("appending");
        }
        assert!(open() <= OPEN_FILES, "{}", open());
        assert!(Arc::ptr_eq(&user, &logs.file("b", "used").expect("the open file")));
        drop(user);
        logs.close("used");
        assert!(!lock(&logs.open).contains_key("used"));
        assert_eq!(logs.append("b", "used", b"two").expect("appending").start, 3);
    }
}
