//! Who may ask: whoever knows the job's token (docs/spec/local-apis.md §2.1).

/// Why a request is refused before it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unauthorized {
    #[error("authorization header is required")]
    Missing,
    #[error("invalid authorization header: must be in the form `Bearer <token>`")]
    Form,
    #[error("invalid authorization header: type must be Bearer")]
    Type,
    #[error("invalid authorization token")]
    Token,
}

/// Checks the header of a request.
pub(super) fn check(header: Option<&str>, token: &str) -> Result<(), Unauthorized> {
    let header = header.filter(|header| !header.is_empty()).ok_or(Unauthorized::Missing)?;
    match header.split_once(' ') {
        None => Err(Unauthorized::Form),
        Some(("Bearer", given)) if same(given.as_bytes(), token.as_bytes()) => Ok(()),
        Some(("Bearer", _)) => Err(Unauthorized::Token),
        Some(_) => Err(Unauthorized::Type),
    }
}

/// Compares in a time that tells nothing about where the two differ.
fn same(given: &[u8], token: &[u8]) -> bool {
    given.len() == token.len() && given.iter().zip(token).fold(0, |seen, (a, b)| seen | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_lets_in() {
        let cases = [
            (None, Err(Unauthorized::Missing)),
            (Some(""), Err(Unauthorized::Missing)),
            (Some("t"), Err(Unauthorized::Form)),
            (Some("bearer t"), Err(Unauthorized::Type)),
            (Some("Bearer  t"), Err(Unauthorized::Token)),
            (Some("Bearer x"), Err(Unauthorized::Token)),
            (Some("Bearer t"), Ok(())),
        ];
        for (header, expected) in cases {
            assert_eq!(check(header, "t"), expected, "{header:?}");
        }
    }
}
