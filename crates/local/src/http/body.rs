//! Where a message's body ends: by length, by chunks, or with the connection.

use std::io::{self, BufRead, Read};

use super::head::{Fields, Malformed};

/// How long a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    /// This many bytes.
    Known(u64),
    /// In chunks.
    Chunked,
    /// Until the other side closes.
    ToEnd,
}

impl Length {
    /// What the header fields say; `otherwise` if they say nothing.
    pub(super) fn of(fields: &Fields<'_>, otherwise: Self) -> Result<Self, Malformed> {
        if let Some(coding) = fields.all("transfer-encoding").next() {
            return if coding.eq_ignore_ascii_case("chunked") {
                Ok(Self::Chunked)
            } else {
                Err(Malformed::Coding)
            };
        }
        let mut lengths = fields.all("content-length");
        let Some(length) = lengths.next() else { return Ok(otherwise) };
        if lengths.any(|other| other != length) || !length.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Malformed::Broken);
        }
        length.parse().map(Self::Known).map_err(|_| Malformed::Broken)
    }

    /// The body.
    pub(super) fn read(self, reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        match self {
            Self::Known(length) => {
                let read = reader.by_ref().take(length).read_to_end(&mut body)?;
                if (read as u64) < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            Self::Chunked => while chunk(reader, &mut body)? {},
            Self::ToEnd => drop(reader.read_to_end(&mut body)?),
        }
        Ok(body)
    }
}

/// Appends one chunk; false after the last.
fn chunk(reader: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<bool> {
    let size = line(reader)?;
    let size = size.split(';').next().unwrap_or_default().trim();
    let size = u64::from_str_radix(size, 16).map_err(|_| Malformed::Broken)?;
    if size == 0 {
        while !line(reader)?.is_empty() {}
        return Ok(false);
    }
    reader.by_ref().take(size).read_to_end(body)?;
    if !line(reader)?.is_empty() {
        return Err(Malformed::Broken.into());
    }
    Ok(true)
}

fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut text = String::new();
    if reader.read_line(&mut text)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(text.trim_end().to_owned())
}
