//! Where the pipeline comes from: the rules of `pipeline upload` (spec/pipeline.md §3).

use std::fs;
use std::io::{self, IsTerminal as _, Read as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use redkite_pipeline::DEFAULT_FILES;
use thiserror::Error;

/// A pipeline file that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// What messages call it.
    pub(crate) name: String,
    /// What it holds.
    pub(crate) bytes: Vec<u8>,
}

/// Why there is no pipeline.
#[derive(Debug, Error)]
pub(crate) enum FindError {
    /// None of the usual files exists.
    #[error("there is no pipeline file in {}: name one, or create .buildkite/pipeline.yml", list(folders))]
    None {
        /// Where it was looked for.
        folders: Vec<PathBuf>,
    },
    /// Several of the usual files exist.
    #[error("{folder} has several pipeline files: {}: name one, or keep only one", files.join(", "))]
    Several {
        /// Where.
        folder: PathBuf,
        /// They.
        files: Vec<&'static str>,
    },
    /// The file can't be read.
    #[error("reading the pipeline file {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The file has no bytes.
    #[error("the pipeline file {path} is empty")]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

fn list(folders: &[PathBuf]) -> String {
    folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(" or ")
}

/// What came with standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Given {
    /// A terminal, the null device, or nothing in it.
    Nothing,
    /// Bytes from a pipe, a file or a socket.
    Bytes(Vec<u8>),
}

impl Given {
    /// Reads standard input unless it is a character device.
    pub(crate) fn from_standard_input() -> Result<Self, FindError> {
        let failed = |source| FindError::Read { path: "(stdin)".into(), source };
        let mut stdin = io::stdin().lock();
        if stdin.is_terminal() || !is_readable_input() {
            return Ok(Self::Nothing);
        }
        let mut bytes = Vec::new();
        stdin.read_to_end(&mut bytes).map_err(failed)?;
        Ok(if bytes.is_empty() { Self::Nothing } else { Self::Bytes(bytes) })
    }
}

fn is_readable_input() -> bool {
    use std::os::fd::AsFd as _;
    let Ok(descriptor) = io::stdin().as_fd().try_clone_to_owned() else { return false };
    fs::File::from(descriptor).metadata().is_ok_and(|data| !data.file_type().is_char_device())
}

/// The pipeline: the named file, else what was `given`, else the one usual file in `here` or, when that has
/// none, in the top folder of the repository.
pub(crate) fn find(
    named: Option<&Path>,
    here: &Path,
    top: &Path,
    given: impl FnOnce() -> Result<Given, FindError>,
) -> Result<Found, FindError> {
    if let Some(path) = named {
        return read(&here.join(path), path);
    }
    if let Given::Bytes(bytes) = given()? {
        return Ok(Found { name: "(stdin)".to_owned(), bytes });
    }
    let mut folders = vec![here.to_path_buf()];
    if top != here {
        folders.push(top.to_path_buf());
    }
    for folder in &folders {
        let files: Vec<_> = DEFAULT_FILES.into_iter().filter(|file| folder.join(file).exists()).collect();
        match files.as_slice() {
            [] => {}
            [file] => return read(&folder.join(file), Path::new(file)),
            _ => return Err(FindError::Several { folder: folder.clone(), files }),
        }
    }
    Err(FindError::None { folders })
}

fn read(path: &Path, shown: &Path) -> Result<Found, FindError> {
    let bytes = fs::read(path).map_err(|source| FindError::Read { path: path.to_path_buf(), source })?;
    if bytes.is_empty() {
        return Err(FindError::Empty { path: path.to_path_buf() });
    }
    Ok(Found { name: shown.display().to_string(), bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[&str], named: Option<&str>, given: Given, expected: &str) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let top = folder.path();
        let here = top.join("sub");
        for file in files.iter().chain([&"sub/.keep"]) {
            let path = top.join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, if file.contains("empty") { "" } else { *file }).expect("a file");
        }
        let found = match find(named.map(Path::new), &here, top, || Ok(given)) {
            Ok(found) => format!("{}: {}", found.name, String::from_utf8_lossy(&found.bytes)),
            Err(error) => error.to_string().replace(&top.display().to_string(), "TOP"),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn the_rules_of_pipeline_upload() {
        let stdin = || Given::Bytes(b"steps".to_vec());
        check(&["p.yml", "sub/x.yml"], Some("x.yml"), stdin(), "x.yml: sub/x.yml");
        check(&["p.yml"], Some("../p.yml"), Given::Nothing, "../p.yml: p.yml");
        check(&["buildkite.yml"], None, stdin(), "(stdin): steps");
        check(&["sub/buildkite.json"], None, Given::Nothing, "buildkite.json: sub/buildkite.json");
        let in_top = ".buildkite/pipeline.yml: .buildkite/pipeline.yml";
        check(&[".buildkite/pipeline.yml"], None, Given::Nothing, in_top);
        check(
            &["sub/buildkite.yml", ".buildkite/pipeline.yml"],
            None,
            Given::Nothing,
            "buildkite.yml: sub/buildkite.yml",
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        check(
            &[],
            None,
            Given::Nothing,
            "there is no pipeline file in TOP/sub or TOP: name one, or create .buildkite/pipeline.yml",
        );
        check(
            &["buildkite.yml", "buildkite/pipeline.json"],
            None,
            Given::Nothing,
            "TOP has several pipeline files: buildkite.yml, buildkite/pipeline.json: name one, or keep only one",
        );
        check(&[], Some("no.yml"), Given::Nothing, "reading the pipeline file TOP/sub/no.yml");
        check(
            &["sub/empty.yml"],
            Some("empty.yml"),
            Given::Nothing,
            "the pipeline file TOP/sub/empty.yml is empty",
        );
    }
}
