//! Just enough HTTP/1.1 for a socket between processes of one machine.

mod body;
mod json;
mod request;
mod response;

pub(crate) use json::{escaped, first_value};
pub(crate) use request::{ReadError, Request, read_request};
pub(crate) use response::{Answer, read_answer, write_answer};

/// Longest head of a message.
const LONGEST_HEAD: usize = 64 * 1024;
/// Most header fields of a message.
const MOST_FIELDS: usize = 64;
