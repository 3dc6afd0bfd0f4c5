//! Plugins that are zip archives (experiment `zip-plugins`, spec/job.md §9.6).
mod download;
mod error;
mod extract;

pub use error::ArchiveError;

use crate::plugin::Plugin;
use crate::reference::Reference;
use download::Source;
use redkite_shell::{Shell, quoted};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Whether archives are plugins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Archives {
    /// They are refused.
    Refused,
    /// They are downloaded.
    Allowed,
}

/// Gets a plugin's archive and unpacks it to `directory`, which is replaced. It is to be removed at the job's end,
/// and noted in `leftovers` for that.
pub(crate) fn install(
    shell: &Shell,
    plugin: &Plugin,
    plugins_path: &Path,
    directory: &Path,
    leftovers: &mut Vec<PathBuf>,
) -> Result<(), ArchiveError> {
    let (reference, log) = (&plugin.reference, shell.log());
    let (name, shown) = (reference.display_name(), quoted(directory));
    log.comment(format_args!("Plugin {name:?} will be downloaded as zip archive"));
    let wanted = wanted_digest(reference)?;
    let source = Source::of(reference)?;
    if directory.exists() {
        fs::remove_dir_all(directory).map_err(ArchiveError::file("removing", directory))?;
    }
    log.comment(format_args!("Plugin {name:?} will be downloaded to {shown}"));
    let prefix = format!("zip-plugin{}", shell.job_mark());
    let work = tempfile::Builder::new().prefix(&prefix).tempdir_in(plugins_path);
    let work = work.map_err(ArchiveError::file("creating a directory in", plugins_path))?;
    let archive = work.path().join("archive.zip");
    source.download(shell, &archive)?;
    let digest = digest(&archive).map_err(ArchiveError::file("reading", &archive))?;
    if let Some(expected) = wanted.filter(|wanted| *wanted != digest) {
        return Err(ArchiveError::Digest { expected: expected.to_owned(), found: digest });
    }
    let unpacked = work.path().join("plugin");
    extract::extract(&archive, &unpacked)?;
    log.comment("Moving plugin to final location");
    leftovers.push(directory.to_path_buf());
    fs::rename(&unpacked, directory).map_err(ArchiveError::file("moving the plugin to", directory))?;
    log.comment(format_args!("Successfully downloaded and extracted plugin {name:?} (SHA256: {digest})"));
    Ok(())
}

/// The digest that a version asks for, if there is a version.
fn wanted_digest(reference: &Reference) -> Result<Option<&str>, ArchiveError> {
    let Some(version) = reference.version() else { return Ok(None) };
    match version.strip_prefix("sha256:") {
        Some(digest) if !digest.is_empty() => Ok(Some(digest)),
        _ => Err(ArchiveError::Version(version.to_owned())),
    }
}

fn digest(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hex::encode(hasher.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_digest() {
        let wanted = |text: &str| {
            let reference = Reference::parse(text).expect(text);
            wanted_digest(&reference)
                .map(|digest| digest.map(str::to_owned))
                .map_err(|error| error.to_string())
        };
        assert_eq!(wanted("zip+file:///x.zip"), Ok(None));
        assert_eq!(wanted("zip+file:///x.zip#sha256:ab"), Ok(Some("ab".into())));
        assert!(
            wanted("zip+file:///x.zip#v1")
                .expect_err("no digest")
                .contains("unsupported version format \"v1\"")
        );
    }
}
