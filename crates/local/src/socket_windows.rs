//! Windows has Unix sockets, but the standard library does not reach them: the local APIs are unavailable there.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::path::Path;
use std::time::Duration;

/// Sockets can't be had on this machine.
#[derive(Debug, thiserror::Error)]
#[error("unix sockets are unavailable on this machine")]
pub struct BindError;

/// Nobody can be called on this machine.
#[derive(Debug, thiserror::Error)]
#[error("unix sockets are unavailable on this machine")]
pub struct ConnectError;

/// A listener there is none of.
#[derive(Debug)]
pub enum Listener {}

/// What would end it.
#[derive(Debug)]
pub enum Closer {}

/// A stream there is none of.
#[derive(Debug)]
pub enum Stream {}

/// Always refused.
///
/// # Errors
/// Always.
pub fn listen(_: &Path) -> Result<(Listener, Closer), BindError> {
    Err(BindError)
}

/// Always refused.
///
/// # Errors
/// Always.
pub fn connect(_: &Path) -> Result<Stream, ConnectError> {
    Err(ConnectError)
}

/// There are none.
pub fn is_abandoned(_: &Path) -> bool {
    false
}

/// Always refused.
///
/// # Errors
/// Always.
pub fn link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Always refused.
///
/// # Errors
/// Always.
pub fn open_to_all(_: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// There is no stream to limit.
///
/// # Errors
/// Always.
pub fn limit(stream: &Stream, _: Duration) -> io::Result<()> {
    match *stream {}
}

impl Listener {
    /// There is no caller.
    pub fn accept(&self) -> Option<Stream> {
        match *self {}
    }
}

impl Closer {
    /// There is nothing to end.
    pub fn close(&self) {
        match *self {}
    }
}

impl Stream {
    /// There is none to copy.
    ///
    /// # Errors
    /// Never.
    pub fn try_clone(&self) -> io::Result<Self> {
        match *self {}
    }

    /// There is none to end.
    ///
    /// # Errors
    /// Never.
    pub fn shutdown(&self, _: Shutdown) -> io::Result<()> {
        match *self {}
    }
}

impl Read for Stream {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match *self {}
    }
}

impl Write for Stream {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        match *self {}
    }

    fn flush(&mut self) -> io::Result<()> {
        match *self {}
    }
}

impl Read for &Stream {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match **self {}
    }
}

impl Write for &Stream {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        match **self {}
    }

    fn flush(&mut self) -> io::Result<()> {
        match **self {}
    }
}
