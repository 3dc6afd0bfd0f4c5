//! Splitting a setting into words, and quoting a word for a prompt (spec/job.md §4, spec/checkout.md §1.2).

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
pub fn split_words(text: &str) -> Result<Vec<String>, SplitError> {
    split(text, os::WORDS)
}

fn split(text: &str, flavour: Flavour) -> Result<Vec<String>, SplitError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, quote) {
            (c, Some(q)) if c == q && flavour == Flavour::Batch && characters.peek() == Some(&q) => {
                characters.next();
                word.get_or_insert_default().push(q);
            }
            (c, Some(q)) if c == q => quote = None,
            (c, None) if flavour.quotes().contains(&c) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, _) if c == flavour.escape() => word.get_or_insert_default().extend(characters.next()),
            (' ' | '\t' | '\n', None) => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    if let Some(quote) = quote {
        return Err(SplitError { quote, offset: text.len() - 1 });
    }
    words.extend(word);
    Ok(words)
}

impl Flavour {
    const fn quotes(self) -> &'static [char] {
        match self {
            Self::Posix => &['\'', '"'],
            Self::Batch => &['"'],
        }
    }

    const fn escape(self) -> char {
        match self {
            Self::Posix => '\\',
            Self::Batch => '^',
        }
    }
}

/// `word` as a shell would have to be given it.
pub fn quote_word(word: &str) -> String {
    const SPECIAL: &str = "!\"#$&'()*,;<=>?[]\\^`{}|~";
    let mut quoted = String::with_capacity(word.len());
    for character in word.chars() {
        if SPECIAL.contains(character) {
            quoted.push(os::WORDS.escape());
        }
        quoted.push(character);
    }
    if word.is_empty() || word.contains(char::is_whitespace) {
        return format!("\"{quoted}\"");
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(flavour: Flavour, text: &str, words: &[&str]) {
        let split = split(text, flavour).expect("the quotes match");
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
        let error = split("\"abc", Flavour::Posix).expect_err("it is open");
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
    }
}
