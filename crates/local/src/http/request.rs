//! Reading a request.

use std::io::{self, BufRead, Write};

use super::body::{Length, invalid};
use super::{LONGEST_HEAD, MOST_FIELDS};

/// One request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// The path without the query.
    pub(crate) path: String,
    /// What follows the question mark.
    pub(crate) query: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: Vec<u8>,
    /// Whether the caller closes the connection after the answer.
    pub(crate) closes: bool,
}

/// Why there is no request.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// The caller has gone, between requests or within one.
    Gone,
    /// What came is no HTTP.
    Malformed,
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::InvalidData { Self::Malformed } else { Self::Gone }
    }
}

/// Reads the next request of a connection, telling the caller to go on where it asks whether it may.
pub(crate) fn read_request(reader: &mut impl BufRead, writer: &mut impl Write) -> Result<Request, ReadError> {
    let head = read_head(reader)?;
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut parsed = httparse::Request::new(&mut fields);
    if !parsed.parse(&head).is_ok_and(|status| status.is_complete()) {
        return Err(ReadError::Malformed);
    }
    let value = |name: &str| {
        let field = parsed.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name))?;
        Some(String::from_utf8_lossy(field.value).trim().to_owned())
    };
    if value("expect").is_some_and(|expected| expected.eq_ignore_ascii_case("100-continue")) {
        writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let length = Length::of(parsed.headers, Length::Known(0))?;
    let target = parsed.path.unwrap_or_default();
    Ok(Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        path: path_of(target).to_owned(),
        query: target.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default(),
        authorization: value("authorization"),
        closes: parsed.version == Some(0)
            || value("connection").is_some_and(|v| v.eq_ignore_ascii_case("close")),
        body: length.read(reader)?,
    })
}

/// The path of a request's target, which may name a host.
fn path_of(target: &str) -> &str {
    let target = target.split(['?', '#']).next().unwrap_or_default();
    match target.strip_prefix("http://") {
        Some(rest) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => target,
    }
}

/// The bytes up to and with the empty line.
pub(crate) fn read_head(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    loop {
        let length = reader.read_until(b'\n', &mut head)?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if head.len() > LONGEST_HEAD {
            return Err(invalid("a message whose head does not end"));
        }
        if head.ends_with(b"\r\n\r\n") || head.ends_with(b"\n\n") {
            return Ok(head);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &str) -> Result<Request, ReadError> {
        read_request(&mut bytes.as_bytes(), &mut Vec::new())
    }

    #[test]
    fn bodies_come_by_length_and_in_chunks() {
        let whole =
            read("PUT http://job/a?b=c HTTP/1.1\r\nAuthorization: Bearer x \r\ncontent-length: 2\r\n\r\nhi");
        let whole = whole.expect("a request");
        assert_eq!((whole.path.as_str(), whole.body.as_slice()), ("/a", b"hi".as_slice()));
        assert_eq!(whole.authorization.as_deref(), Some("Bearer x"));
        let chunks =
            read("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n3;x\r\n ho\r\n0\r\n\r\n");
        assert_eq!(chunks.expect("a request").body, b"hi ho");
    }

    #[test]
    fn what_breaks_off_is_no_request() {
        assert!(matches!(read(""), Err(ReadError::Gone)));
        assert!(matches!(read("PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\nhi"), Err(ReadError::Gone)));
        assert!(matches!(read("nonsense\r\n\r\n"), Err(ReadError::Malformed)));
    }
}
