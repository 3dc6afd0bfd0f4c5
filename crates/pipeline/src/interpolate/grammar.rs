//! What expansions look like and what they become (spec/pipeline.md §10.1).

use super::variables::Variables;

/// A text can't be interpolated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InterpolationError {
    /// `${` is not followed by a name.
    #[error("the name of a variable starts with a letter, not with {}", shown(.0))]
    Identifier(Option<char>),
    /// A name is not followed by something that can follow one.
    #[error("the name of a variable is followed by }}, :-, -, ? or :, not by {}", shown(.0))]
    Operator(Option<char>),
    /// A `}` is missing.
    #[error("a }} is missing")]
    Unterminated,
    /// `${NAME:OFFSET}` without a number.
    #[error("the offset {0:?} is no whole number")]
    Offset(String),
    /// `${NAME:OFFSET:LENGTH}` without a number.
    #[error("the length {0:?} is no whole number")]
    Length(String),
    /// `${NAME?MESSAGE}` and NAME is unset.
    #[error("${name}: {message}")]
    Required {
        /// The variable.
        name: String,
        /// What its author says about it.
        message: String,
    },
}

fn shown(character: &Option<char>) -> String {
    character.map_or("the end of the text".to_owned(), |character| format!("{character:?}"))
}

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    /// `$$` or `\$`
    Dollar,
    Expansion(&'a str, Operator<'a>),
}

/// What is done with the value of a variable.
#[derive(Debug, PartialEq, Eq)]
enum Operator<'a> {
    Value,
    /// `-`
    IfUnset(Vec<Piece<'a>>),
    /// `:-`
    IfEmpty(Vec<Piece<'a>>),
    /// `?`
    Required(Vec<Piece<'a>>),
    /// `:OFFSET` or `:OFFSET:LENGTH`
    Part(i64, Option<i64>),
}

/// `text` with its variables replaced; `None` if there is nothing to replace.
pub(super) fn expand(text: &str, variables: &Variables) -> Result<Option<String>, InterpolationError> {
    if memchr::memchr(b'$', text.as_bytes()).is_none() {
        return Ok(None);
    }
    let pieces = Parser { rest: text }.pieces(Until::End)?;
    evaluate(&pieces, variables).map(Some)
}

/// Whether `text` is nothing but references: with no variables set nothing is left of it.
pub(crate) fn is_pure_reference(text: &str) -> bool {
    text.starts_with('$')
        && expand(text, &Variables::none()).is_ok_and(|rest| rest.is_some_and(|rest| rest.is_empty()))
}

/// The expansions and escaped dollar signs of `text`, in order, also those in `:-` defaults, each in short form.
pub(super) fn list(text: &str) -> Result<Vec<String>, InterpolationError> {
    let mut found = Vec::new();
    list_pieces(&Parser { rest: text }.pieces(Until::End)?, &mut found);
    Ok(found)
}

fn list_pieces(pieces: &[Piece<'_>], found: &mut Vec<String>) {
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Text(_) => {}
            Piece::Dollar => {
                let after = match pieces.get(index + 1) {
                    Some(Piece::Text(text)) => escaped_name(text),
                    _ => "",
                };
                found.push(format!("$${after}"));
            }
            Piece::Expansion(name, operator) => {
                found.push(format!("${name}"));
                if let Operator::IfEmpty(text) = operator {
                    list_pieces(text, found);
                }
            }
        }
    }
}

/// What an escaped dollar sign would have expanded.
fn escaped_name(text: &str) -> &str {
    match text.strip_prefix('{') {
        Some(inner) => inner.find('}').map_or("", |end| &text[..end + 2]),
        None if text.starts_with(is_name_start) => Parser { rest: text }.name(),
        None => "",
    }
}

fn evaluate(pieces: &[Piece<'_>], variables: &Variables) -> Result<String, InterpolationError> {
    let mut out = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Dollar => out.push('$'),
            Piece::Expansion(name, operator) => out.push_str(&operator.apply(name, variables)?),
        }
    }
    Ok(out)
}

impl Operator<'_> {
    fn apply(&self, name: &str, variables: &Variables) -> Result<String, InterpolationError> {
        let value = variables.get(name);
        match (self, value) {
            (Self::IfEmpty(text), None | Some("")) | (Self::IfUnset(text), None) => evaluate(text, variables),
            (Self::Required(text), None) => {
                let message = Some(evaluate(text, variables)?).filter(|message| !message.is_empty());
                let message = message.unwrap_or_else(|| "not set".to_owned());
                Err(InterpolationError::Required { name: name.to_owned(), message })
            }
            (Self::Part(offset, length), value) => Ok(part(value.unwrap_or_default(), *offset, *length)),
            (_, value) => Ok(value.unwrap_or_default().to_owned()),
        }
    }
}

/// A part of `value` in bytes; negative numbers count from the end.
fn part(value: &str, offset: i64, length: Option<i64>) -> String {
    let len = i64::try_from(value.len()).unwrap_or(i64::MAX);
    let start = if offset < 0 { len.saturating_add(offset).max(0) } else { offset.min(len) };
    let end = match length {
        None => len,
        Some(length) if length < 0 => len.saturating_add(length).max(start),
        Some(length) => start.saturating_add(length).min(len),
    };
    let index = |position: i64| usize::try_from(position).expect("positions are clamped to the value");
    let mut out = String::new();
    for chunk in value.as_bytes()[index(start)..index(end)].utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    out
}

/// Where a run of pieces ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    End,
    Brace,
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    /// Pieces up to the end, or up to a `}` that is left where it is.
    fn pieces(&mut self, until: Until) -> Result<Vec<Piece<'a>>, InterpolationError> {
        let mut pieces = Vec::new();
        loop {
            let text = self.text(until);
            if !text.is_empty() {
                pieces.push(Piece::Text(text));
            }
            match self.rest.as_bytes() {
                [] | [b'}', ..] => return Ok(pieces),
                [b'\\' | b'$', b'$', ..] => {
                    self.rest = &self.rest[2..];
                    pieces.push(Piece::Dollar);
                }
                [b'$', b'{', ..] => {
                    self.rest = &self.rest[2..];
                    pieces.push(self.braces()?);
                }
                _ => {
                    self.rest = &self.rest[1..];
                    pieces.push(Piece::Expansion(self.name(), Operator::Value));
                }
            }
        }
    }

    /// Text without anything special in it.
    fn text(&mut self, until: Until) -> &'a str {
        let bytes = self.rest.as_bytes();
        let mut at = 0;
        loop {
            at += match &bytes[at..] {
                [] | [b'\\' | b'$', b'$', ..] | [b'$', b'{', ..] => break,
                [b'}', ..] if until == Until::Brace => break,
                [b'$', ..] if self.rest[at + 1..].starts_with(is_name_start) => break,
                [b'\\', b'\\', ..] => 2,
                _ => 1,
            };
        }
        self.take(at)
    }

    /// What stands between `${` and `}`.
    fn braces(&mut self) -> Result<Piece<'a>, InterpolationError> {
        if !self.rest.starts_with(is_name_start) {
            return Err(InterpolationError::Identifier(self.rest.chars().next()));
        }
        let name = self.name();
        let operator = self.operator()?;
        self.rest = self.rest.strip_prefix('}').ok_or(InterpolationError::Unterminated)?;
        Ok(Piece::Expansion(name, operator))
    }

    fn operator(&mut self) -> Result<Operator<'a>, InterpolationError> {
        let bytes = self.rest.as_bytes();
        let (len, make): (usize, fn(Vec<Piece<'a>>) -> Operator<'a>) = match bytes {
            [b'}', ..] => return Ok(Operator::Value),
            [b':', b'-', ..] => (2, Operator::IfEmpty),
            [b':', ..] => return self.part(),
            [b'-', ..] => (1, Operator::IfUnset),
            [b'?', ..] => (1, Operator::Required),
            _ => return Err(InterpolationError::Operator(self.rest.chars().next())),
        };
        self.rest = &self.rest[len..];
        self.pieces(Until::Brace).map(make)
    }

    fn part(&mut self) -> Result<Operator<'a>, InterpolationError> {
        self.rest = &self.rest[1..];
        let offset = self.take(self.rest.find([':', '}']).unwrap_or(self.rest.len()));
        let offset = offset.trim().parse().map_err(|_| InterpolationError::Offset(offset.to_owned()))?;
        let Some(rest) = self.rest.strip_prefix(':') else { return Ok(Operator::Part(offset, None)) };
        self.rest = rest;
        let length = self.take(self.rest.find('}').unwrap_or(self.rest.len()));
        let length = length.trim().parse().map_err(|_| InterpolationError::Length(length.to_owned()))?;
        Ok(Operator::Part(offset, Some(length)))
    }

    fn name(&mut self) -> &'a str {
        let is_name = |character: char| character.is_alphanumeric() || character == '_';
        self.take(self.rest.find(|character| !is_name(character)).unwrap_or(self.rest.len()))
    }

    fn take(&mut self, len: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(len);
        self.rest = rest;
        taken
    }
}

fn is_name_start(character: char) -> bool {
    character.is_alphabetic()
}

#[cfg(test)]
mod tests {
    use redkite_redact::NameCase;

    use super::*;

    fn variables() -> Variables {
        let pairs = [("A", "alpha"), ("E", ""), ("SHA", "0123456789"), ("U", "aè🚀")];
        Variables::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())), NameCase::Exact)
    }

    #[test]
    fn expansions_are_replaced() {
        let variables = variables();
        let check = |text: &str, expected: &str| {
            assert_eq!(super::super::interpolate(text, &variables).as_deref(), Ok(expected), "{text}");
        };
        check("$A ${A} $NOPE. $1 $_A $ $", "alpha alpha . $1 $_A $ $");
        check(r"$$A \$A \\$A \\\$A a\b \", r"$A $A \\alpha \\$A a\b \");
        check("$${A:-$E$A} $(A $A)", "${A:-alpha} $(A alpha)");
        check("${E:-d} ${E-d} ${N:-d} ${N-${E:-$A}}", "d  d alpha");
        check("${N:-{a}} ${N:-a}b} ${N:-x${A}y}", "{a} ab} xalphay");
        check("${SHA:0:3} ${SHA: -2} ${SHA:2:-2} ${SHA: -5:2}", "012 89 234567 56");
        check("${SHA:99}.${SHA:3:-99}.${SHA: -99:1}.${SHA:+2: 3 }", "..0.234");
        check("${SHA:-4} ${A?x} ${E?}", "0123456789 alpha ");
        check("${U:0:2} ${U:4:5}", "a\u{fffd} \u{fffd}\u{fffd}\u{fffd}");
        check("${A:-${N?not needed}}", "alpha");
    }

    #[test]
    fn malformed_expansions_are_errors() {
        let variables = variables();
        let check = |text: &str, expected: &str| {
            let error = super::super::interpolate(text, &variables).expect_err(text);
            assert_eq!(error.to_string(), expected);
        };
        check("${N?set it}", "$N: set it");
        check("${N?}", "$N: not set");
        check("${N?see $A}", "$N: see alpha");
        check("${_A}", "the name of a variable starts with a letter, not with '_'");
        check("${", "the name of a variable starts with a letter, not with the end of the text");
        check("${A+x}", "the name of a variable is followed by }, :-, -, ? or :, not by '+'");
        check("${A", "the name of a variable is followed by }, :-, -, ? or :, not by the end of the text");
        check("${A:-x", "a } is missing");
        check("${A:?x}", "the offset \"?x\" is no whole number");
        check("${A:1:y}", "the length \"y\" is no whole number");
    }

    #[test]
    fn references_are_told_from_text() {
        for text in ["$X", "${X}", "${X}${Y}", "${X:-}"] {
            assert!(is_pure_reference(text), "{text}");
        }
        for text in ["${X}text", "${X:-d}", "${X?}", "text", "", "x$X", "$$X"] {
            assert!(!is_pure_reference(text), "{text}");
        }
    }
}
