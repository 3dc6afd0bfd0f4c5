//! Reading a request.

use std::io::{self, BufRead, Read, Write};

use super::body::Length;
use super::head::{Head, Malformed, read_head};

/// One request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
}

/// Why there is no request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// The caller has gone, between requests or within one.
    Gone,
    /// What came can't be understood.
    Malformed(Malformed),
}

/// How much of a body that nobody wants is taken off the connection, so that another request can follow.
const SKIPPED: u64 = 256 * 1024;

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        if error.kind() != io::ErrorKind::InvalidData {
            return Self::Gone;
        }
        let reason = error.get_ref().and_then(|inner| inner.downcast_ref());
        Self::Malformed(reason.copied().unwrap_or(Malformed::Broken))
    }
}

/// Reads the head of the next request of a connection.
pub(crate) fn read_request_head(reader: &mut impl BufRead) -> Result<Head, ReadError> {
    Head::parse(&read_head(reader)?).map_err(ReadError::Malformed)
}

/// Reads the body that belongs to a head, telling the caller to go on if it asks whether it may.
pub(crate) fn read_body(
    head: &Head,
    reader: &mut impl BufRead,
    writer: &mut impl Write,
) -> Result<Vec<u8>, ReadError> {
    if head.expects {
        writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    Ok(head.length.read(reader)?)
}

/// Takes an unwanted body off the connection. Whether another request can follow.
pub(crate) fn skip_body(head: &Head, reader: &mut impl BufRead) -> bool {
    match head.length {
        Length::Known(0) => true,
        _ if head.expects => false,
        Length::Known(length) => {
            let skipped = io::copy(&mut reader.by_ref().take(length.min(SKIPPED)), &mut io::sink());
            skipped.is_ok_and(|skipped| skipped == length)
        }
        Length::Chunked | Length::ToEnd => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &str) -> Result<Request, ReadError> {
        let mut reader = bytes.as_bytes();
        let head = read_request_head(&mut reader)?;
        let body = read_body(&head, &mut reader, &mut Vec::new())?;
        Ok(Request { head, body })
    }

    #[test]
    fn bodies_come_by_length_and_in_chunks() {
        let whole =
            read("PUT http://job/a?b=c HTTP/1.1\r\nAuthorization: Bearer x \r\ncontent-length: 2\r\n\r\nhi");
        let whole = whole.expect("a request");
        assert_eq!((whole.head.path.as_str(), whole.body.as_slice()), ("/a", b"hi".as_slice()));
        assert_eq!(whole.head.authorization.as_deref(), Some("Bearer x"));
        let chunks =
            read("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n3;x\r\n ho\r\n0\r\n\r\n");
        assert_eq!(chunks.expect("a request").body, b"hi ho");
    }

    #[test]
    fn what_breaks_off_or_is_no_http_is_no_request() {
        use ReadError::{Gone, Malformed as No};
        let endless = format!("PUT / HTTP/1.1\r\nX: {}", "x".repeat(2 << 20));
        let cases = [
            ("", Gone),
            ("PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\nhi", Gone),
            ("nonsense\r\n\r\n", No(Malformed::Broken)),
            ("PUT / HTTP/1.1\r\nContent-Length: +2\r\n\r\nhi", No(Malformed::Broken)),
            ("PUT / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 1\r\n\r\nhi", No(Malformed::Broken)),
            ("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", No(Malformed::Broken)),
            ("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi!\r\n", No(Malformed::Broken)),
            ("PUT / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", No(Malformed::Coding)),
            (&endless, No(Malformed::TooLong)),
        ];
        for (bytes, expected) in cases {
            assert_eq!(read(bytes).expect_err("no request"), expected, "{:.80}", bytes);
        }
    }

    #[test]
    fn many_and_long_fields_are_read() {
        let fields: String = (0..500).map(|number| format!("X-{number}: y\r\n")).collect();
        let long = "y".repeat(1_000_000);
        let many = format!("GET / HTTP/1.1\r\n{fields}X: {long}\r\nAuthorization: z\r\n\r\n");
        assert_eq!(read(&many).expect("a request").head.authorization.as_deref(), Some("z"));
    }

    #[test]
    fn an_unwanted_body_is_skipped_unless_it_is_long() {
        let cases = [(0, "", true), (2, "hi", true), (3, "hi", false), (300_000, "", false)];
        for (length, body, follows) in cases {
            let body = if length > 3 { "x".repeat(length) } else { body.to_owned() };
            let bytes = format!("PUT / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{body}");
            let mut reader = bytes.as_bytes();
            let head = read_request_head(&mut reader).expect("a head");
            assert_eq!(skip_body(&head, &mut reader), follows, "{length}");
        }
    }
}
