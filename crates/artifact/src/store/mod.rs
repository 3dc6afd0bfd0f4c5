//! Stores: where contents go and come from (docs/spec/artifacts.md §4.5, §6–§10).
//!
//! A store of its own is a file here: it implements [`Store`], and its scheme is a line in [`Destination::parse`].

mod artifactory;
mod managed;

use std::path::Path;

use http::HeaderName;
use redkite_api::wire::PartEtag;
use redkite_api::wire::UploadInstructions;

use crate::collect::Found;
use crate::transfer::{FileError, Transfer, TransferError};

pub(crate) use artifactory::Artifactory;
pub(crate) use managed::Managed;

/// Reads a variable of the environment; stores are configured by variables alone.
pub type Variables<'a> = &'a (dyn Fn(&str) -> Option<String> + Sync);

/// A place for contents.
pub(crate) trait Store: Sync {
    /// Where the artifact will be found, as it is recorded before it is created; `None` if the server knows.
    fn url(&self, artifact: &Found) -> Option<String>;

    /// What has to be sent for an artifact.
    fn units(
        &self,
        artifact: &Found,
        instructions: Option<&UploadInstructions>,
    ) -> Result<Vec<Unit>, StoreError>;

    /// Sends one unit, once.
    fn send(
        &self,
        transfer: &Transfer,
        artifact: &Found,
        unit: &Unit,
    ) -> Result<Option<PartEtag>, StoreError>;
}

/// A piece of work: what one request sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unit {
    /// All of the artifact.
    Whole,
    /// All of it, in a form.
    Form(UploadInstructions),
    /// A part of it.
    Part(Part),
}

/// One part of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) number: i64,
    pub(crate) of: usize,
    pub(crate) offset: u64,
    pub(crate) length: u64,
    pub(crate) method: String,
    pub(crate) url: String,
}

/// Why a store can't be used, or didn't take a content.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The destination is none.
    #[error(
        "invalid upload destination: '{0}'. Only s3://*, gs://*, rt://*, or https://*.blob.core.windows.net \
         destinations are allowed. Was the pattern left unquoted, so that the shell expanded it?"
    )]
    Destination(String),
    /// The destination is one, of a kind that this version can't use.
    #[error("uploads to {kind} ({destination:?}) are not available in this version")]
    Unavailable {
        /// Which kind.
        kind: &'static str,
        /// The destination.
        destination: String,
    },
    /// Variables are missing.
    #[error("to use Artifactory, set {}", .0.join(", "))]
    Unconfigured(Vec<&'static str>),
    /// A variable's URL is none.
    #[error("the value of {variable} is no URL: {source}")]
    Url {
        /// The variable.
        variable: &'static str,
        /// Why.
        source: url::ParseError,
    },
    /// The server said nothing of where the content goes.
    #[error("the server gave no upload instructions")]
    NoInstructions,
    /// The content is larger than the store takes.
    #[error("file {path:?} has a size of {size}, more than the 5 GB that the default storage takes")]
    TooLarge {
        /// The artifact's path.
        path: String,
        /// Its size, for people.
        size: String,
    },
    /// The store refused.
    #[error("{0}")]
    Refused(String),
    /// The request did not come to an answer.
    #[error(transparent)]
    #[expect(private_interfaces, reason = "callers only print it")]
    Transfer(#[from] TransferError),
    /// The file could not be read again.
    #[error(transparent)]
    #[expect(private_interfaces, reason = "callers only print it")]
    File(#[from] FileError),
}

/// A destination by its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Destination<'a> {
    /// The server's own storage.
    Managed,
    /// `rt://`
    Artifactory(&'a str),
    /// `s3://`
    S3,
    /// `gs://`
    Gcs,
    /// `https://….blob.core.windows.net/…`
    Azure,
}

impl<'a> Destination<'a> {
    /// The store a destination names; `None` if it names none.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        if text.is_empty() {
            Some(Self::Managed)
        } else if let Some(rest) = text.strip_prefix("rt://") {
            Some(Self::Artifactory(rest))
        } else if text.starts_with("s3://") {
            Some(Self::S3)
        } else if text.starts_with("gs://") {
            Some(Self::Gcs)
        } else {
            is_azure(text).then_some(Self::Azure)
        }
    }
}

fn is_azure(text: &str) -> bool {
    let Ok(url) = url::Url::parse(text) else { return false };
    let host = url.host_str().is_some_and(|host| host.ends_with(".blob.core.windows.net"));
    url.scheme() == "https" && host && url.path().trim_start_matches('/').contains('/')
}

/// The store for uploads to `destination`.
pub(crate) fn open(destination: &str, variables: Variables<'_>) -> Result<Box<dyn Store>, StoreError> {
    let unavailable = |kind| Err(StoreError::Unavailable { kind, destination: destination.to_owned() });
    match Destination::parse(destination) {
        None => Err(StoreError::Destination(destination.to_owned())),
        Some(Destination::Managed) => {
            tracing::info!("Uploading to default Buildkite artifact storage");
            Ok(Box::new(Managed))
        }
        Some(Destination::Artifactory(place)) => {
            let store = Artifactory::new(place, variables)?;
            tracing::info!("Uploading to Artifactory ({destination:?}), using your agent configuration");
            Ok(Box::new(store))
        }
        Some(Destination::S3) => unavailable("Amazon S3"),
        Some(Destination::Gcs) => unavailable("Google Cloud Storage"),
        Some(Destination::Azure) => unavailable("Azure Blob storage"),
    }
}

/// What a plain download asks for, and with which headers.
pub(crate) struct Source {
    pub(crate) url: String,
    pub(crate) headers: Vec<(HeaderName, String)>,
}

/// Opens an artifact's file once more.
fn reopen(path: &Path) -> Result<std::fs::File, FileError> {
    std::fs::File::open(path).map_err(|source| FileError {
        doing: "opening file",
        path: path.display().to_string(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_told_apart_by_their_form() {
        for (text, expected) in [
            ("", Some(Destination::Managed)),
            ("s3://b/p", Some(Destination::S3)),
            ("S3://b/p", None),
            ("gs://b", Some(Destination::Gcs)),
            ("rt://r/p/", Some(Destination::Artifactory("r/p/"))),
            ("https://a.blob.core.windows.net/c/", Some(Destination::Azure)),
            ("https://a.blob.core.windows.net/c", None),
            ("http://a.blob.core.windows.net/c/x", None),
            ("https://files.example/x", None),
            ("b.txt", None),
        ] {
            assert_eq!(Destination::parse(text), expected, "{text}");
        }
    }
}
