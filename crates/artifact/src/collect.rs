//! From a list of paths to files that are ready to be artifacts (docs/spec/artifacts.md §3, §4).

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use redkite_api::Halt;
use sha1::{Digest, Sha1};
use sha2::Sha256;

use crate::glob::{Links, Pattern, PatternError, Walk};
use crate::heeding::Heeding;
use crate::paths::{absolute, split_list, way};
use crate::types::content_type;

/// What to upload, and how the list of it reads.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Paths or patterns.
    pub list: OsString,
    /// What separates them.
    pub delimiter: String,
    /// Whether they are patterns.
    pub reading: Reading,
    /// Whether links are artifacts too.
    pub links_as_artifacts: LinkArtifacts,
    /// The type of all of them; empty to tell it by the name.
    pub content_type: String,
    /// Whether recorded paths have `/` on every platform.
    pub separators: Separators,
    /// The directory to which paths are relative.
    pub directory: PathBuf,
}

/// Whether a list holds patterns.
#[derive(Debug, Clone)]
pub enum Reading {
    /// Paths as they are.
    Literal,
    /// Patterns.
    Globs {
        /// Whether links to directories are entered.
        links: Links,
        /// What `~/` stands for.
        home: PathBuf,
    },
}

/// Whether a path that is a link is uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkArtifacts {
    /// What it leads to is.
    Uploaded,
    /// It isn't.
    Skipped,
}

/// How recorded paths are separated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separators {
    /// As the platform does it.
    Native,
    /// With `/`.
    Slashes,
}

/// A file on its way to become an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The recorded path, as text.
    pub path: String,
    /// Where the file is.
    pub absolute: PathBuf,
    /// Bytes.
    pub size: u64,
    /// 40 hexadecimal digits.
    pub sha1: String,
    /// 64 hexadecimal digits.
    pub sha256: String,
    /// Its media type.
    pub content_type: String,
}

/// Why there is nothing to upload.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// A pattern is malformed.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// A selected file can't be opened or read.
    #[error("building artifact: opening file {path}: open {path}: {}", crate::reason(source))]
    File {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// It was told to stop.
    #[error("stopped")]
    Halted,
}

/// Finds and reads everything a selection names, in the order of the paths, unless `halt` is given.
///
/// # Errors
/// If a pattern is malformed, or one of the files can't be read: then none of them is uploaded.
pub fn collect(selection: &Selection, halt: &Halt) -> Result<Vec<Found>, CollectError> {
    let mut candidates = candidates(selection, selected(selection)?);
    candidates.sort_unstable();
    let read = in_parallel(&candidates, |candidate| read(candidate, selection, halt));
    read.into_iter().collect()
}

/// The paths that are selected, perhaps several times.
fn selected(selection: &Selection) -> Result<Vec<PathBuf>, PatternError> {
    let pieces = split_list(&selection.list, &selection.delimiter);
    match &selection.reading {
        Reading::Literal => Ok(pieces.map(PathBuf::from).collect()),
        Reading::Globs { links, home } => {
            let patterns = pieces.map(|piece| Pattern::new(&piece, home)).collect::<Result<_, _>>()?;
            Ok(Walk::new(&selection.directory, *links).find(patterns))
        }
    }
}

/// A selected path: as it is recorded, and where it is.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    path: String,
    absolute: PathBuf,
}

/// Each file once, without directories.
fn candidates(selection: &Selection, paths: Vec<PathBuf>) -> Vec<Candidate> {
    let mut seen = HashSet::new();
    let mut candidates = Vec::with_capacity(paths.len());
    for path in paths {
        let absolute = absolute(&selection.directory, &path);
        let shown = path.display();
        if absolute.is_dir() {
            tracing::debug!("Skipping directory {shown}");
        } else if selection.links_as_artifacts == LinkArtifacts::Skipped && absolute.is_symlink() {
            tracing::debug!("Skipping symlink {shown}");
        } else if !seen.insert(absolute.clone()) {
            tracing::debug!("Skipping duplicate path {shown}");
        } else {
            candidates.push(Candidate { path: recorded(&path, &absolute, selection), absolute });
        }
    }
    candidates
}

/// Relative paths are recorded as the way from the directory to the file, absolute ones without their root.
fn recorded(path: &Path, absolute: &Path, selection: &Selection) -> String {
    let is_root = |component: &Component<'_>| matches!(component, Component::RootDir | Component::Prefix(_));
    let relative = if path.is_absolute() {
        absolute.components().skip_while(is_root).collect()
    } else {
        way(&selection.directory, absolute)
    };
    let text = redkite_text::into_shown(relative.into_os_string());
    match selection.separators {
        Separators::Slashes if cfg!(windows) => text.replace('\\', "/"),
        Separators::Slashes | Separators::Native => text,
    }
}

/// Reads a file once for all there is to know of it.
fn read(candidate: &Candidate, selection: &Selection, halt: &Halt) -> Result<Found, CollectError> {
    let path = &candidate.absolute;
    let failed = |source| match halt.is_given() {
        true => CollectError::Halted,
        false => CollectError::File { path: path.display().to_string(), source },
    };
    let content = File::open(path).map(|reader| Heeding { reader, halt });
    let sums = content.and_then(Sums::of).map_err(failed)?;
    let kind = match selection.content_type.as_str() {
        "" => content_type(&candidate.path),
        given => given.to_owned(),
    };
    Ok(Found {
        path: candidate.path.clone(),
        absolute: path.clone(),
        size: sums.size,
        sha1: sums.sha1,
        sha256: sums.sha256,
        content_type: kind,
    })
}

/// What one pass over a content tells.
#[derive(Debug)]
pub(crate) struct Sums {
    pub(crate) size: u64,
    pub(crate) sha1: String,
    pub(crate) sha256: String,
}

impl Sums {
    fn of(mut content: impl Read) -> io::Result<Self> {
        const BUFFER: usize = 64 * 1024;
        let mut buffer = vec![0; BUFFER];
        let (mut sha1, mut sha256, mut size) = (Sha1::new(), Sha256::new(), 0);
        loop {
            let read = match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            sha1.update(&buffer[..read]);
            sha256.update(&buffer[..read]);
            size += read as u64;
        }
        Ok(Self { size, sha1: hex::encode(sha1.finalize()), sha256: hex::encode(sha256.finalize()) })
    }
}

/// The number of processors this process may use.
pub fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Does `work` on every item, on as many threads as there are processors; results in the order of the items.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let log = tracing::dispatcher::get_default(Clone::clone);
    let worker = || {
        let _log = tracing::dispatcher::set_default(&log);
        let mut done = Vec::new();
        while let Some((index, item)) = next_of(items, &next) {
            done.push((index, work(item)));
        }
        done
    };
    let mut done = if items.len() < 2 {
        worker()
    } else {
        thread::scope(|scope| {
            let workers: Vec<_> = (0..processors().min(items.len())).map(|_| scope.spawn(worker)).collect();
            workers
                .into_iter()
                .flat_map(|worker| worker.join().expect("a worker passes its panic on"))
                .collect()
        })
    };
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// The next item nobody has taken.
fn next_of<'a, T>(items: &'a [T], next: &AtomicUsize) -> Option<(usize, &'a T)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    items.get(index).map(|item| (index, item))
}
