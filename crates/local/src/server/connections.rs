//! Accepting callers, and seeing them off.

use std::collections::HashMap;
use std::io::BufReader;
use std::net::Shutdown;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::listening::Handler;
use crate::http::{
    Afterwards, Answer, ReadError, Request, read_body, read_request_head, skip_body, write_answer,
    write_last_answer,
};
use crate::socket::{Listener, Stream};

/// The open connections of a server.
#[derive(Debug, Default)]
pub(super) struct Connections {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    closing: bool,
    next: u64,
    open: HashMap<u64, Open>,
}

#[derive(Debug)]
struct Open {
    stream: Stream,
    /// Whether a request is being answered.
    busy: bool,
}

impl Connections {
    /// From now on callers are turned away, and those who ask nothing are hung up on.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closing = true;
        for open in state.open.values().filter(|open| !open.busy) {
            open.stream.shutdown(Shutdown::Both).ok();
        }
    }

    /// Waits until every connection is closed, at most `limit`. Whether they are.
    pub(super) fn drain(&self, limit: Duration) -> bool {
        let state = self.lock();
        let waited = self.changed.wait_timeout_while(state, limit, |state| !state.open.is_empty());
        waited.is_ok_and(|(state, _)| state.open.is_empty())
    }

    /// A number for a new connection; none when the server is closing, or the system has no room for it.
    fn enter(&self, stream: &Stream) -> Option<u64> {
        let mut state = self.lock();
        let stream = stream.try_clone().ok().filter(|_| !state.closing)?;
        let id = state.next;
        state.next += 1;
        state.open.insert(id, Open { stream, busy: false });
        Some(id)
    }

    /// Notes that a request is being answered, or was. Whether the connection may go on.
    fn set_busy(&self, id: u64, busy: bool) -> bool {
        let mut state = self.lock();
        let closing = state.closing;
        if let Some(open) = state.open.get_mut(&id) {
            open.busy = busy;
        }
        busy || !closing
    }

    fn leave(&self, id: u64) {
        self.lock().open.remove(&id);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves every caller on a thread of its own, until the server closes.
pub(super) fn accept(listener: &Listener, connections: &Arc<Connections>, handler: &Arc<dyn Handler>) {
    while let Some(stream) = listener.accept() {
        let Some(id) = connections.enter(&stream) else { continue };
        let serving = {
            let (connections, handler) = (Arc::clone(connections), Arc::clone(handler));
            std::thread::Builder::new().spawn(move || {
                serve(&stream, id, &connections, &*handler);
                connections.leave(id);
            })
        };
        // Without room for another thread, this caller is hung up on, and the next one may have more luck.
        if serving.is_err() {
            connections.leave(id);
        }
    }
}

fn serve(stream: &Stream, id: u64, connections: &Connections, handler: &dyn Handler) {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    loop {
        let asked = match ask(&mut reader, stream, handler) {
            Ok(asked) => asked,
            Err(ReadError::Gone) => return,
            Err(ReadError::Malformed(how)) => {
                write_last_answer(&mut writer, &Answer::malformed(how)).ok();
                return;
            }
        };
        connections.set_busy(id, true);
        let answer = asked.refusal.unwrap_or_else(|| handler.answer(&asked.request));
        let written = write_answer(&mut writer, &answer, &asked.request.head, asked.afterwards);
        let goes_on = connections.set_busy(id, false);
        if !goes_on || written.is_err() || asked.afterwards == Afterwards::Closes {
            stream.shutdown(Shutdown::Both).ok();
            return;
        }
    }
}

/// A request, of which the body is only read if it isn't refused for its head.
struct Asked {
    request: Request,
    refusal: Option<Answer>,
    afterwards: Afterwards,
}

fn ask(
    reader: &mut BufReader<&Stream>,
    mut stream: &Stream,
    handler: &dyn Handler,
) -> Result<Asked, ReadError> {
    let head = read_request_head(reader)?;
    let refusal = handler.refuse(&head);
    let mut afterwards = head.afterwards;
    let body = if refusal.is_none() {
        read_body(&head, reader, &mut stream)?
    } else {
        if !skip_body(&head, reader) {
            afterwards = Afterwards::Closes;
        }
        Vec::new()
    };
    Ok(Asked { request: Request { head, body }, refusal, afterwards })
}
