//! Destinations that listen on a socket of this machine instead of a port.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use unix::through;
#[cfg(windows)]
pub(crate) use windows::through;

/// The socket cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("there are no Unix sockets on this system: {}", path.display())]
pub(crate) struct NoSockets {
    path: std::path::PathBuf,
}
