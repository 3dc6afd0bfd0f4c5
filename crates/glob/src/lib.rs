//! The pattern language that artifact paths and `if_changed` share (spec/artifacts.md §3, spec/pipeline.md §13).
//!
//! No glob library speaks it. `tokens` reads a pattern, `program` is the automaton that matches it in linear time.

#[cfg(test)]
mod equivalence;
mod program;
mod symbol;
mod tokens;

pub use program::{Program, States};
pub use symbol::Symbol;
pub use tokens::{PatternError, Reason, Token, tokens};

impl Program {
    /// Compiles `pattern`; `home` is what a leading `~/` stands for.
    pub fn parse(pattern: &str, home: &str) -> Result<Self, PatternError> {
        tokens(pattern.as_bytes(), home.as_bytes()).map(|tokens| Self::new(&tokens))
    }

    /// Whether the whole of `path` matches.
    pub fn matches(&self, path: &str) -> bool {
        self.is_match(&self.advance(&self.start(), path.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        Program::parse(pattern, "/home/me").unwrap().matches(path)
    }

    #[test]
    fn the_language() {
        for (pattern, yes, no) in [
            ("*.txt", &["a.txt", ".txt"][..], &["a/b.txt", "a.TXT"][..]),
            ("a**b.txt", &["ab.txt", "a1/x/b.txt"], &["b.txt"]),
            ("**.rs", &["a.rs", "d/e/a.rs"], &["a.go"]),
            ("?b", &["éb"], &["/b", "b"]),
            ("{a,b/{c,d},}x", &["ax", "b/cx", "b/dx", "x"], &["bx"]),
            ("{src/**,*.md}", &["src/a/b", "x.md"], &["d/x.md"]),
            ("[!a-c]", &["!", "-", "c"], &["b"]),
            ("[*{,]", &["*", "{", ","], &["a"]),
            ("[^a]b", &["/b", "xb"], &["ab"]),
            ("[]x", &[], &["x", "]x"]),
            ("[^]", &["/", "]"], &[""]),
            ("a[/\\]]b*", &["a/b", "a]b"], &["ab"]),
            ("**/*.c", &["x.c", "a/b/x.c"], &["x.h"]),
            ("**/a", &["a", "d/a", "d/e/a"], &["ba", "d/ba", "a/b"]),
            ("x/**", &["x/", "x/a", "x/d/a"], &["x"]),
            ("*/**/b", &["a/b", "a/x/y/b"], &["b"]),
            ("*/**/**/b", &["a/x/b"], &["a/b"]),
            ("{**/x,y}", &["a/x", "y"], &["x"]),
            ("a,}", &["a,}"], &["a"]),
            ("\\*?", &["*a"], &["aa"]),
            ("\\*\\", &["*\\"], &["a\\"]),
            ("***", &["", "a/b"], &[]),
            ("*]", &["a]"], &["a"]),
            ("*[", &["a["], &["a"]),
            ("", &[""], &["a"]),
            ("./x", &["./x"], &["x"]),
            ("~/x", &["/home/me/x"], &["x", "~/x"]),
        ] {
            for path in yes {
                assert!(matches(pattern, path), "{pattern} must match {path}");
            }
            for path in no {
                assert!(!matches(pattern, path), "{pattern} must not match {path}");
            }
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_symbols_too() {
        for (pattern, yes, no) in [
            (&b"*.txt"[..], &[&b"\xff\xfe.txt"[..]][..], &[&b"\xff/.txt"[..]][..]),
            (b"a?", &[b"a\xff", b"a\xc3\xa9"], &[b"a", b"a\xff\xfe"]),
            (b"a\xff", &[b"a\xff"], &[b"a\xfe", b"a\xef\xbf\xbd"]),
            (b"[\xff\xfe]", &[b"\xff", b"\xfe"], &[b"\xfd", b"\xff\xfe"]),
            (b"[^\xff]", &[b"\xfe"], &[b"\xff"]),
            (b"~/\xff", &[b"/\xfe/\xff"], &[b"/\xff/\xff"]),
        ] {
            let program = Program::new(&tokens(pattern, b"/\xfe").unwrap());
            let matches = |path: &[u8]| program.is_match(&program.advance(&program.start(), path));
            assert!(yes.iter().all(|path| matches(path)), "{pattern:?}");
            assert!(!no.iter().any(|path| matches(path)), "{pattern:?}");
        }
    }

    #[test]
    fn malformed_patterns_are_errors() {
        for (pattern, reason) in [
            ("{a,b", Reason::Alternation),
            ("{a,{b}", Reason::Alternation),
            ("[ab", Reason::Class),
            ("[a\\", Reason::Class),
            ("[^a", Reason::NegatedClass),
        ] {
            assert_eq!(
                tokens(pattern.as_bytes(), b"").map_err(|error| error.reason),
                Err(reason),
                "{pattern}"
            );
        }
    }
}
