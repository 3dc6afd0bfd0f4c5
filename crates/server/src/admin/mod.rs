//! How commands reach the server that runs on a data folder: an endpoint of its own on the loopback
//! address, and a secret in a file that only the folder's owner can read.

mod client;
mod file;
mod messages;
mod router;

pub(crate) use client::{AdminClient, AdminError};
pub(crate) use file::AdminFile;
pub(crate) use messages::{CancelRequest, LogAnswer, NewToken, TokenRequest, UnblockRequest};
pub(crate) use router::router;
