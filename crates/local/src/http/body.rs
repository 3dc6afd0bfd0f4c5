//! Where a message's body ends: by length, by chunks, or with the connection.

use std::io::{self, BufRead, Read};

/// How long a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    /// This many bytes.
    Known(u64),
    /// In chunks.
    Chunked,
    /// Until the other side closes.
    ToEnd,
}

impl Length {
    /// What the header fields say; `otherwise` if they say nothing.
    pub(crate) fn of(fields: &[httparse::Header<'_>], otherwise: Self) -> io::Result<Self> {
        let value = |name: &str| {
            let field = fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))?;
            std::str::from_utf8(field.value).ok().map(str::trim)
        };
        if value("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            return Ok(Self::Chunked);
        }
        let Some(length) = value("content-length") else { return Ok(otherwise) };
        length.parse().map(Self::Known).map_err(|_| invalid("a content length that is no number"))
    }

    /// The body.
    pub(crate) fn read(self, reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
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
    let size = u64::from_str_radix(size, 16).map_err(|_| invalid("a chunk whose size is no number"))?;
    if size == 0 {
        while !line(reader)?.is_empty() {}
        return Ok(false);
    }
    reader.by_ref().take(size).read_to_end(body)?;
    line(reader)?;
    Ok(true)
}

fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut text = String::new();
    if reader.read_line(&mut text)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(text.trim_end().to_owned())
}

/// A message that breaks the rules of HTTP.
pub(crate) fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
