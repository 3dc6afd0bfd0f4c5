//! Strings with shell expansions in them (spec/control-plane.md §7.1, §7.6).

use std::collections::HashMap;

use super::error::{Error, evaluation, parse};

/// Text and expansions, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Expansion(Expansion),
}

/// `$name` or `${name…}`.
#[derive(Debug, Clone, PartialEq)]
struct Expansion {
    name: String,
    form: Form,
}

#[derive(Debug, Clone, PartialEq)]
enum Form {
    /// `${V}`
    Plain,
    /// `${V-w}`, `${V:-w}`
    Otherwise(Empty, Template),
    /// `${V+w}`, `${V:+w}`
    Instead(Empty, Template),
    /// `${V?m}`, `${V:?m}`
    Required(Empty, Template),
    /// `${V:x}`, `${V:x:y}`
    Substring(Template, Option<Template>),
}

/// What an empty value counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Empty {
    Set,
    Unset,
}

/// Whether quotes inside the text are part of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    /// As inside a double-quoted string.
    Kept,
    /// As in the words of `${V:-w}`.
    Removed,
}

/// How deep `${V:-${W:-…}}` may go.
const MAX_DEPTH: usize = 32;

impl Template {
    pub(super) fn literal(text: String) -> Self {
        Self { parts: vec![Part::Text(text)] }
    }

    /// The text, if nothing in it depends on variables.
    pub(super) fn as_literal(&self) -> Option<String> {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Some(text.as_str()),
                Part::Expansion(_) => None,
            })
            .collect()
    }

    pub(super) fn parse(text: &str, quotes: Quotes) -> Result<Self, Error> {
        parse_at(text, quotes, 0)
    }

    /// The text with every expansion replaced; what is unset is nothing.
    pub(super) fn expand(&self, env: &HashMap<String, String>) -> Result<String, Error> {
        self.parts.iter().map(|part| Ok(part.value(env)?.unwrap_or_default())).collect()
    }

    /// The same for an expansion that stands alone: an unset variable is null.
    pub(super) fn expand_alone(&self, env: &HashMap<String, String>) -> Result<Option<String>, Error> {
        match self.parts.as_slice() {
            [only] => only.value(env),
            _ => self.expand(env).map(Some),
        }
    }
}

/// An expansion outside quotes, with what follows it.
pub(super) fn standalone(text: &str) -> Result<(Template, &str), Error> {
    match dollar(text, 0)? {
        Some((parts, rest)) if parts != [Part::Text("$".to_owned())] => Ok((Template { parts }, rest)),
        _ => parse("illegal token `$`"),
    }
}

fn parse_at(text: &str, quotes: Quotes, depth: usize) -> Result<Template, Error> {
    if depth > MAX_DEPTH {
        return parse("expansions are nested too deeply");
    }
    let mut reader = Reader { parts: Vec::new(), bytes: Vec::new(), depth };
    reader.read(text, quotes)?;
    reader.flush();
    Ok(Template { parts: reader.parts })
}

/// Collects bytes, since `\xHH` may write any, and parts.
struct Reader {
    parts: Vec<Part>,
    bytes: Vec<u8>,
    depth: usize,
}

impl Reader {
    fn flush(&mut self) {
        if !self.bytes.is_empty() {
            self.parts.push(Part::Text(String::from_utf8_lossy(&self.bytes).into_owned()));
            self.bytes.clear();
        }
    }

    fn read(&mut self, mut rest: &str, quotes: Quotes) -> Result<(), Error> {
        while let Some(c) = rest.chars().next() {
            let after = &rest[c.len_utf8()..];
            rest = match c {
                '\\' => self.escape(after)?,
                '$' => self.dollar(rest)?,
                '\'' | '"' if quotes == Quotes::Removed => self.quoted(after, c)?,
                c => {
                    self.push(c);
                    after
                }
            };
        }
        Ok(())
    }

    fn push(&mut self, c: char) {
        self.bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }

    fn dollar<'t>(&mut self, rest: &'t str) -> Result<&'t str, Error> {
        match dollar(rest, self.depth)? {
            Some((parts, after)) => {
                self.flush();
                self.parts.extend(parts);
                Ok(after)
            }
            None => {
                self.push('$');
                Ok(&rest[1..])
            }
        }
    }

    /// A quoted stretch of a word: in single quotes nothing is special.
    fn quoted<'t>(&mut self, after: &'t str, quote: char) -> Result<&'t str, Error> {
        let Some(end) = closing(after, quote) else { return parse("unterminated quote in an expansion") };
        let inner = &after[..end];
        if quote == '\'' {
            self.bytes.extend_from_slice(inner.as_bytes());
        } else {
            self.read(inner, Quotes::Kept)?;
        }
        Ok(&after[end + 1..])
    }

    /// What stands behind a backslash.
    fn escape<'t>(&mut self, after: &'t str) -> Result<&'t str, Error> {
        let Some(c) = after.chars().next() else {
            self.push('\\');
            return Ok(after);
        };
        let rest = &after[c.len_utf8()..];
        let simple = match c {
            'n' => '\n',
            's' => ' ',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'f' => '\u{c}',
            'b' => '\u{8}',
            'a' => '\u{7}',
            'e' => '\u{1b}',
            'x' => return Ok(self.hex(rest)),
            '0'..='7' => return self.octal(after),
            other => other,
        };
        self.push(simple);
        Ok(rest)
    }

    fn hex<'t>(&mut self, rest: &'t str) -> &'t str {
        let digits = rest.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                self.bytes.push(byte);
                &rest[2..]
            }
            None => {
                self.push('x');
                rest
            }
        }
    }

    fn octal<'t>(&mut self, digits: &'t str) -> Result<&'t str, Error> {
        let length = digits.bytes().take(3).take_while(|digit| (b'0'..=b'7').contains(digit)).count();
        match u8::from_str_radix(&digits[..length], 8) {
            Ok(byte) => self.bytes.push(byte),
            Err(_) => return parse(format!("octal escape \\{} is more than \\377", &digits[..length])),
        }
        Ok(&digits[length..])
    }
}

/// Where the quote that was opened before `text` closes.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(place, c)| {
        let found = !escaped && c == quote;
        escaped = !escaped && c == '\\' && quote == '"';
        found.then_some(place)
    })
}

/// What a `$` begins: `$$`, `$name`, `${…}`; nothing when it is just a dollar.
fn dollar(text: &str, depth: usize) -> Result<Option<(Vec<Part>, &str)>, Error> {
    let after = &text[1..];
    match after.chars().next() {
        Some('$') => Ok(Some((vec![Part::Text("$".to_owned())], &after[1..]))),
        Some('{') => {
            let Some(end) = brace(&after[1..]) else { return parse("unterminated `${`") };
            let expansion = braced(&after[1..=end], depth)?;
            Ok(Some((vec![Part::Expansion(expansion)], &after[end + 2..])))
        }
        Some(c) if c.is_ascii_alphabetic() || c == '_' => {
            let end = after.find(|c: char| !is_name(c) && c != '.').unwrap_or(after.len());
            let (name, literal) = after[..end].split_at(after[..end].find('.').unwrap_or(end));
            let mut parts = vec![Part::Expansion(Expansion { name: name.to_owned(), form: Form::Plain })];
            if !literal.is_empty() {
                parts.push(Part::Text(literal.to_owned()));
            }
            Ok(Some((parts, &after[end..])))
        }
        _ => Ok(None),
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Where the brace that was opened before `text` closes: nesting and quotes are balanced.
fn brace(text: &str) -> Option<usize> {
    let (mut depth, mut skip_to) = (0_usize, 0);
    for (place, c) in text.char_indices() {
        if place < skip_to {
            continue;
        }
        match c {
            '\\' => skip_to = place + 1 + text[place + 1..].chars().next().map_or(0, char::len_utf8),
            '\'' | '"' => skip_to = place + 2 + closing(&text[place + 1..], c)?,
            '{' => depth += 1,
            '}' if depth == 0 => return Some(place),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The inside of `${…}`.
fn braced(text: &str, depth: usize) -> Result<Expansion, Error> {
    let (name, rest) = text.split_at(text.find(|c| !is_name(c)).unwrap_or(text.len()));
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return parse(format!("`${{{text}}}` names no variable"));
    }
    let word = |text: &str| parse_at(text, Quotes::Removed, depth + 1);
    let (empty, operator) = match rest.strip_prefix(':') {
        Some(after) => (Empty::Unset, after),
        None => (Empty::Set, rest),
    };
    let form = match (rest, operator.chars().next()) {
        ("", _) => Form::Plain,
        (_, Some('-')) => Form::Otherwise(empty, word(&operator[1..])?),
        (_, Some('+')) => Form::Instead(empty, word(&operator[1..])?),
        (_, Some('?')) => Form::Required(empty, word(&operator[1..])?),
        _ if empty == Empty::Unset => match split_colon(operator) {
            (from, None) => Form::Substring(word(from)?, None),
            (from, Some(to)) => Form::Substring(word(from)?, Some(word(to)?)),
        },
        _ => return parse(format!("`${{{text}}}` has an unknown operator")),
    };
    Ok(Expansion { name: name.to_owned(), form })
}

/// Splits at the first colon outside nested expansions.
fn split_colon(text: &str) -> (&str, Option<&str>) {
    let mut depth = 0_usize;
    for (place, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => return (&text[..place], Some(&text[place + 1..])),
            _ => {}
        }
    }
    (text, None)
}

impl Part {
    fn value(&self, env: &HashMap<String, String>) -> Result<Option<String>, Error> {
        match self {
            Self::Text(text) => Ok(Some(text.clone())),
            Self::Expansion(expansion) => expansion.value(env),
        }
    }
}

impl Expansion {
    fn value(&self, env: &HashMap<String, String>) -> Result<Option<String>, Error> {
        let value = env.get(&self.name);
        let counts = |empty: Empty| value.filter(|value| empty == Empty::Set || !value.is_empty());
        Ok(match &self.form {
            Form::Plain => value.cloned(),
            Form::Otherwise(empty, word) => Some(match counts(*empty) {
                Some(value) => value.clone(),
                None => word.expand(env)?,
            }),
            Form::Instead(empty, word) => Some(match counts(*empty) {
                Some(_) => word.expand(env)?,
                None => String::new(),
            }),
            Form::Required(empty, message) => match counts(*empty) {
                Some(value) => Some(value.clone()),
                None => return self.missing(&message.expand(env)?),
            },
            Form::Substring(from, to) => match value {
                Some(value) => {
                    let to = to.as_ref().map(|to| integer(&to.expand(env)?)).transpose()?;
                    Some(substring(value, integer(&from.expand(env)?)?, to))
                }
                None => None,
            },
        })
    }

    fn missing<T>(&self, message: &str) -> Result<T, Error> {
        let name = &self.name;
        if message.is_empty() {
            evaluation(format!("parameter null or not set: {name}"))
        } else {
            evaluation(format!("parameter null or not set: {name}: {message}"))
        }
    }
}

fn integer(text: &str) -> Result<i64, Error> {
    let number = text.trim().parse().ok();
    number.map_or_else(
        || evaluation(format!("substring operation requires integer argument, not \"{text}\"")),
        Ok,
    )
}

/// Characters from `from`, counted from the end when negative; `to` is a length, or an end counted from the end.
fn substring(value: &str, from: i64, to: Option<i64>) -> String {
    let chars: Vec<char> = value.chars().collect();
    let length = i64::try_from(chars.len()).unwrap_or(i64::MAX);
    let absolute = |place: i64| if place < 0 { place.saturating_add(length) } else { place }.clamp(0, length);
    let start = absolute(from);
    let end = match to {
        None => length,
        Some(count) if count >= 0 => start.saturating_add(count).min(length),
        Some(before_end) => absolute(before_end),
    };
    let place = |at: i64| usize::try_from(at).unwrap_or(0);
    chars.get(place(start)..place(end)).unwrap_or_default().iter().collect()
}
