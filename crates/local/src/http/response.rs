//! Writing and reading an answer.

use std::io::{self, BufRead, Write};

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde::Serialize;

use super::body::Length;
use super::head::{Afterwards, Fields, Head, Malformed, fields_of, read_head};
use super::json::escaped;

/// One answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// What isn't the same in all answers.
    fields: &'static [(&'static str, &'static str)],
    /// The methods that the path knows, if another one was asked for.
    allow: Option<&'static str>,
    pub(crate) body: Vec<u8>,
}

const JSON: &[(&str, &str)] = &[("Content-Type", "application/json")];
const TEXT: &[(&str, &str)] = &[("Content-Type", "text/plain; charset=utf-8")];
const SURELY_TEXT: &[(&str, &str)] = &[TEXT[0], ("X-Content-Type-Options", "nosniff")];

impl Answer {
    /// A status and a JSON value.
    pub(crate) fn json(status: u16, value: &impl Serialize) -> Self {
        Self { status, fields: JSON, allow: None, body: escaped(value) }
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
        Self { status: 404, fields: SURELY_TEXT, allow: None, body: b"404 page not found\n".to_vec() }
    }

    /// The path is known, the method is not; these are.
    pub(crate) fn wrong_method(allow: &'static str) -> Self {
        Self { status: 405, fields: JSON, allow: Some(allow), body: Vec::new() }
    }

    /// There was no request.
    pub(crate) fn malformed(how: Malformed) -> Self {
        let status = match how {
            Malformed::Broken => 400,
            Malformed::TooLong => 431,
            Malformed::Coding => 501,
        };
        let body = format!("{status} {}", phrase(status)).into_bytes();
        Self { status, fields: TEXT, allow: None, body }
    }
}

/// Writes the answer to a request, in one piece.
pub(crate) fn write_answer(
    writer: &mut impl Write,
    answer: &Answer,
    asked: &Head,
    afterwards: Afterwards,
) -> io::Result<()> {
    let mut bytes = head_of(answer, asked.minor, afterwards)?;
    if asked.method != "HEAD" {
        bytes.extend_from_slice(&answer.body);
    }
    writer.write_all(&bytes)?;
    writer.flush()
}

/// Writes an answer to nothing that could be understood; nothing follows it.
pub(crate) fn write_last_answer(writer: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let mut bytes = head_of(answer, 1, Afterwards::Closes)?;
    bytes.extend_from_slice(&answer.body);
    writer.write_all(&bytes)?;
    writer.flush()
}

fn head_of(answer: &Answer, minor: u8, afterwards: Afterwards) -> io::Result<Vec<u8>> {
    let mut bytes = format!("HTTP/1.{minor} {} {}\r\n", answer.status, phrase(answer.status)).into_bytes();
    for (name, value) in answer.fields {
        write!(bytes, "{name}: {value}\r\n")?;
    }
    if let Some(methods) = answer.allow {
        write!(bytes, "Allow: {methods}\r\n")?;
    }
    if let Ok(now) = DateTimePrinter::new().timestamp_to_rfc9110_string(&Timestamp::now()) {
        write!(bytes, "Date: {now}\r\n")?;
    }
    match afterwards {
        Afterwards::Closes if minor > 0 => bytes.extend_from_slice(b"Connection: close\r\n"),
        Afterwards::StaysAsAsked => bytes.extend_from_slice(b"Connection: keep-alive\r\n"),
        Afterwards::Closes | Afterwards::Stays => {}
    }
    write!(bytes, "Content-Length: {}\r\n\r\n", answer.body.len())?;
    Ok(bytes)
}

/// Status and body of the answer to a request.
pub(crate) fn read_answer(reader: &mut impl BufRead) -> io::Result<(u16, Vec<u8>)> {
    let head = read_head(reader)?;
    let mut fields = fields_of(&head);
    let mut parsed = httparse::Response::new(&mut fields);
    if !parsed.parse(&head).is_ok_and(|status| status.is_complete()) {
        return Err(Malformed::Broken.into());
    }
    let status = parsed.code.unwrap_or_default();
    let otherwise = if status == 204 { Length::Known(0) } else { Length::ToEnd };
    Ok((status, Length::of(&Fields(parsed.headers), otherwise)?.read(reader)?))
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
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        _ => "",
    }
}
