//! Artifacts: finding files by patterns, hashing them, moving their content to and from stores, and telling the
//! Agent API. What a job is and where its log goes is not known here.

mod collect;
mod glob;
mod paths;
mod sizes;
mod types;

pub use collect::{CollectError, Found, LinkArtifacts, Reading, Selection, Separators, collect, processors};
pub use glob::{Links, PatternError, Reason};
pub use paths::split_list;

/// The system's words for an error, as messages have them: lower case, without the number.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}
