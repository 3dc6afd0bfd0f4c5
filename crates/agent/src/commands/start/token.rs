//! Where the registration token is (docs/spec/agent.md §2.1).

use std::fs::File;
use std::io::{self, Read};

use redkite_api::Token;

/// A token that is not where its reference says.
#[derive(Debug, thiserror::Error)]
#[error("failed to resolve registration token {reference:?}: {source}")]
pub(super) struct TokenError {
    reference: String,
    source: io::Error,
}

/// As much as is read from a descriptor.
const LONGEST: u64 = 64 * 1024;

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
    let mut text = String::new();
    // Reading through the process's own table of descriptors takes over nothing that somebody else may own.
    let number: u32 = number.parse().map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    File::open(format!("/dev/fd/{number}"))?.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
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
