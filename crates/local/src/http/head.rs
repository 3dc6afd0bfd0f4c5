//! The head of a message: its first line and its fields.

use std::io::{self, BufRead};

use super::LONGEST_HEAD;
use super::body::Length;

/// What came is no HTTP, or none that is spoken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    /// It breaks the rules.
    #[error("a message that is no HTTP")]
    Broken,
    /// Its head does not end.
    #[error("a message whose head does not end")]
    TooLong,
    /// Its body is coded in a way that isn't known here.
    #[error("a body in an unknown transfer coding")]
    Coding,
}

impl From<Malformed> for io::Error {
    fn from(malformed: Malformed) -> Self {
        Self::new(io::ErrorKind::InvalidData, malformed)
    }
}

/// Whether more requests may follow on the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Afterwards {
    Stays,
    /// The caller of HTTP/1.0 asked for it and must be told so.
    StaysAsAsked,
    Closes,
}

/// What a request says about itself before its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) method: String,
    /// The path without the query.
    pub(crate) path: String,
    /// What follows the question mark.
    pub(crate) query: String,
    pub(crate) authorization: Option<String>,
    /// Whether the caller waits to be told before it sends the body.
    pub(super) expects: bool,
    pub(super) length: Length,
    /// The minor number of its version of HTTP/1.
    pub(super) minor: u8,
    pub(crate) afterwards: Afterwards,
}

impl Head {
    /// Reads the bytes of a head.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut room = fields_of(bytes);
        let mut parsed = httparse::Request::new(&mut room);
        if !parsed.parse(bytes).is_ok_and(|status| status.is_complete()) {
            return Err(Malformed::Broken);
        }
        let fields = Fields(parsed.headers);
        let (target, minor) = (parsed.path.unwrap_or_default(), parsed.version.unwrap_or(1));
        Ok(Self {
            method: parsed.method.unwrap_or_default().to_owned(),
            path: path_of(target).to_owned(),
            query: target.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default(),
            authorization: fields.first("authorization"),
            expects: fields.lists("expect", "100-continue"),
            length: Length::of(&fields, Length::Known(0))?,
            minor,
            afterwards: fields.afterwards(minor),
        })
    }
}

/// A head whose fields don't matter.
#[cfg(test)]
pub(crate) fn plain(method: &str, target: &str) -> Head {
    Head::parse(format!("{method} {target} HTTP/1.1\r\n\r\n").as_bytes()).expect("a head")
}

/// The fields of a message.
pub(super) struct Fields<'a>(pub(super) &'a [httparse::Header<'a>]);

impl Fields<'_> {
    /// The values of the fields of a name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = String> {
        let named = self.0.iter().filter(move |field| field.name.eq_ignore_ascii_case(name));
        named.map(|field| String::from_utf8_lossy(field.value).trim().to_owned())
    }

    fn first(&self, name: &str) -> Option<String> {
        self.all(name).next()
    }

    /// Whether `word` is in one of the lists that the fields of a name hold.
    fn lists(&self, name: &str, word: &str) -> bool {
        self.all(name).any(|value| value.split(',').any(|item| item.trim().eq_ignore_ascii_case(word)))
    }

    fn afterwards(&self, minor: u8) -> Afterwards {
        match minor {
            _ if self.lists("connection", "close") => Afterwards::Closes,
            0 if self.lists("connection", "keep-alive") => Afterwards::StaysAsAsked,
            0 => Afterwards::Closes,
            _ => Afterwards::Stays,
        }
    }
}

/// Room for as many fields as a head has lines.
pub(super) fn fields_of(head: &[u8]) -> Vec<httparse::Header<'_>> {
    vec![httparse::EMPTY_HEADER; head.iter().filter(|byte| **byte == b'\n').count()]
}

/// The path of a request's target, which may name a host.
fn path_of(target: &str) -> &str {
    let target = target.split(['?', '#']).next().unwrap_or_default();
    match target.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => rest.find('/').map_or("/", |at| &rest[at..]),
        _ => target,
    }
}

/// The bytes up to and with the empty line.
pub(super) fn read_head(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    loop {
        let left = (LONGEST_HEAD + 1).saturating_sub(head.len());
        let length = io::Read::take(&mut *reader, left as u64).read_until(b'\n', &mut head)?;
        if head.len() > LONGEST_HEAD {
            return Err(Malformed::TooLong.into());
        }
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if head.ends_with(b"\r\n\r\n") || head.ends_with(b"\n\n") {
            return Ok(head);
        }
    }
}
