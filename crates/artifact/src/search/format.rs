//! How a found artifact is printed (docs/spec/artifacts.md §12.2).

use std::iter::Peekable;
use std::str::Chars;

use redkite_api::wire::Artifact;

/// A line's form, escapes resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format(Vec<u8>);

/// The form has an unknown escape, or a line break as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unable to parse format {0:?}")]
pub struct FormatError(String);

impl Format {
    /// Reads a form with the escapes of a quoted string.
    ///
    /// # Errors
    /// If it holds a line break or an escape that is none.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let read = match c {
                '\\' => escape(&mut chars),
                '\n' => None,
                other => Some(Piece::Char(other)),
            };
            match read.ok_or_else(|| FormatError(text.to_owned()))? {
                Piece::Byte(byte) => bytes.push(byte),
                Piece::Char(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        Ok(Self(bytes))
    }

    /// The form, filled with what is known of the artifact. What is no directive stays.
    pub fn fill(&self, artifact: &Artifact) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.0.len());
        let mut rest = self.0.as_slice();
        while let Some(at) = rest.iter().position(|&byte| byte == b'%') {
            out.extend_from_slice(&rest[..at]);
            rest = &rest[at..];
            match rest.get(1).and_then(|&letter| value(letter, artifact)) {
                Some(value) => {
                    out.extend_from_slice(value.as_bytes());
                    rest = &rest[2..];
                }
                None => {
                    out.push(b'%');
                    rest = &rest[1..];
                }
            }
        }
        out.extend_from_slice(rest);
        out
    }
}

fn value(letter: u8, artifact: &Artifact) -> Option<String> {
    Some(match letter {
        b'i' => artifact.id.to_string(),
        b'p' => artifact.path.clone(),
        b'c' => artifact.created_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        b'j' => artifact.job_id.to_string(),
        b's' => artifact.file_size.to_string(),
        b'S' => artifact.sha1sum.clone(),
        b'T' => artifact.sha256sum.clone(),
        b'u' => artifact.url.clone(),
        _ => return None,
    })
}

/// What a character or escape of a form stands for.
enum Piece {
    Byte(u8),
    Char(char),
}

/// Reads what follows a backslash.
fn escape(chars: &mut Peekable<Chars<'_>>) -> Option<Piece> {
    let byte = match chars.next()? {
        'n' => b'\n',
        't' => b'\t',
        'r' => b'\r',
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0c,
        'v' => 0x0b,
        '\\' => b'\\',
        'x' => u8::try_from(digits(chars, 2, 16)?).ok()?,
        'u' => return char::from_u32(digits(chars, 4, 16)?).map(Piece::Char),
        'U' => return char::from_u32(digits(chars, 8, 16)?).map(Piece::Char),
        first @ '0'..='7' => u8::try_from(first.to_digit(8)? * 64 + digits(chars, 2, 8)?).ok()?,
        _ => return None,
    };
    Some(Piece::Byte(byte))
}

/// Exactly so many digits.
fn digits(chars: &mut Peekable<Chars<'_>>, count: usize, base: u32) -> Option<u32> {
    (0..count).try_fold(0_u32, |value, _| Some(value.checked_mul(base)? + chars.next()?.to_digit(base)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(format: &str) -> Option<String> {
        let artifact = Artifact {
            path: "a %i".to_owned(),
            file_size: 6,
            sha1sum: "da39".to_owned(),
            ..Artifact::default()
        };
        let filled = Format::parse(format).ok()?.fill(&artifact);
        Some(String::from_utf8(filled).expect("these forms are text"))
    }

    #[test]
    fn directives_and_escapes() {
        for (format, expected) in [
            ("%p|%s|%S|%T|%x|%%|%\\n", Some("a %i|6|da39||%x|%%|%\n")),
            ("\\t\\x41\\u00e9\\\\\\101\"", Some("\tAé\\A\"")),
            ("%c", Some("0001-01-01T00:00:00Z")),
            ("", Some("")),
            ("%p\\q", None),
            ("%p\n", None),
            ("\\\"", None),
            ("\\x4", None),
            ("\\400", None),
        ] {
            assert_eq!(fill(format).as_deref(), expected, "{format}");
        }
    }
}
