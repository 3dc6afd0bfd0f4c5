//! The pattern language of artifact paths, and the search for files with it (docs/spec/artifacts.md §3).
//!
//! The language is `redkite_glob`'s; `walk` goes through directories with its automaton, entering only those in
//! which something can still match.

mod walk;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

pub use redkite_glob::{PatternError, Reason};
pub use walk::Links;
pub(crate) use walk::Walk;

use redkite_glob::{Program, Symbol, Token, tokens};

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
    pub(crate) fn new(text: &OsStr, home: &Path) -> Result<Self, PatternError> {
        let tokens = tokens(text.as_encoded_bytes(), home.as_os_str().as_encoded_bytes())?;
        let Some(first) = tokens.iter().position(Token::is_special) else {
            return Ok(Self::Exact(path(&tokens)));
        };
        let slash = Some(Symbol::Char('/'));
        let separator = tokens[..first].iter().rposition(|token| token.literal() == slash);
        let (root, rest) = tokens.split_at(separator.map_or(0, |at| at + 1));
        Ok(Self::Search { root: path(root), program: Program::new(rest) })
    }
}

/// The path that tokens which stand for themselves are.
fn path(tokens: &[Token]) -> PathBuf {
    let mut text = Vec::new();
    tokens.iter().filter_map(Token::literal).for_each(|symbol| symbol.push_to(&mut text));
    crate::paths::clean(redkite_text::from_bytes(text).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_a_root_or_names_a_path() {
        let home = Path::new("/home/me");
        let root = |pattern: &str| match Pattern::new(pattern.as_ref(), home) {
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
