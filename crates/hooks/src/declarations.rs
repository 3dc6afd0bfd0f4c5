//! Reading what bash's `export -p` prints: `declare -x NAME="value"`, one after the other.

use std::iter::Peekable;
use std::str::Chars;

/// A text that bash does not print.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} in the declaration of {name:?}")]
pub struct DeclarationError {
    expected: &'static str,
    name: String,
}

/// Names and values of the exported variables. Arrays and variables without a value are not part of an environment.
pub(crate) fn parse(text: &[u8]) -> Result<Vec<(String, String)>, DeclarationError> {
    // Bytes beyond ASCII stand for themselves: what is no UTF-8 was escaped.
    let text = String::from_utf8_lossy(text);
    let mut characters = text.chars().peekable();
    let mut variables = Vec::new();
    while characters.peek().is_some() {
        let head = take_head(&mut characters);
        let mut words = head.split(' ');
        let command = words.next().unwrap_or_default();
        let name = words.next_back().unwrap_or_default().to_owned();
        let is_array = words.any(|flags| flags.starts_with('-') && flags.contains(['a', 'A']));
        if command != "declare" && command != "export" {
            return Err(DeclarationError { expected: "`declare` or `export`", name });
        }
        if characters.next() != Some('=') {
            continue;
        }
        let failed = |expected| DeclarationError { expected, name: name.clone() };
        if is_array {
            skip_array(&mut characters).map_err(failed)?;
        } else {
            let value = take_value(&mut characters).map_err(failed)?;
            variables.push((name, value));
        }
    }
    Ok(variables)
}

type Input<'a> = Peekable<Chars<'a>>;

/// Everything before a value or the end of the line.
fn take_head(input: &mut Input<'_>) -> String {
    std::iter::from_fn(|| input.next_if(|character| !matches!(character, '=' | '\n'))).collect()
}

/// An array's elements and the line end after them; old versions of bash let line ends stand between quotes.
fn skip_array(input: &mut Input<'_>) -> Result<(), &'static str> {
    loop {
        match input.next() {
            None | Some('\n') => return Ok(()),
            Some('"') => drop(take_quoted(input)?),
            Some('$') if input.next_if_eq(&'\'').is_some() => drop(take_escaped(input)?),
            Some(_) => {}
        }
    }
}

/// A quoted value and the line end after it.
fn take_value(input: &mut Input<'_>) -> Result<String, &'static str> {
    let value = match input.next() {
        Some('"') => take_quoted(input)?,
        Some('$') if input.next() == Some('\'') => take_escaped(input)?,
        _ => return Err("a quote"),
    };
    match input.next() {
        None | Some('\n') => Ok(value),
        Some(_) => Err("the end of the line"),
    }
}

/// After `"`: a backslash takes the special meaning of the next character.
fn take_quoted(input: &mut Input<'_>) -> Result<String, &'static str> {
    let mut value = String::new();
    loop {
        match input.next().ok_or("a closing quote")? {
            '"' => return Ok(value),
            '\\' => match input.next().ok_or("a character after the backslash")? {
                special @ ('"' | '\\' | '$' | '`') => value.push(special),
                other => value.extend(['\\', other]),
            },
            other => value.push(other),
        }
    }
}

/// After `$'`: C's escapes.
fn take_escaped(input: &mut Input<'_>) -> Result<String, &'static str> {
    let mut bytes = Vec::new();
    loop {
        match input.next().ok_or("a closing quote")? {
            '\'' => return Ok(String::from_utf8_lossy(&bytes).into_owned()),
            '\\' => bytes.push(take_escape(input)?),
            other => bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

/// After the backslash: a letter, or up to three octal digits.
fn take_escape(input: &mut Input<'_>) -> Result<u8, &'static str> {
    Ok(match input.next().ok_or("a character after the backslash")? {
        'a' => 0x07,
        'b' => 0x08,
        'e' | 'E' => 0x1b,
        'f' => 0x0c,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        quoted @ ('\\' | '\'' | '"' | '?') => quoted as u8,
        digit @ '0'..='7' => {
            let more: String =
                std::iter::from_fn(|| input.next_if(|digit| digit.is_digit(8))).take(2).collect();
            u8::from_str_radix(&format!("{digit}{more}"), 8).map_err(|_| "a byte")?
        }
        _ => return Err("an escape"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let parsed = parse(text.as_bytes()).expect("bash could have printed it");
        let expected: Vec<_> = expected.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
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
        check(r"declare -x A=$'\303\251é\377'", &[("A", "éé\u{fffd}")]);
    }

    /// As bash writes a value without control characters.
    fn quoted(value: &str) -> String {
        let special = |c: char| matches!(c, '"' | '\\' | '$' | '`');
        let escaped = value.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c]));
        format!("\"{}\"", escaped.collect::<String>())
    }

    /// As bash writes a value with control characters.
    fn escaped(value: &str) -> String {
        let escape = |byte: &u8| match byte {
            b'\n' => "\\n".to_owned(),
            0x1b => "\\E".to_owned(),
            b'\'' | b'\\' => format!("\\{}", char::from(*byte)),
            0x20..=0x7e => char::from(*byte).to_string(),
            _ => format!("\\{byte:03o}"),
        };
        format!("$'{}'", value.as_bytes().iter().map(escape).collect::<String>())
    }

    proptest::proptest! {
        #[test]
        fn any_values_are_read_back(values in proptest::collection::vec("[^\\x00]*", 1..4)) {
            let line = |value: &String| format!("declare -x A={}\nexport B={}\n", quoted(value), escaped(value));
            let text: String = values.iter().map(line).collect();
            let expected: Vec<_> =
                values.iter().flat_map(|v| [("A".to_owned(), v.clone()), ("B".to_owned(), v.clone())]).collect();
            proptest::prop_assert_eq!(parse(text.as_bytes()), Ok(expected));
        }
    }

    #[test]
    fn what_bash_does_not_print() {
        for text in ["x", "declare -x A=1", "declare -x A=\"1", "declare -x A=\"1\"2", "declare -x A=$'\\q'"]
        {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
