//! The roots that `SSL_CERT_FILE` and `SSL_CERT_DIR` name, read as Go's programs read them (spec/agent-api.md §2.3):
//! each replaces its half of the system's, and the other half stays. A CA of one's own is added by the file without
//! losing the public ones in the directories.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

const FILE: &str = "SSL_CERT_FILE";
const DIRECTORIES: &str = "SSL_CERT_DIR";

/// Where systems keep all roots in one file: the first that is there counts.
const FILES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];
/// Where they keep one root in a file.
const FOLDERS: [&str; 2] = ["/etc/ssl/certs", "/etc/pki/tls/certs"];

/// The roots to trust; `None` if the environment names none. macOS and Windows ask their own store, whatever it says.
#[expect(clippy::disallowed_methods, reason = "a setting of the process, for all that speaks TLS in it")]
pub(crate) fn named() -> Option<Vec<CertificateDer<'static>>> {
    if cfg!(any(windows, target_vendor = "apple")) {
        return None;
    }
    of(|name| std::env::var(name).ok())
}

fn of(variable: impl Fn(&str) -> Option<String>) -> Option<Vec<CertificateDer<'static>>> {
    let filled = |name| variable(name).filter(|value| !value.is_empty());
    let (file, folders) = (filled(FILE), filled(DIRECTORIES));
    if file.is_none() && folders.is_none() {
        return is_there(&variable).then(|| load(&paths(FILES), &paths(FOLDERS)));
    }
    let files = file.map_or_else(|| paths(FILES), |file| vec![PathBuf::from(file)]);
    let folders = folders.map_or_else(|| paths(FOLDERS), |list| list.split(':').map(PathBuf::from).collect());
    Some(load(&files, &folders))
}

/// A variable that is there and empty says nothing, but isn't nothing to the library that reads the system's roots.
fn is_there(variable: impl Fn(&str) -> Option<String>) -> bool {
    variable(FILE).is_some() || variable(DIRECTORIES).is_some()
}

fn paths<const N: usize>(texts: [&str; N]) -> Vec<PathBuf> {
    texts.map(PathBuf::from).into()
}

/// What the first readable file and all files of the folders hold, each once. What is no certificate is left out.
fn load(files: &[PathBuf], folders: &[PathBuf]) -> Vec<CertificateDer<'static>> {
    let first = files.iter().find_map(|file| fs::read(file).ok());
    let others = folders.iter().flat_map(|folder| entries(folder)).filter_map(|path| fs::read(path).ok());
    let mut seen = HashSet::new();
    let all = first.into_iter().chain(others).flat_map(|text| certificates(&text));
    all.filter(|certificate| seen.insert(certificate.clone())).collect()
}

fn certificates(text: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(text).filter_map(Result::ok).collect()
}

/// The files of a folder, without other names for the same ones: those that `c_rehash` makes are links without a
/// directory in them.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let other_name = |path: &Path| fs::read_link(path).is_ok_and(|target| target.components().count() == 1);
    paths.filter(|path| !other_name(path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(file: Option<&Path>, folders: &[&Path]) -> usize {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let list = folders.iter().map(|path| text(path)).collect::<Vec<_>>().join(":");
        let found = of(|name| match name {
            FILE => file.map(text),
            _ => Some(list.clone()),
        });
        found.expect("named").len()
    }

    #[test]
    fn a_file_and_folders_are_read_and_each_root_counts_once() {
        let root = tempfile::tempdir().expect("a directory");
        let made = |name: &str, text: &str| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().expect("below")).expect("made");
            fs::write(&path, text).expect("written");
            path
        };
        let block = |content: &str| {
            format!("text\n-----BEGIN CERTIFICATE-----\n{content}\n-----END CERTIFICATE-----\n")
        };
        let file = made("file.pem", &(block("QUFB") + &block("QkJC")));
        made("a/one.pem", &block("QUFB"));
        made("a/other", &block("Q0ND"));
        made("b/none.txt", "no certificate");
        made("b/three.crt", &block("RERE"));
        let (a, b, none) = (root.path().join("a"), root.path().join("b"), root.path().join("none"));
        assert_eq!(count(Some(&file), &[&a, &b]), 4);
        assert_eq!(count(Some(&file), &[&none]), 2);
        assert_eq!(count(Some(&none), &[&a]), 2);
        assert_eq!(count(Some(&none), &[&none]), 0);
    }

    #[test]
    fn an_environment_that_names_nothing_changes_nothing() {
        assert!(of(|_| None).is_none());
        assert!(of(|_| Some(String::new())).is_some(), "the system's, but read by ourselves");
    }
}
