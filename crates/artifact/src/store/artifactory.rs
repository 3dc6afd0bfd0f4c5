//! Artifactory: one authenticated PUT with checksums per artifact (docs/spec/artifacts.md §9).

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderName, Method};
use md5::{Digest, Md5};
use redkite_api::wire::{PartEtag, UploadInstructions};
use serde::Deserialize;
use url::Url;

use super::{Source, Store, StoreError, Unit, Variables, reopen};
use crate::collect::Found;
use crate::paths::clean;
use crate::transfer::{Content, FileError, Transfer, status_line, text};

const URL: &str = "BUILDKITE_ARTIFACTORY_URL";
const USER: &str = "BUILDKITE_ARTIFACTORY_USER";
const PASSWORD: &str = "BUILDKITE_ARTIFACTORY_PASSWORD";

/// A folder of a repository in an Artifactory server.
#[derive(Debug)]
pub(crate) struct Artifactory {
    base: Url,
    place: String,
    authorization: String,
}

#[derive(Deserialize)]
struct Refusal {
    errors: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    status: i64,
    message: String,
}

impl Artifactory {
    /// The server that the variables name; `place` is repository and path.
    pub(crate) fn new(place: &str, variables: Variables<'_>) -> Result<Self, StoreError> {
        let value = |name| variables(name).filter(|value| !value.is_empty());
        let (Some(base), Some(user), Some(password)) = (value(URL), value(USER), value(PASSWORD)) else {
            return Err(StoreError::Unconfigured(vec![URL, USER, PASSWORD]));
        };
        let base = Url::parse(&base).map_err(|source| StoreError::Url { variable: URL, source })?;
        let authorization = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        Ok(Self { base, place: place.to_owned(), authorization })
    }

    /// Where an artifact is.
    fn address(&self, path: &str) -> String {
        let joined = format!("{}/{}/{path}", self.base.path(), self.place);
        let joined = if cfg!(windows) { joined.replace('\\', "/") } else { joined };
        let mut url = self.base.clone();
        url.set_path(&redkite_text::into_shown(clean(joined.as_ref()).into()));
        url.to_string()
    }

    /// What a download of the artifact asks for.
    pub(crate) fn source(&self, path: &str) -> Source {
        Source { url: self.address(path), headers: vec![(AUTHORIZATION, self.authorization.clone())] }
    }
}

impl Store for Artifactory {
    fn url(&self, artifact: &Found) -> Option<String> {
        Some(self.address(&artifact.path))
    }

    fn units(&self, _: &Found, _: Option<&UploadInstructions>) -> Result<Vec<Unit>, StoreError> {
        Ok(vec![Unit::Whole])
    }

    fn send(&self, transfer: &Transfer, artifact: &Found, _: &Unit) -> Result<Option<PartEtag>, StoreError> {
        let url = self.address(&artifact.path);
        let md5 = md5(artifact)?;
        let headers = [
            (AUTHORIZATION, self.authorization.clone()),
            (HeaderName::from_static("x-checksum-md5"), md5),
            (HeaderName::from_static("x-checksum-sha1"), artifact.sha1.clone()),
            (HeaderName::from_static("x-checksum-sha256"), artifact.sha256.clone()),
        ];
        let content = Content { reader: reopen(&artifact.absolute)?, length: None };
        let answer = transfer.send(&Method::PUT, &url, &headers, content)?;
        if answer.status().is_success() {
            return Ok(None);
        }
        let status = status_line(answer.status());
        let said = match serde_json::from_str::<Refusal>(&text(answer)) {
            Ok(refusal) => {
                let reasons =
                    refusal.errors.iter().map(|reason| format!("{{{} {}}}", reason.status, reason.message));
                format!("[{}]", reasons.collect::<Vec<_>>().join(" "))
            }
            Err(error) => error.to_string(),
        };
        Err(StoreError::Refused(format!("PUT {url}: {status} {said}")))
    }
}

/// The one sum that nobody else wants.
fn md5(artifact: &Found) -> Result<String, FileError> {
    const BUFFER: usize = 64 * 1024;
    let mut file = reopen(&artifact.absolute)?;
    let (mut sum, mut buffer) = (Md5::new(), vec![0; BUFFER]);
    loop {
        let read = file.read(&mut buffer).map_err(|source| FileError {
            doing: "reading file",
            path: artifact.absolute.display().to_string(),
            source,
        })?;
        if read == 0 {
            return Ok(hex::encode(sum.finalize()));
        }
        sum.update(&buffer[..read]);
    }
}
