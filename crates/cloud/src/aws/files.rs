//! The shared files of AWS: sections of settings, in two files whose sections are called differently.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

/// Settings by name; names are in lower case.
pub(crate) type Settings = HashMap<String, String>;

/// What both files say.
#[derive(Debug, Default)]
pub(crate) struct Files {
    profiles: HashMap<String, Profile>,
    sso_sessions: HashMap<String, Settings>,
    services: HashMap<String, HashMap<String, Settings>>,
}

/// A profile.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    settings: Settings,
    /// The last file that has it.
    pub(crate) file: PathBuf,
}

/// A section as it stands in a file.
#[derive(Debug, Default)]
struct Section {
    title: String,
    settings: Settings,
    /// Settings that have settings of their own.
    nested: HashMap<String, Settings>,
}

impl Profile {
    /// A setting that is there and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

impl Files {
    /// Reads the files that are there; of a setting that both have, that of `credentials` counts.
    pub(crate) fn read(config: Option<&Path>, credentials: Option<&Path>) -> Self {
        let mut files = Self::default();
        if let Some((path, text)) = config.and_then(text) {
            files.add_config(path, &text);
        }
        if let Some((path, text)) = credentials.and_then(text) {
            files.add_credentials(path, &text);
        }
        files
    }

    pub(crate) fn profile(&self, name: &str) -> Option<&Profile> {
        self.profiles.get(name)
    }

    pub(crate) fn sso_session(&self, name: &str) -> Option<&Settings> {
        self.sso_sessions.get(name)
    }

    /// What a section `services NAME` says of one service.
    pub(crate) fn service(&self, name: &str, service: &str) -> Option<&Settings> {
        self.services.get(name)?.get(service)
    }

    /// `[profile NAME]`, `[default]`, `[sso-session NAME]`, `[services NAME]`; others mean nothing here.
    fn add_config(&mut self, path: &Path, text: &str) {
        let sections = sections(text);
        // Where both are there, the one without the word is overlooked.
        let bare_counts = !sections.iter().any(|section| kind(&section.title) == ("profile", "default"));
        for section in sections {
            match kind(&section.title) {
                ("profile", name) => self.add(name, section.settings, path),
                ("", "default") if bare_counts => self.add("default", section.settings, path),
                ("sso-session", name) => {
                    self.sso_sessions.entry(name.to_owned()).or_default().extend(section.settings);
                }
                ("services", name) => {
                    self.services.entry(name.to_owned()).or_default().extend(section.nested);
                }
                _ => {}
            }
        }
    }

    /// `[NAME]`
    fn add_credentials(&mut self, path: &Path, text: &str) {
        for section in sections(text) {
            if kind(&section.title).0.is_empty() {
                self.add(&section.title, section.settings, path);
            }
        }
    }

    fn add(&mut self, name: &str, settings: Settings, path: &Path) {
        let profile = self.profiles.entry(name.to_owned()).or_default();
        profile.settings.extend(settings);
        path.clone_into(&mut profile.file);
    }
}

/// The word before a section's name, and the name.
fn kind(title: &str) -> (&str, &str) {
    match title.split_once([' ', '\t']) {
        Some((word @ ("profile" | "sso-session" | "services"), name)) => (word, name.trim()),
        _ => ("", title),
    }
}

fn text(path: &Path) -> Option<(&Path, String)> {
    match std::fs::read_to_string(path) {
        Ok(text) => Some((path, text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            tracing::warn!("The AWS settings in {} can't be read: {error}", path.display());
            None
        }
    }
}

/// The sections of a file. An indented line belongs to the setting before it, if that has no value of its own.
fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut parent = None;
    for line in text.lines().map(str::trim_end) {
        let is_indented = line.starts_with([' ', '\t']);
        let words = line.trim_start();
        if words.is_empty() || words.starts_with(['#', ';']) {
            continue;
        }
        if let Some(title) = words.strip_prefix('[').filter(|_| !is_indented) {
            let title = title.split(']').next().unwrap_or_default().trim().to_owned();
            sections.push(Section { title, ..Section::default() });
            parent = None;
            continue;
        }
        let (Some(section), Some((name, value))) = (sections.last_mut(), setting(words)) else { continue };
        match parent.as_ref().filter(|_| is_indented) {
            Some(parent) => section.nested.entry(String::clone(parent)).or_default().insert(name, value),
            None => {
                parent = value.is_empty().then(|| name.clone());
                section.settings.insert(name, value)
            }
        };
    }
    sections
}

/// `name = value` or `name: value`
fn setting(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(['=', ':'])?;
    let name = name.trim().to_lowercase();
    let value = without_comment(value).trim();
    // The quotes of a command are for the shell.
    let value = if name == "credential_process" { value } else { without_quotes(value) };
    Some((name, value.to_owned()))
}

fn without_quotes(value: &str) -> &str {
    let within = |mark: char| value.strip_prefix(mark)?.strip_suffix(mark);
    within('"').or_else(|| within('\'')).unwrap_or(value)
}

/// A value ends where a comment begins: at a sharp or semicolon behind a blank.
fn without_comment(value: &str) -> &str {
    let ends = [" #", " ;", "\t#", "\t;"].into_iter().filter_map(|mark| value.find(mark));
    ends.min().map_or(value, |end| &value[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(config: &str, credentials: &str) -> Files {
        let mut files = Files::default();
        files.add_config(Path::new("config"), config);
        files.add_credentials(Path::new("credentials"), credentials);
        files
    }

    #[test]
    fn both_files_make_one_profile() {
        let files = files(
            "[default]\nregion = a\n[profile two]\nregion=b\ns3 =\n  x = y\n# no\n[three]\nregion=c\n",
            "[two]\nAWS_Access_Key_Id = k # mine\naws_secret_access_key = a#b;c==\n[profile four]\nregion=d\n",
        );
        for (profile, setting, value) in [
            ("default", "region", Some("a")),
            ("two", "region", Some("b")),
            ("two", "aws_access_key_id", Some("k")),
            ("two", "aws_secret_access_key", Some("a#b;c==")),
            ("two", "x", None),
            ("two", "s3", None),
            ("three", "region", None),
            ("four", "region", None),
        ] {
            let found = files.profile(profile).and_then(|profile| profile.get(setting));
            assert_eq!(found, value, "{profile} {setting}");
        }
        assert_eq!(files.profile("two").unwrap().file, Path::new("credentials"));
        assert_eq!(files.profile("default").unwrap().file, Path::new("config"));
    }

    #[test]
    fn lines_have_many_forms() {
        for (line, name, value) in [
            ("a = \"b\"", "a", "b"),
            ("a = 'b'", "a", "b"),
            ("a = \"b", "a", "\"b"),
            ("a: b", "a", "b"),
            ("a = http://b", "a", "http://b"),
            ("a = b ;c", "a", "b"),
            ("a = b;c", "a", "b;c"),
            ("credential_process = \"/bin/a b\"", "credential_process", "\"/bin/a b\""),
        ] {
            assert_eq!(setting(line), Some((name.to_owned(), value.to_owned())), "{line}");
        }
        let files = files("[profile p]\n  a = 1\n  b = 2\nc =\n  a = 3\nd = 4\n\te = 5\n", "");
        let found = ["a", "b", "d", "e"].map(|name| files.profile("p").unwrap().get(name));
        assert_eq!(found, ["1", "2", "4", "5"].map(Some));
    }

    #[test]
    fn credentials_win_and_so_does_the_longer_title() {
        let files =
            files("[profile default]\nregion=long\n[default]\nregion=short\na=1\n", "[default]\na=2\n");
        let default = files.profile("default").unwrap();
        assert_eq!((default.get("region"), default.get("a")), (Some("long"), Some("2")));
    }

    #[test]
    fn sections_of_sessions_and_services_are_told_apart() {
        let files = files(
            "[sso-session s]\nsso_region = r\n[services v]\nkms =\n  endpoint_url = u\n\tother = o\nsts=\n  endpoint_url = t\n",
            "[sso-session s]\nsso_region = wrong\n",
        );
        assert_eq!(files.sso_session("s").unwrap()["sso_region"], "r");
        assert_eq!(files.service("v", "kms").unwrap()["endpoint_url"], "u");
        assert_eq!(files.service("v", "kms").unwrap()["other"], "o");
        assert_eq!(files.service("v", "sts").unwrap()["endpoint_url"], "t");
        assert!(files.service("v", "ec2").is_none() && files.profile("s").is_none());
    }
}
