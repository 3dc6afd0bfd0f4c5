//! Artifacts: finding files by patterns, hashing them, moving their content to and from stores, and telling the
//! Agent API. What a job is and where its log goes is not known here.

mod collect;
mod download;
mod glob;
mod heeding;
mod paths;
mod search;
mod sizes;
mod store;
mod transfer;
mod types;
mod upload;

pub use collect::{CollectError, Found, LinkArtifacts, Reading, Selection, Separators, collect, processors};
pub use download::{Download, DownloadError, Traversal, download};
pub use glob::{Links, PatternError, Reason};
pub use redkite_api::calls::artifact::{Duplicates, RetriedJobs};
pub use search::{Format, FormatError, Query, search};
pub use store::{StoreError, Variables};
pub use upload::{Figures, Parts, Upload, UploadError, upload};

/// The system's words for an error, as messages have them: lower case, without the number.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}
