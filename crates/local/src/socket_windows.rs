//! Windows has Unix sockets, but the standard library does not reach them: the local APIs are unavailable there.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::path::Path;
use std::time::Duration;

/// Sockets can't be had on this machine.
#[derive(Debug, thiserror::Error)]
#[error("unix sockets are unavailable on this machine")]
pub(crate) struct BindError;

/// Nobody can be called on this machine.
#[derive(Debug, thiserror::Error)]
#[error("unix sockets are unavailable on this machine")]
pub(crate) struct ConnectError;

/// A listener there is none of.
#[derive(Debug)]
pub(crate) enum Listener {}

/// What would end it.
#[derive(Debug)]
pub(crate) enum Closer {}

/// A stream there is none of.
#[derive(Debug)]
pub(crate) enum Stream {}

/// Always refused.
pub(crate) fn listen(_: &Path) -> Result<(Listener, Closer), BindError> {
    Err(BindError)
}

/// Always refused.
pub(crate) fn connect(_: &Path) -> Result<Stream, ConnectError> {
    Err(ConnectError)
}

/// Always refused.
pub(crate) fn link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// There is no stream to limit.
pub(crate) fn limit(stream: &Stream, _: Duration) -> io::Result<()> {
    match *stream {}
}

impl Listener {
    pub(crate) fn accept(&self) -> Option<Stream> {
        match *self {}
    }
}

impl Closer {
    pub(crate) fn close(&self) {
        match *self {}
    }
}

impl Stream {
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        match *self {}
    }

    pub(crate) fn shutdown(&self, _: Shutdown) -> io::Result<()> {
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
