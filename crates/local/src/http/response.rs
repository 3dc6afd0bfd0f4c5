//! Writing and reading an answer.

use std::io::{self, BufRead, Write};

use serde::Serialize;

use super::MOST_FIELDS;
use super::body::{Length, invalid};
use super::json::escaped;
use super::request::read_head;

/// One answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    content_type: Option<&'static str>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A status and a JSON value.
    pub(crate) fn json(status: u16, value: &impl Serialize) -> Self {
        Self { status, content_type: Some("application/json"), body: escaped(value) }
    }

    /// An error in the form all routes share.
    pub(crate) fn error(status: u16, text: impl Into<String>) -> Self {
        #[derive(Serialize)]
        struct Error {
            error: String,
        }
        Self::json(status, &Error { error: text.into() })
    }

    /// There is nothing at the path.
    pub(crate) fn not_found() -> Self {
        let body = b"404 page not found\n".to_vec();
        Self { status: 404, content_type: Some("text/plain; charset=utf-8"), body }
    }

    /// The path is known, the method is not.
    pub(crate) fn wrong_method() -> Self {
        Self { status: 405, content_type: None, body: Vec::new() }
    }
}

/// Writes an answer in one piece.
pub(crate) fn write_answer(writer: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let mut bytes = format!("HTTP/1.1 {} {}\r\n", answer.status, phrase(answer.status)).into_bytes();
    if let Some(kind) = answer.content_type {
        write!(bytes, "Content-Type: {kind}\r\n")?;
    }
    write!(bytes, "Content-Length: {}\r\n\r\n", answer.body.len())?;
    bytes.extend_from_slice(&answer.body);
    writer.write_all(&bytes)?;
    writer.flush()
}

/// Status and body of the answer to a request.
pub(crate) fn read_answer(reader: &mut impl BufRead) -> io::Result<(u16, Vec<u8>)> {
    let head = read_head(reader)?;
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut parsed = httparse::Response::new(&mut fields);
    if !parsed.parse(&head).is_ok_and(|status| status.is_complete()) {
        return Err(invalid("an answer that is no HTTP"));
    }
    let status = parsed.code.unwrap_or_default();
    let otherwise = if status == 204 { Length::Known(0) } else { Length::ToEnd };
    Ok((status, Length::of(parsed.headers, otherwise)?.read(reader)?))
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        405 => "Method Not Allowed",
        422 => "Unprocessable Entity",
        500 => "Internal Server Error",
        _ => "",
    }
}
