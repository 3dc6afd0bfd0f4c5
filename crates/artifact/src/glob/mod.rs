//! The pattern language of artifact paths, and the search for files with it (docs/spec/artifacts.md §3).
//!
//! The language is `redkite_glob`'s; `walk` goes through directories with its automaton, entering only those in
//! which something can still match.

mod walk;

use std::path::{Path, PathBuf};

pub use redkite_glob::{PatternError, Reason};
pub use walk::Links;
pub(crate) use walk::Walk;

use redkite_glob::{Program, Token, tokens};

/// A compiled pattern.
#[derive(Debug)]
pub(crate) enum Pattern {
    /// Names one path.
    Exact(PathBuf),
    /// Is looked for below a root.
    Search { root: PathBuf, program: Program },
}

impl Pattern {
    /// Compiles `text`; `home` is what a leading `~/` stands for.
    pub(crate) fn new(text: &str, home: &Path) -> Result<Self, PatternError> {
        let tokens = tokens(text, &home.to_string_lossy())?;
        let Some(first) = tokens.iter().position(Token::is_special) else {
            let path: String = tokens.iter().filter_map(Token::literal).collect();
            return Ok(Self::Exact(crate::paths::clean(&path)));
        };
        let separator = tokens[..first].iter().rposition(|token| token.literal() == Some('/'));
        let (root, rest) = tokens.split_at(separator.map_or(0, |at| at + 1));
        let root: String = root.iter().filter_map(Token::literal).collect();
        Ok(Self::Search { root: crate::paths::clean(&root), program: Program::new(rest) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_a_root_or_names_a_path() {
        let home = Path::new("/home/me");
        let root = |pattern| match Pattern::new(pattern, home) {
            Ok(Pattern::Search { root, .. }) => format!("search {}", root.display()),
            Ok(Pattern::Exact(path)) => format!("exact {}", path.display()),
            Err(error) => error.to_string(),
        };
        for (pattern, expected) in [
            ("a/b/*.txt", "search a/b"),
            ("../a//*", "search ../a"),
            ("/abs/x*", "search /abs"),
            ("~/x/*", "search /home/me/x"),
            ("~/x", "exact /home/me/x"),
            ("~", "exact ~"),
            ("a.txt/", "exact a.txt"),
            ("sub/../a\\*", "exact a*"),
            ("a,b", "search ."),
            ("x/{a", "invalid glob pattern \"x/{a\": unterminated alternation - missing closing brace"),
        ] {
            assert_eq!(root(pattern), expected, "{pattern}");
        }
    }
}
