//! The files a person looks at after a run: a text for each job's log, a copy of each artifact.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Component, Path, PathBuf};

use thiserror::Error;

use super::event::{Job, Step};
use super::folder::RunFolder;

/// A file could not be written.
#[derive(Debug, Error)]
#[error("writing {path}")]
pub(crate) struct ResultError {
    path: PathBuf,
    source: io::Error,
}

/// The results of one run.
#[derive(Debug)]
pub(crate) struct Results {
    folder: RunFolder,
    names: HashMap<String, String>,
    taken: HashSet<String>,
}

/// A job's log file, being written.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Results {
    /// Nothing yet, in `folder`.
    pub(crate) fn new(folder: RunFolder) -> Self {
        Self { folder, names: HashMap::new(), taken: HashSet::new() }
    }

    /// Where they lie.
    pub(crate) fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// The path of a job's log file.
    pub(crate) fn log_path(&mut self, step: &Step, job: &Job) -> PathBuf {
        let name = self.name(step, job);
        self.folder.logs.join(name + ".log")
    }

    /// Begins a log file.
    pub(crate) fn create_log(path: PathBuf) -> Result<LogFile, ResultError> {
        match File::create(&path) {
            Ok(file) => Ok(LogFile { path, file: BufWriter::new(file) }),
            Err(source) => Err(ResultError { path, source }),
        }
    }

    /// Puts an artifact that a job uploaded as `path` where a person finds it.
    pub(crate) fn keep_artifact(&self, job: &str, path: &str, stored: &Path) -> Result<PathBuf, ResultError> {
        let folder = self.names.get(job).map_or(job, String::as_str);
        let place = self.folder.artifacts.join(folder).join(inside(path));
        let failed = |source| ResultError { path: place.clone(), source };
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        match fs::remove_file(&place) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(failed(source)),
            _ => {}
        }
        // A link costs nothing; where there are none, a copy.
        fs::hard_link(stored, &place).or_else(|_| fs::copy(stored, &place).map(drop)).map_err(failed)?;
        Ok(place)
    }

    /// A name for a job's files that no other job of the run has.
    fn name(&mut self, step: &Step, job: &Job) -> String {
        if let Some(name) = self.names.get(&job.id) {
            return name.clone();
        }
        let mut wanted = slug(job.label.as_deref().unwrap_or(&step.label));
        if let Some(part) = job.parallel {
            wanted = format!("{wanted}-{}", part.index + 1);
        }
        if job.attempt > 0 {
            wanted = format!("{wanted}-retry-{}", job.attempt);
        }
        let numbered = (2..).map(|number| format!("{wanted}-{number}"));
        let name = std::iter::once(wanted.clone()).chain(numbered).find(|name| !self.taken.contains(name));
        let name = name.expect("numbers do not end");
        self.taken.insert(name.clone());
        self.names.insert(job.id.clone(), name.clone());
        name
    }
}

impl LogFile {
    /// Adds a line.
    pub(crate) fn write(&mut self, line: &str) -> Result<(), ResultError> {
        writeln!(self.file, "{line}").map_err(|source| ResultError { path: self.path.clone(), source })
    }

    /// Lets readers see what is there.
    pub(crate) fn flush(&mut self) -> Result<(), ResultError> {
        self.file.flush().map_err(|source| ResultError { path: self.path.clone(), source })
    }
}

/// Longest name of a job's files.
const LONGEST: usize = 80;

fn slug(label: &str) -> String {
    let words = label.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join("-").to_lowercase();
    let mut end = joined.len().min(LONGEST);
    while !joined.is_char_boundary(end) {
        end -= 1;
    }
    if joined.is_empty() { "job".to_owned() } else { joined[..end].trim_end_matches('-').to_owned() }
}

/// A path that stays inside the folder it is joined to.
fn inside(path: &str) -> PathBuf {
    let parts = Path::new(path).components().filter_map(|part| match part {
        Component::Normal(part) => Some(part),
        _ => None,
    });
    let path: PathBuf = parts.collect();
    if path.as_os_str().is_empty() { "artifact".into() } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files() {
        for (label, expected) in [
            ("Unit tests", "unit-tests"),
            (":hammer: Build / x86", "hammer-build-x86"),
            ("日本 é", "日本-é"),
            ("🚀", "job"),
            ("..", "job"),
        ] {
            assert_eq!(slug(label), expected);
        }
        assert!(slug(&"é".repeat(100)).len() <= LONGEST);
    }

    #[test]
    fn artifacts_stay_inside() {
        for (path, expected) in [
            ("a/b", "a/b"),
            ("/etc/passwd", "etc/passwd"),
            ("../../x", "x"),
            ("a/../../b", "a/b"),
            ("..", "artifact"),
        ] {
            assert_eq!(inside(path), Path::new(expected));
        }
    }
}
