//! Splitting a setting into words, and quoting a word for a prompt (spec/job.md §4, spec/checkout.md §1.2).

use std::ffi::{OsStr, OsString};

use crate::os;

/// A text whose quotes don't match.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected closing quote {quote} at offset {offset}, got EOF")]
pub struct SplitError {
    quote: char,
    offset: usize,
}

/// How a platform writes several words in one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// `'` and `"`, and a backslash outside and inside both.
    #[cfg_attr(all(windows, not(test)), expect(dead_code, reason = "only tests use it there"))]
    Posix,
    /// `"`, doubled inside quotes, and `^`.
    Batch,
}

/// The words of `text` as this platform writes them. Nothing is expanded.
pub fn split_words(text: impl AsRef<OsStr>) -> Result<Vec<OsString>, SplitError> {
    let words = split(text.as_ref().as_encoded_bytes(), os::WORDS)?;
    Ok(words.into_iter().map(redkite_text::from_bytes).collect())
}

fn split(text: &[u8], flavour: Flavour) -> Result<Vec<Vec<u8>>, SplitError> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut quote: Option<u8> = None;
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match (byte, quote) {
            (b, Some(q)) if b == q && flavour == Flavour::Batch && bytes.peek() == Some(&q) => {
                bytes.next();
                word.get_or_insert_default().push(q);
            }
            (b, Some(q)) if b == q => quote = None,
            (b, None) if flavour.quotes().contains(&b) => {
                quote = Some(b);
                word.get_or_insert_default();
            }
            (b, _) if b == flavour.escape() => word.get_or_insert_default().extend(bytes.next()),
            (b' ' | b'\t' | b'\n', None) => words.extend(word.take()),
            (b, _) => word.get_or_insert_default().push(b),
        }
    }
    if let Some(quote) = quote {
        return Err(SplitError { quote: quote.into(), offset: text.len() - 1 });
    }
    words.extend(word);
    Ok(words)
}

impl Flavour {
    const fn quotes(self) -> &'static [u8] {
        match self {
            Self::Posix => b"'\"",
            Self::Batch => b"\"",
        }
    }

    const fn escape(self) -> u8 {
        match self {
            Self::Posix => b'\\',
            Self::Batch => b'^',
        }
    }
}

/// `word` as a shell would have to be given it.
pub fn quote_word(word: impl AsRef<OsStr>) -> OsString {
    const SPECIAL: &[u8] = b"!\"#$&'()*,;<=>?[]\\^`{}|~";
    let bytes = word.as_ref().as_encoded_bytes();
    let has_blanks = bytes.utf8_chunks().any(|chunk| chunk.valid().contains(char::is_whitespace));
    let quote = if bytes.is_empty() || has_blanks { &b"\""[..] } else { b"" };
    let mut quoted = quote.to_vec();
    for byte in bytes {
        if SPECIAL.contains(byte) {
            quoted.push(os::WORDS.escape());
        }
        quoted.push(*byte);
    }
    quoted.extend_from_slice(quote);
    redkite_text::from_bytes(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(flavour: Flavour, text: &str, words: &[&str]) {
        let split = split(text.as_bytes(), flavour).expect("the quotes match");
        let words: Vec<_> = words.iter().map(|word| word.as_bytes()).collect();
        assert_eq!(split, words, "{text}");
    }

    #[test]
    fn posix_words() {
        let check = |text, words| check(Flavour::Posix, text, words);
        check("", &[]);
        check("  /bin/bash -e\t-c\n", &["/bin/bash", "-e", "-c"]);
        check(r#"a 'b c' "d e" f'g'"h""#, &["a", "b c", "d e", "fgh"]);
        check(r#"'' """#, &["", ""]);
        check(r#"a\ b '\'' "\"" "$HOME *""#, &["a b", "'", "\"", "$HOME *"]);
        check("a\\", &["a"]);
    }

    #[test]
    fn batch_words() {
        let check = |text, words| check(Flavour::Batch, text, words);
        check(r#"C:\x.exe /S "a ""b"" c" ^" 'd e'"#, &["C:\\x.exe", "/S", "a \"b\" c", "\"", "'d", "e'"]);
    }

    #[test]
    fn a_quote_must_close() {
        let error = split(b"\"abc", Flavour::Posix).expect_err("it is open");
        assert_eq!(error.to_string(), "expected closing quote \" at offset 3, got EOF");
    }

    #[test]
    #[cfg(unix)]
    fn quoting() {
        for (word, quoted) in [
            ("/a/b", "/a/b"),
            ("a b", "\"a b\""),
            ("", "\"\""),
            ("$x{1}", "\\$x\\{1\\}"),
            ("a'b c", "\"a\\'b c\""),
        ] {
            assert_eq!(quote_word(word), quoted);
        }
        let bytes = |bytes: &[u8]| redkite_text::from_bytes(bytes);
        assert_eq!(quote_word(bytes(b"\xff'\xfe")), bytes(b"\xff\\'\xfe"));
        assert_eq!(split_words(bytes(b"a\xff 'b \xfe'")), Ok(vec![bytes(b"a\xff"), bytes(b"b \xfe")]));
    }
}
