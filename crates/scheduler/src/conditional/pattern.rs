//! Regular expressions of conditions (spec/control-plane.md §7.7).

use fancy_regex::{Regex, RegexBuilder};

use super::error::{Error, evaluation, parse};

/// A regular expression that is known to be valid.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    source: String,
    regex: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

/// Steps after which matching is given up: well under a second.
const STEPS: usize = 1_000_000;
/// The longest pattern and the largest program.
const MAX_LENGTH: usize = 4_096;
const MAX_SIZE: usize = 1 << 20;

impl Pattern {
    pub(super) fn new(pattern: &str, flags: &str) -> Result<Self, Error> {
        if let Some(flag) = flags.chars().find(|flag| *flag != 'i') {
            return parse(format!("unsupported regexp flag: {flag}"));
        }
        if pattern.len() > MAX_LENGTH {
            return parse("the regexp is too long");
        }
        let plain = scan(pattern)?;
        let source = if flags.is_empty() { plain } else { format!("(?i){plain}") };
        let regex = RegexBuilder::new(&source)
            .backtrack_limit(STEPS)
            .delegate_size_limit(MAX_SIZE)
            .build()
            .or_else(|error| parse(format!("invalid regexp: {error}")))?;
        Ok(Self { source, regex })
    }

    pub(super) fn matches(&self, text: &str) -> Result<bool, Error> {
        self.regex.is_match(text).or_else(|_| evaluation("the regexp takes too long"))
    }
}

/// Groups that are refused, by how they begin.
const GROUPS: &[(&str, &str)] = &[
    ("(?<=", "lookbehind"),
    ("(?<!", "nlookbehind"),
    ("(?>", "atomic"),
    ("(?<", "named_ab"),
    ("(?P<", "named_ab"),
    ("(?'", "named_sq"),
    ("(?(", "condition_open"),
];

/// The pattern without its comments; refuses what is not supported. Escaped characters and classes are
/// passed over.
fn scan(pattern: &str) -> Result<String, Error> {
    let mut plain = String::new();
    let mut rest = pattern;
    let mut classes = 0_usize;
    let mut quantified = None;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        let last = quantified.take();
        match c {
            '\\' => length += rest[1..].chars().next().map_or(0, char::len_utf8),
            '[' => classes += 1,
            ']' => classes = classes.saturating_sub(1),
            _ if classes > 0 => {}
            '(' if rest.starts_with("(?#") => {
                rest = rest.find(')').map_or("", |end| &rest[end + 1..]);
                continue;
            }
            '(' => check_group(rest)?,
            '+' if last.is_some() => return unsupported(last.unwrap_or_default()),
            '?' if last.is_none() => quantified = Some("zero_or_one_possessive"),
            '*' => quantified = Some("zero_or_more_possessive"),
            '+' => quantified = Some("one_or_more_possessive"),
            '{' => {
                if let Some(bounds) = bounds(rest) {
                    length = bounds;
                    quantified = Some("bounded_possessive");
                }
            }
            _ => {}
        }
        plain.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    Ok(plain)
}

fn check_group(rest: &str) -> Result<(), Error> {
    match GROUPS.iter().find(|(start, _)| rest.starts_with(start)) {
        Some((_, feature)) => unsupported(feature),
        None => Ok(()),
    }
}

fn unsupported<T>(feature: &str) -> Result<T, Error> {
    parse(format!("unsupported regexp feature: {feature}"))
}

/// The length of `{n}`, `{n,}` or `{n,m}`.
fn bounds(rest: &str) -> Option<usize> {
    let end = rest.find('}')?;
    let inside = &rest[1..end];
    let fits = inside.starts_with(|c: char| c.is_ascii_digit())
        && inside.chars().all(|c| c.is_ascii_digit() || c == ',')
        && inside.matches(',').count() <= 1;
    fits.then_some(end + 1)
}
