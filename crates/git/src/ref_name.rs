//! Which texts are handed to `git checkout` at all (spec/checkout.md §6).

/// Whether `name` may be given to `git checkout`. It is a coarse check against texts that git would take for
/// options or expressions, not git's whole rule.
#[must_use]
pub(crate) fn is_acceptable(name: &str) -> bool {
    let bad = |c: char| c.is_ascii_control() || matches!(c, ' ' | '~' | '^' | ':' | '\\');
    name != "@"
        && !name.starts_with('-')
        && !name.ends_with('.')
        && !name.contains("..")
        && !name.contains(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_git_would_misread_are_refused() {
        for good in ["HEAD", "main", "feat/é", "v1.0", "0123abc", "a@b", "{x}", ""] {
            assert!(is_acceptable(good), "{good:?}");
        }
        for bad in ["-x", "a b", "a..b", "x.", "@", "a~1", "a^", "a:b", "a\\b", "a\nb", "a\u{7f}"] {
            assert!(!is_acceptable(bad), "{bad:?}");
        }
    }
}
