//! The double-quoted form of a value, as tools print it (spec/redaction-and-logs.md §4).

/// The text between the quotes of `value` written as a double-quoted literal.
pub fn quoted(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    for chunk in value.utf8_chunks() {
        for character in chunk.valid().chars() {
            push_character(&mut out, character);
        }
        for byte in chunk.invalid() {
            out.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
        }
    }
    out
}

fn push_character(out: &mut Vec<u8>, character: char) {
    let short = match character {
        '\x07' => b'a',
        '\x08' => b'b',
        '\x0c' => b'f',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\x0b' => b'v',
        '\\' => b'\\',
        '"' => b'"',
        _ => return push_long(out, character),
    };
    out.extend_from_slice(&[b'\\', short]);
}

fn push_long(out: &mut Vec<u8>, character: char) {
    let code = u32::from(character);
    let escaped = match code {
        _ if is_printable(character) => character.to_string(),
        0..=0x7f => format!("\\x{code:02x}"),
        0x80..=0xffff => format!("\\u{code:04x}"),
        _ => format!("\\U{code:08x}"),
    };
    out.extend_from_slice(escaped.as_bytes());
}

/// Whether `character` is a letter, mark, number, punctuation, symbol or the ASCII blank.
///
/// The standard library only tells through its debug escapes, which leave exactly these as they are when
/// they don't begin a string.
fn is_printable(character: char) -> bool {
    match character {
        ' '..='~' => true,
        _ => "x".chars().chain([character]).collect::<String>().escape_debug().nth(1) == Some(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted() {
        let check = |value: &[u8], expected: &str| assert_eq!(quoted(value), expected.as_bytes());
        check(b"plain 'x'", "plain 'x'");
        check(b"a\"b\\c", "a\\\"b\\\\c");
        check(b"\x07\x08\x0c\n\r\t\x0b", "\\a\\b\\f\\n\\r\\t\\v");
        check(b"\x1b\x7f\x00", "\\x1b\\x7f\\x00");
        check("é漢🚀e\u{301}".as_bytes(), "é漢🚀e\u{301}");
        check("\u{200b}\u{feff}\u{a0}\u{85}".as_bytes(), "\\u200b\\ufeff\\u00a0\\u0085");
        check("\u{e0001}".as_bytes(), "\\U000e0001");
        check(b"\xffx", "\\xffx");
    }
}
