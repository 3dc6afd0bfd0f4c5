//! Patterns of variable names whose values are secrets (spec/redaction-and-logs.md §2.1).

use std::borrow::Cow;

/// The patterns that apply when none are configured.
pub const DEFAULT_PATTERNS: [&str; 9] = [
    "*_PASSWORD",
    "*_SECRET",
    "*_TOKEN",
    "*_PRIVATE_KEY",
    "*_SSH_KEY",
    "*_ACCESS_KEY",
    "*_SECRET_KEY",
    "*_CONNECTION_STRING",
    "*_API_KEY",
];

/// How variable names compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameCase {
    /// As they are written.
    Exact,
    /// In upper case, as on Windows.
    Upper,
}

impl NameCase {
    /// The rule of the platform this program was built for.
    pub const NATIVE: Self = if cfg!(windows) { Self::Upper } else { Self::Exact };
}

/// A name reached patterns that can't be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bad patterns: [{}]", .0.iter().map(|pattern| format!("{pattern:?}")).collect::<Vec<_>>().join(" "))]
pub struct BadPatterns(pub Vec<String>);

/// A list of shell-like patterns over whole names.
#[derive(Debug, Clone)]
pub struct NamePatterns {
    patterns: Vec<Pattern>,
    case: NameCase,
}

#[derive(Debug, Clone)]
struct Pattern {
    text: String,
    /// `None` when the text is malformed.
    parts: Option<Vec<Part>>,
}

#[derive(Debug, Clone)]
enum Part {
    Literal(char),
    /// `?`
    One,
    /// `*`
    Run,
    /// `[…]`
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl NamePatterns {
    /// Patterns as configured. Malformed ones are remembered: they matter only when a name reaches them.
    pub fn new<P: AsRef<str>>(patterns: impl IntoIterator<Item = P>, case: NameCase) -> Self {
        let parse = |pattern: P| {
            let text = pattern.as_ref().to_owned();
            Pattern { parts: parse(&text), text }
        };
        Self { patterns: patterns.into_iter().map(parse).collect(), case }
    }

    /// Patterns as one setting holds them: separated by commas, blanks around them without meaning.
    pub fn comma_separated(setting: &str, case: NameCase) -> Self {
        Self::new(setting.split(',').map(str::trim).filter(|pattern| !pattern.is_empty()), case)
    }

    /// The default patterns.
    pub fn defaults() -> Self {
        Self::new(DEFAULT_PATTERNS, NameCase::NATIVE)
    }

    /// Whether there are no patterns: redaction by name is off.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether a pattern matches `name`.
    pub fn matches(&self, name: &str) -> Result<bool, BadPatterns> {
        let name = match self.case {
            NameCase::Exact => Cow::Borrowed(name),
            NameCase::Upper => Cow::Owned(name.to_uppercase()),
        };
        let mut bad = Vec::new();
        for pattern in &self.patterns {
            match &pattern.parts {
                Some(parts) if matches(parts, &name) => return Ok(true),
                Some(_) => {}
                None => bad.push(pattern.text.clone()),
            }
        }
        if bad.is_empty() { Ok(false) } else { Err(BadPatterns(bad)) }
    }
}

fn parse(text: &str) -> Option<Vec<Part>> {
    let mut chars = text.chars();
    let mut parts = Vec::new();
    while let Some(character) = chars.next() {
        parts.push(match character {
            '*' => Part::Run,
            '?' => Part::One,
            '[' => parse_class(&mut chars)?,
            '\\' => Part::Literal(chars.next()?),
            literal => Part::Literal(literal),
        });
    }
    Some(parts)
}

fn parse_class(chars: &mut std::str::Chars<'_>) -> Option<Part> {
    let negated = chars.as_str().starts_with('^');
    if negated {
        chars.next();
    }
    let mut ranges = Vec::new();
    loop {
        if chars.as_str().starts_with(']') && !ranges.is_empty() {
            chars.next();
            return Some(Part::Class { negated, ranges });
        }
        let low = class_end(chars)?;
        let high = if chars.as_str().starts_with('-') {
            chars.next();
            class_end(chars)?
        } else {
            low
        };
        ranges.push((low, high));
    }
}

fn class_end(chars: &mut std::str::Chars<'_>) -> Option<char> {
    match chars.next()? {
        '-' | ']' => None,
        '\\' => chars.next(),
        character => Some(character),
    }
}

/// Matches from left to right; after a mismatch the latest `*` takes one character more.
fn matches(parts: &[Part], name: &str) -> bool {
    let (mut part, mut rest) = (0, name);
    let mut retry: Option<(usize, &str)> = None;
    loop {
        match (parts.get(part), rest.chars().next()) {
            (None, None) => return true,
            (Some(Part::Run), _) => {
                retry = Some((part + 1, rest));
                part += 1;
                continue;
            }
            (Some(single), Some(character)) if single.accepts(character) => {
                part += 1;
                rest = &rest[character.len_utf8()..];
                continue;
            }
            _ => {}
        }
        let Some((after, from)) = retry else { return false };
        let Some(taken) = from.chars().next().filter(|&character| character != '/') else { return false };
        rest = &from[taken.len_utf8()..];
        (part, retry) = (after, Some((after, rest)));
    }
}

impl Part {
    fn accepts(&self, character: char) -> bool {
        match self {
            Self::Literal(literal) => *literal == character,
            Self::One => character != '/',
            Self::Run => false,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|&(low, high)| (low..=high).contains(&character)) != *negated
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        let check = |pattern: &str, name: &str, expected: bool| {
            let patterns = NamePatterns::new([pattern], NameCase::Exact);
            assert_eq!(patterns.matches(name), Ok(expected), "{pattern} {name}");
        };
        check("*_TOKEN", "MY_TOKEN", true);
        check("*_TOKEN", "_TOKEN", true);
        check("*_TOKEN", "MY_TOKEN_X", false);
        check("*_TOKEN", "my_token", false);
        check("*_TOKEN", "A_TOKEN_TOKEN", true);
        check("*_TOKEN", "a/b_TOKEN", false);
        check("A?C", "ABC", true);
        check("A?C", "A/C", false);
        check("A[b-d]*", "AcX", true);
        check("A[^b-d]", "Ac", false);
        check("A\\*", "A*", true);
        check("A\\*", "AB", false);
        check("*", "", true);
        check("", "", true);
        check("a*b*c", "a-b-b-c", true);
        check("a*b*c", "a-b-b-d", false);
    }

    #[test]
    fn a_malformed_pattern_matters_when_a_name_reaches_it() {
        for bad in ["[bad", "[]a]", "a[", "[a-]", "x\\", "*[z"] {
            let patterns = NamePatterns::new(["OK*", bad], NameCase::Exact);
            assert_eq!(patterns.matches("OK_1"), Ok(true));
            assert_eq!(patterns.matches("NO"), Err(BadPatterns(vec![bad.to_owned()])));
        }
        assert_eq!(BadPatterns(vec!["[bad".into()]).to_string(), r#"bad patterns: ["[bad"]"#);
    }

    #[test]
    fn windows_names_are_compared_in_upper_case() {
        let patterns = NamePatterns::new(["*_TOKEN"], NameCase::Upper);
        assert_eq!(patterns.matches("my_token"), Ok(true));
    }
}
