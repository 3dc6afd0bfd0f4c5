//! Unix stream sockets.

use std::io;
use std::net::Shutdown;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

pub use std::os::unix::net::UnixStream as Stream;

/// Accepts callers until its [`Closer`] says otherwise, even when the socket's file is gone by then.
#[derive(Debug)]
pub struct Listener {
    socket: UnixListener,
    closed: Stream,
}

/// Ends a listener from another thread.
#[derive(Debug)]
pub struct Closer(Stream);

impl Listener {
    /// The next caller; none once the listener is closed. What the system can't do now, such as opening another
    /// file, is tried again: callers wait meanwhile.
    pub fn accept(&self) -> Option<Stream> {
        loop {
            if self.is_closed_after(PollFd::new(&self.socket, PollFlags::IN), None) {
                return None;
            }
            let accepted = self.socket.accept().and_then(|(stream, _)| {
                stream.set_nonblocking(false)?;
                Ok(stream)
            });
            match accepted {
                Ok(stream) => return Some(stream),
                Err(error) if is_passing(&error) => {}
                Err(error) => {
                    tracing::debug!("Accepting a caller failed, and is tried again: {error}");
                    if self.is_closed_after(PollFd::new(&self.socket, PollFlags::empty()), Some(RECOVERY)) {
                        return None;
                    }
                }
            }
        }
    }

    /// Waits for an event or the time; whether the listener is closed.
    fn is_closed_after(&self, awaited: PollFd<'_>, limit: Option<Timespec>) -> bool {
        let mut waited = [awaited, PollFd::new(&self.closed, PollFlags::IN)];
        match poll(&mut waited, limit.as_ref()) {
            Ok(_) => !waited[1].revents().is_empty(),
            Err(rustix::io::Errno::INTR) => false,
            Err(_) => true,
        }
    }
}

impl Closer {
    /// Lets the listener's thread go.
    pub fn close(&self) {
        self.0.shutdown(Shutdown::Both).ok();
    }
}

/// Lets every user of this machine connect.
///
/// # Errors
/// When the mode can't be set.
pub fn open_to_all(path: &Path) -> io::Result<()> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777))
}

/// How long the system gets to have room again for a caller.
const RECOVERY: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// The caller left again, or another thing happened that doesn't concern the listener.
fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted
    )
}

/// A socket's path must be shorter than this.
#[cfg(any(target_os = "linux", target_os = "android"))]
const LONGEST_PATH: usize = 108;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const LONGEST_PATH: usize = 104;

/// Why no socket can be made at a path.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The path is longer than a socket's may be.
    #[error(
        "socket path {path} is too long (path length: {length}, max {LONGEST_PATH} characters). \
         This is a limitation of your host OS"
    )]
    TooLong {
        /// The path.
        path: String,
        /// Its length in bytes.
        length: usize,
    },
    /// Its directory can't be made.
    #[error("creating the socket directory {path}")]
    Directory {
        /// The directory.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// Something is there.
    #[error("file already exists at socket path {0}")]
    Exists(String),
    /// The system refuses.
    #[error("listening on socket {path}")]
    Listen {
        /// The socket.
        path: String,
        /// What the system said.
        source: io::Error,
    },
}

/// Listens at `path`, below a directory that only this user may enter if it has to be made.
///
/// # Errors
/// When there is something already, or the system refuses.
pub fn listen(path: &Path) -> Result<(Listener, Closer), BindError> {
    let shown = path.display().to_string();
    let length = path.as_os_str().len();
    if length >= LONGEST_PATH {
        return Err(BindError::TooLong { path: shown, length });
    }
    if let Some(parent) = path.parent() {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(parent);
        made.map_err(|source| BindError::Directory { path: parent.display().to_string(), source })?;
    }
    if path.symlink_metadata().is_ok() {
        return Err(BindError::Exists(shown));
    }
    open(path).map_err(|source| BindError::Listen { path: shown, source })
}

fn open(path: &Path) -> io::Result<(Listener, Closer)> {
    let (closer, closed) = Stream::pair()?;
    let socket = UnixListener::bind(path)?;
    socket.set_nonblocking(true)?;
    Ok((Listener { socket, closed }, Closer(closer)))
}

/// Connects, after a look at what is there.
///
/// # Errors
/// When nobody listens there.
pub fn connect(path: &Path) -> Result<Stream, ConnectError> {
    let shown = path.display().to_string();
    let metadata = path.metadata().map_err(|answer| ConnectError::Stat { path: shown.clone(), answer })?;
    if !metadata.file_type().is_socket() {
        return Err(ConnectError::NoSocket(shown));
    }
    Stream::connect(path).map_err(ConnectError::Connect)
}

/// Whether there is a socket at which nobody listens.
pub fn is_abandoned(path: &Path) -> bool {
    let is_socket = path.symlink_metadata().is_ok_and(|metadata| metadata.file_type().is_socket());
    is_socket && Stream::connect(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// Makes `link` lead to `target`, unless there is something.
///
/// # Errors
/// When there is.
pub fn link(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

/// Lets a stream's reads and writes fail after `limit`.
///
/// # Errors
/// When the system refuses.
pub fn limit(stream: &Stream, limit: Duration) -> io::Result<()> {
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))
}

/// Why nothing answers at a path.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nothing is there, or can't be looked at.
    #[error("stat socket: stat {path}: {}", reason(answer))]
    Stat {
        /// The path.
        path: String,
        /// What the system said. The message has it already, so it is no source.
        answer: io::Error,
    },
    /// Something else is there.
    #[error("\"{0}\" is not a socket")]
    NoSocket(String),
    /// Nobody listens.
    #[error("socket test connection: {}", reason(.0))]
    Connect(io::Error),
}

/// The system's words, without the number that Rust adds.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or_default();
    words.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sockets_path_is_short_new_and_in_a_folder_of_its_users() {
        let folder = tempfile::tempdir().expect("a folder");
        let of_length = |length: usize| {
            let inner = folder.path().join("a/b");
            let name = "x".repeat(length - inner.as_os_str().len() - 1);
            inner.join(name)
        };
        let longest = of_length(LONGEST_PATH - 1);
        let (listener, _closer) = listen(&longest).expect("short enough");
        for made in ["a", "a/b"] {
            let mode = folder.path().join(made).metadata().expect("it is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{made}");
        }
        assert!(connect(&longest).is_ok());
        assert!(!is_abandoned(&longest));
        assert!(matches!(listen(&longest), Err(BindError::Exists(_))));
        let too_long = listen(&of_length(LONGEST_PATH)).map(drop).expect_err("too long");
        let words = format!("(path length: {LONGEST_PATH}, max {LONGEST_PATH} characters)");
        assert!(too_long.to_string().contains(&words), "{too_long}");
        drop(listener);
        assert!(is_abandoned(&longest));
        assert!(matches!(connect(&longest), Err(ConnectError::Connect(_))));
    }

    #[test]
    fn what_is_no_socket_is_not_called() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        let missing = connect(&path).map(drop).expect_err("nothing is there").to_string();
        assert_eq!(missing, format!("stat socket: stat {}: no such file or directory", path.display()));
        std::fs::write(&path, "").expect("written");
        let other = connect(&path).map(drop).expect_err("it is a file").to_string();
        assert_eq!(other, format!("\"{}\" is not a socket", path.display()));
        assert!(!is_abandoned(&path));
        let below = listen(&path.join("s")).map(drop).expect_err("below a file").to_string();
        assert!(below.starts_with("creating the socket directory "), "{below}");
    }
}
