//! What `pipeline upload` reads (docs/spec/pipeline.md §3).

use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use redkite_pipeline::DEFAULT_FILES;

use crate::failure::{Failure, OrFail};
use crate::stdin;

/// One input, opened but not read.
pub(super) struct Input {
    /// What messages call it.
    pub(super) name: String,
    content: Content,
}

enum Content {
    File { path: PathBuf, file: File },
    Stdin(std::io::Result<Vec<u8>>),
}

impl Input {
    /// All of it.
    pub(super) fn read(self) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        let read = match self.content {
            Content::Stdin(read) => read,
            Content::File { path, mut file } => {
                let read = file.read_to_end(&mut bytes).map(|_| bytes);
                return read.or_fail(format!("reading the pipeline file {}", path.display()));
            }
        };
        read.or_fail("reading standard input")
    }
}

/// Opens the named files, else standard input, else the one default file there is. None of them is empty.
pub(super) fn open(files: &[OsString]) -> Result<Vec<Input>, Failure> {
    if !files.is_empty() {
        tracing::info!("Reading pipeline configs from [{}]", listed(files));
        return files.iter().map(|path| open_file(path.as_ref())).collect();
    }
    if let Some(content) = stdin::read_if_readable() {
        tracing::info!("Reading pipeline config from STDIN");
        return Ok(vec![Input { name: "(stdin)".to_owned(), content: Content::Stdin(content) }]);
    }
    tracing::info!("Searching for pipeline config...");
    let path = default_file()?;
    tracing::info!("Found config file {path:?}");
    Ok(vec![open_file(path.as_ref())?])
}

fn listed(files: &[OsString]) -> String {
    files.iter().map(redkite_shell::quoted).collect::<Vec<_>>().join(" ")
}

fn default_file() -> Result<&'static str, Failure> {
    let found: Vec<&str> = DEFAULT_FILES.into_iter().filter(|path| Path::new(path).exists()).collect();
    match found.as_slice() {
        [] => Err(Failure::new(
            "there is no pipeline file here: name one, or see `buildkite-agent pipeline upload --help` for where they \
             are looked for",
        )),
        [path] => Ok(path),
        several => Err(Failure::new(format!(
            "there are several pipeline files: {}; name the one that is meant",
            several.join(", ")
        ))),
    }
}

fn open_file(path: &Path) -> Result<Input, Failure> {
    let file = File::open(path).or_fail(format!("opening the pipeline file {}", path.display()))?;
    let is_empty = file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() == 0);
    if is_empty {
        return Err(Failure::new(format!("the pipeline file {} is empty", redkite_shell::quoted(path))));
    }
    let name = redkite_text::shown(path.file_name().unwrap_or_default()).into_owned();
    Ok(Input { name, content: Content::File { path: path.to_owned(), file } })
}
