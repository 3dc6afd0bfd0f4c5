//! Signals to redkite itself: those that ask to stop, and the terminal's new size.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a run listens to. From its making on, none of them ends the process.
#[derive(Debug)]
pub(crate) struct Signals {
    /// Ctrl-C, and what system and terminal send to end a program.
    pub(crate) interrupt: AnyOf,
    /// The terminal has another size.
    pub(crate) resize: AnyOf,
}

/// Several signals that mean the same.
#[derive(Debug)]
pub(crate) struct AnyOf(Vec<Signal>);

impl Signals {
    /// Begins to listen.
    pub(crate) fn listen() -> io::Result<Self> {
        let interrupt =
            [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup(), SignalKind::quit()];
        Ok(Self { interrupt: AnyOf::new(&interrupt)?, resize: AnyOf::new(&[SignalKind::window_change()])? })
    }
}

impl AnyOf {
    fn new(kinds: &[SignalKind]) -> io::Result<Self> {
        kinds.iter().map(|kind| signal(*kind)).collect::<io::Result<_>>().map(Self)
    }

    /// Waits for the next.
    pub(crate) async fn next(&mut self) {
        let waits = self.0.iter_mut().map(|signal| Box::pin(signal.recv()));
        futures_util::future::select_all(waits).await;
    }
}
