//! Unpacking an archive into a directory of its own, and into nothing else.
use super::ArchiveError;
use crate::os;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use zip::ZipArchive;
use zip::read::ZipFile;

/// All files of a plugin together may have so many bytes.
const LARGEST: u64 = 100 * 1024 * 1024;

/// Unpacks `archive` to `directory`, which is made.
pub(super) fn extract(archive: &Path, directory: &Path) -> Result<(), ArchiveError> {
    extract_within(archive, directory, LARGEST)
}

fn extract_within(archive: &Path, directory: &Path, mut left: u64) -> Result<(), ArchiveError> {
    let file = File::open(archive).map_err(ArchiveError::file("opening", archive))?;
    let mut archive = ZipArchive::new(file).map_err(contents)?;
    fs::create_dir(directory).map_err(ArchiveError::file("creating directory", directory))?;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(contents)?;
        unpack(entry, directory, &mut left)?;
    }
    Ok(())
}

fn unpack<R: Read>(mut entry: ZipFile<'_, R>, directory: &Path, left: &mut u64) -> Result<(), ArchiveError> {
    let refuse = |entry: &ZipFile<'_, R>, why: &str| {
        let name = String::from_utf8_lossy(entry.name_raw());
        Err(ArchiveError::Contents(format!("{name:?} {why}")))
    };
    let Some(inside) = entry.enclosed_name() else { return refuse(&entry, "leads out of the archive") };
    if entry.is_symlink() {
        return refuse(&entry, "is a symbolic link");
    }
    let path = directory.join(inside);
    let made = |path: &Path| fs::create_dir_all(path).map_err(ArchiveError::file("creating directory", path));
    if entry.is_dir() {
        return made(&path);
    }
    made(path.parent().unwrap_or(directory))?;
    if entry.size() > *left {
        return refuse(&entry, "makes the plugin larger than 100 MiB");
    }
    let mut file = File::create(&path).map_err(ArchiveError::file("creating", &path))?;
    // One byte more than there may be tells that there is more than was declared.
    let copied = io::copy(&mut (&mut entry).take(*left + 1), &mut file);
    let copied = copied.map_err(ArchiveError::file("writing", &path))?;
    if copied > *left {
        return refuse(&entry, "makes the plugin larger than 100 MiB");
    }
    *left -= copied;
    match entry.unix_mode() {
        Some(mode) => os::set_mode(&path, mode).map_err(ArchiveError::file("setting the mode of", &path)),
        None => Ok(()),
    }
}

fn contents(error: zip::result::ZipError) -> ArchiveError {
    ArchiveError::Contents(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::write::{SimpleFileOptions, ZipWriter};

    fn check(fill: impl FnOnce(&mut ZipWriter<File>), says: Option<&str>) -> tempfile::TempDir {
        let place = tempfile::tempdir().expect("a directory");
        let archive = place.path().join("a.zip");
        let mut writer = ZipWriter::new(File::create(&archive).expect("made"));
        fill(&mut writer);
        writer.finish().expect("written");
        let result = extract_within(&archive, &place.path().join("out"), 100);
        match says {
            None => result.expect("it can be unpacked"),
            Some(says) => {
                let error = result.expect_err("it can't be unpacked").to_string();
                assert!(error.contains(says), "{error}");
            }
        }
        place
    }

    fn add(writer: &mut ZipWriter<File>, name: &str, text: &[u8]) {
        writer.start_file(name, SimpleFileOptions::default().unix_permissions(0o755)).expect("started");
        writer.write_all(text).expect("written");
    }

    #[test]
    fn files_and_their_modes_come_out() {
        let place = check(|writer| add(writer, "hooks/command", b"echo"), None);
        let file = place.path().join("out/hooks/command");
        assert_eq!(fs::read(&file).expect("it is there"), b"echo");
        #[cfg(unix)]
        assert!(os::is_executable(&file));
    }

    #[test]
    fn nothing_leaves_the_directory() {
        let place = check(|writer| add(writer, "../evil", b"x"), Some("\"../evil\" leads out"));
        assert!(!place.path().join("evil").exists());
        check(
            |writer| writer.add_symlink("link", "/etc", SimpleFileOptions::default()).expect("added"),
            Some("is a symbolic link"),
        );
    }

    #[test]
    fn bombs_are_refused() {
        let zeros = [0; 60];
        check(
            |writer| {
                add(writer, "one", &zeros);
                add(writer, "two", &zeros);
            },
            Some("larger than 100 MiB"),
        );
    }

    #[test]
    fn other_files_are_no_archives() {
        let place = tempfile::tempdir().expect("a directory");
        let file = place.path().join("x");
        fs::write(&file, "text").expect("written");
        assert!(extract(&file, &place.path().join("out")).is_err());
    }
}
