//! Files in which Amazon's tools leave what a sign-on gave, named by a hash. Members that mean nothing to us are kept.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use ring::digest::{self, Algorithm};
use serde_json::{Map, Value};

use super::config::Config;
use crate::CloudError;

/// How long before its end what is cached is renewed.
pub(super) const EARLY: SignedDuration = SignedDuration::from_mins(5);

/// One of these files.
pub(super) struct Cached {
    path: PathBuf,
    members: Map<String, Value>,
}

/// `FOLDER/HASH.json`
pub(super) fn path(folder: &Path, hash: &'static Algorithm, name: &str) -> PathBuf {
    let hash = digest::digest(hash, name.as_bytes());
    let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    folder.join(format!("{hash}.json"))
}

/// Advice for somebody who has to sign on with that command of Amazon's.
pub(super) fn advice(config: &Config<'_>, command: &str, why: &str) -> String {
    format!("{why}: sign on with `aws {command} --profile {}`", config.profile_name())
}

/// The time in a text. Older tools write `UTC` for the `Z` of RFC 3339.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    text.strip_suffix("UTC").map_or_else(|| text.parse(), |start| format!("{start}Z").parse()).ok()
}

/// The time in so many seconds, as these files write it.
pub(super) fn time_in(seconds: i64, now: Timestamp) -> String {
    let then = now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(now);
    then.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl Cached {
    /// Reads a file; the error says what is wrong with it.
    pub(super) fn read(path: PathBuf) -> Result<Self, String> {
        let text =
            std::fs::read(&path).map_err(|error| format!("no sign-on in {}: {error}", path.display()))?;
        match serde_json::from_slice(&text) {
            Ok(members) => Ok(Self { path, members }),
            Err(_) => Err(Self { path, members: Map::new() }.unusable()),
        }
    }

    /// What is said of a file that lacks something.
    pub(super) fn unusable(&self) -> String {
        format!("the sign-on in {} can't be read", self.path.display())
    }

    /// What is said of a file whose time is over.
    pub(super) fn expired(&self, at: Timestamp) -> String {
        format!("the sign-on in {} has expired at {at}", self.path.display())
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    pub(super) fn member(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.members.insert(name.to_owned(), value);
    }

    /// Notes that there is nothing new, where the old still counts for a moment.
    pub(super) fn note(&self, error: &CloudError) {
        tracing::warn!("Renewing the sign-on in {}: {error}", self.path.display());
    }

    /// Keeps what was renewed for everybody who shares the file, in one step and for its owner only. Without that the
    /// next one renews it again.
    pub(super) fn keep(&self) {
        let written = self.path.parent().map_or(Ok(()), |folder| {
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(Value::Object(self.members.clone()).to_string().as_bytes())?;
            file.persist(&self.path).map(drop).map_err(|error| error.error)
        });
        if let Err(error) = written {
            tracing::warn!("Keeping the renewed sign-on in {}: {error}", self.path.display());
        }
    }
}
