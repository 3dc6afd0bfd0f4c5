//! Reading what bash's `export -p` prints: `declare -x NAME="value"`, one after the other.

use std::ffi::OsString;
use std::iter::{Copied, Peekable};
use std::slice::Iter;

/// A text that bash does not print.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} in the declaration of {name:?}")]
pub struct DeclarationError {
    expected: &'static str,
    name: String,
}

/// Names and values of the exported variables. Arrays and variables without a value are not part of an environment.
/// Bytes beyond ASCII stand for themselves; in which form bash prints one depends on its locale.
pub(crate) fn parse(text: &[u8]) -> Result<Vec<(String, OsString)>, DeclarationError> {
    let mut input = text.iter().copied().peekable();
    let mut variables = Vec::new();
    while input.peek().is_some() {
        let head = take_head(&mut input);
        let mut words = head.split(' ');
        let command = words.next().unwrap_or_default();
        let name = words.next_back().unwrap_or_default().to_owned();
        let is_array = words.any(|flags| flags.starts_with('-') && flags.contains(['a', 'A']));
        if command != "declare" && command != "export" {
            return Err(DeclarationError { expected: "`declare` or `export`", name });
        }
        if input.next() != Some(b'=') {
            continue;
        }
        let failed = |expected| DeclarationError { expected, name: name.clone() };
        if is_array {
            skip_array(&mut input).map_err(failed)?;
        } else {
            let value = take_value(&mut input).map_err(failed)?;
            variables.push((name, redkite_text::from_bytes(value)));
        }
    }
    Ok(variables)
}

type Input<'a> = Peekable<Copied<Iter<'a, u8>>>;

/// Everything before a value or the end of the line.
fn take_head(input: &mut Input<'_>) -> String {
    let head: Vec<u8> = std::iter::from_fn(|| input.next_if(|byte| !matches!(byte, b'=' | b'\n'))).collect();
    redkite_text::shown_bytes(&head).into_owned()
}

/// An array's elements and the line end after them; old versions of bash let line ends stand between quotes.
fn skip_array(input: &mut Input<'_>) -> Result<(), &'static str> {
    loop {
        match input.next() {
            None | Some(b'\n') => return Ok(()),
            Some(b'"') => drop(take_quoted(input)?),
            Some(b'$') if input.next_if_eq(&b'\'').is_some() => drop(take_escaped(input)?),
            Some(_) => {}
        }
    }
}

/// A quoted value and the line end after it.
fn take_value(input: &mut Input<'_>) -> Result<Vec<u8>, &'static str> {
    let value = match input.next() {
        Some(b'"') => take_quoted(input)?,
        Some(b'$') if input.next() == Some(b'\'') => take_escaped(input)?,
        _ => return Err("a quote"),
    };
    match input.next() {
        None | Some(b'\n') => Ok(value),
        Some(_) => Err("the end of the line"),
    }
}

/// After `"`: a backslash takes the special meaning of the next character.
fn take_quoted(input: &mut Input<'_>) -> Result<Vec<u8>, &'static str> {
    let mut value = Vec::new();
    loop {
        match input.next().ok_or("a closing quote")? {
            b'"' => return Ok(value),
            b'\\' => match input.next().ok_or("a character after the backslash")? {
                special @ (b'"' | b'\\' | b'$' | b'`') => value.push(special),
                other => value.extend([b'\\', other]),
            },
            other => value.push(other),
        }
    }
}

/// After `$'`: C's escapes.
fn take_escaped(input: &mut Input<'_>) -> Result<Vec<u8>, &'static str> {
    let mut value = Vec::new();
    loop {
        match input.next().ok_or("a closing quote")? {
            b'\'' => return Ok(value),
            b'\\' => value.push(take_escape(input)?),
            other => value.push(other),
        }
    }
}

/// After the backslash: a letter, or up to three octal digits.
fn take_escape(input: &mut Input<'_>) -> Result<u8, &'static str> {
    Ok(match input.next().ok_or("a character after the backslash")? {
        b'a' => 0x07,
        b'b' => 0x08,
        b'e' | b'E' => 0x1b,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        quoted @ (b'\\' | b'\'' | b'"' | b'?') => quoted,
        digit @ b'0'..=b'7' => {
            let more = std::iter::from_fn(|| input.next_if(|digit| matches!(digit, b'0'..=b'7'))).take(2);
            let digits = std::iter::once(digit).chain(more);
            let value = digits.fold(0_u16, |value, digit| value * 8 + u16::from(digit - b'0'));
            u8::try_from(value).map_err(|_| "a byte")?
        }
        _ => return Err("an escape"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let parsed = parse(text.as_bytes()).expect("bash could have printed it");
        let expected: Vec<_> = expected.iter().map(|(n, v)| ((*n).to_owned(), OsString::from(v))).collect();
        assert_eq!(parsed, expected);
    }

    #[test]
    fn forms_of_declarations() {
        check("", &[]);
        check(
            "declare -x A=\"1\"\ndeclare -ix B=\"2\"\ndeclare -rx C=\"\"\n",
            &[("A", "1"), ("B", "2"), ("C", "")],
        );
        check("export A=\"1\"\nexport OLDPWD\ndeclare -x NONE\n", &[("A", "1")]);
        check("declare -ax LIST=([0]=\"a=b\" [1]=$'c\\nd')\ndeclare -x A=\"1\"\n", &[("A", "1")]);
        check("declare -ax LIST='([0]=\"a\nb\")'\ndeclare -x A=\"1\"\n", &[("A", "1")]);
    }

    #[test]
    fn forms_of_values() {
        check(r#"declare -x A="q\"\$\`\\x' \n=""#, &[("A", "q\"$`\\x' \\n=")]);
        check("declare -x A=\"two\nlines\"\ndeclare -x B=\"\"\n", &[("A", "two\nlines"), ("B", "")]);
        check(r"declare -x A=$'a\nb\t\E[0m\001\'\\'", &[("A", "a\nb\t\u{1b}[0m\u{1}'\\")]);
        check(r"declare -x A=$'\303\251é'", &[("A", "éé")]);
    }

    /// As bash writes a value without control characters.
    fn quoted(value: &[u8]) -> Vec<u8> {
        let special = |byte: u8| matches!(byte, b'"' | b'\\' | b'$' | b'`');
        let escaped = value.iter().flat_map(|&b| special(b).then_some(b'\\').into_iter().chain([b]));
        [b'"'].into_iter().chain(escaped).chain([b'"']).collect()
    }

    /// As bash writes a value with control characters, or in a locale in which bytes are no characters.
    fn escaped(value: &[u8]) -> String {
        let escape = |byte: &u8| match byte {
            b'\n' => "\\n".to_owned(),
            0x1b => "\\E".to_owned(),
            b'\'' | b'\\' => format!("\\{}", char::from(*byte)),
            0x20..=0x7e => char::from(*byte).to_string(),
            _ => format!("\\{byte:03o}"),
        };
        format!("$'{}'", value.iter().map(escape).collect::<String>())
    }

    #[cfg(unix)]
    proptest::proptest! {
        #[test]
        fn any_values_are_read_back(values in proptest::collection::vec(value(), 1..4)) {
            let line = |value: &Vec<u8>| {
                [b"declare -x A=", &quoted(value)[..], b"\nexport B=", escaped(value).as_bytes(), b"\n"].concat()
            };
            let text: Vec<u8> = values.iter().flat_map(line).collect();
            let read = |name: &str, value: &Vec<u8>| (name.to_owned(), redkite_text::from_bytes(&value[..]));
            let expected: Vec<_> = values.iter().flat_map(|v| [read("A", v), read("B", v)]).collect();
            proptest::prop_assert_eq!(parse(&text), Ok(expected));
        }
    }

    /// Any bytes that a variable can have, those that mean something here more often than others.
    #[cfg(unix)]
    fn value() -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
        let special = proptest::sample::select(&b"\"'\\$`\n=\xff\xc3\xa9"[..]);
        proptest::collection::vec(proptest::prop_oneof![1..=255_u8, special], 0..20)
    }

    #[test]
    fn what_bash_does_not_print() {
        for text in ["x", "declare -x A=1", "declare -x A=\"1", "declare -x A=\"1\"2", "declare -x A=$'\\q'"]
        {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
