//! Just enough HTTP/1.1 for a socket between processes of one machine.

mod body;
mod head;
mod json;
mod request;
mod response;

#[cfg(test)]
pub(crate) use head::plain;
pub(crate) use head::{Afterwards, Head};
pub(crate) use json::{escaped, first_value};
pub(crate) use request::{ReadError, Request, read_body, read_request_head, skip_body};
pub(crate) use response::{Answer, read_answer, write_answer, write_last_answer};

/// Longest head of a message; the reference's limit.
const LONGEST_HEAD: usize = 1024 * 1024 + 4096;
