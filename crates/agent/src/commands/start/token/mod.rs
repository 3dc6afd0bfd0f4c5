//! Where the registration token is, and how it is kept from being seen (docs/spec/agent.md §2.1).

mod hide;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod os;

use std::io;

use redkite_api::Token;

pub(super) use hide::hide;

/// A token that is not where its reference says.
#[derive(Debug, thiserror::Error)]
#[error("failed to resolve registration token {reference:?}: {source}")]
pub(super) struct TokenError {
    reference: String,
    source: io::Error,
}

/// The token that `given` is, or refers to.
pub(super) fn resolve(given: &str) -> Result<Token, TokenError> {
    let text = match given.split_once("://") {
        Some(("file", path)) => std::fs::read_to_string(path),
        Some(("fd", number)) => from_descriptor(number),
        _ => return Ok(Token::from(given)),
    };
    let text = text.map_err(|source| TokenError { reference: given.to_owned(), source })?;
    Ok(Token::from(text.trim()))
}

fn from_descriptor(number: &str) -> io::Result<String> {
    os::read_descriptor(number.parse().map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?)
}

/// Whether a token says where it is instead of being one.
fn is_reference(token: &str) -> bool {
    token.starts_with("file://") || token.starts_with("fd://")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_given_or_referred_to() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("token");
        std::fs::write(&path, " secret\n").expect("written");
        let file = format!("file://{}", path.display());
        for (given, expected) in [("plain", "plain"), ("other://x", "other://x"), (&file, "secret")] {
            assert_eq!(resolve(given).expect("it is there").reveal(), expected);
        }
        for reference in ["file:///no/such", "fd://x", "fd://987654"] {
            let error = resolve(reference).expect_err("it is not there").to_string();
            assert!(error.starts_with(&format!("failed to resolve registration token {reference:?}: ")));
        }
    }
}
