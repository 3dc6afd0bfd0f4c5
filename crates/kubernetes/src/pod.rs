//! The agent's side: the socket, who is there, and what they write (spec/local-apis.md §7).

use std::ffi::OsString;
use std::io::BufReader;
use std::net::Shutdown;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redkite_local::socket::{self, BindError, Closer, Listener, Stream};
use redkite_process::{Bell, Cancel};
use tracing::Span;

use crate::members::{End, Limits, Members, Order};
use crate::wire::{self, Frame, ToAgent, ToContainer, WireError};

/// The agent looks around at least this often, to see whether time has passed it by.
const NAP: Duration = Duration::from_secs(5);
/// Who wakes up so late was stopped, with its machine or by a signal.
const OVERSLEPT: Duration = Duration::from_secs(3);

/// The socket's name in the job context directory.
pub(crate) const SOCKET: &str = "buildkite.sock";

/// The containers of one job, before they are there.
#[derive(Debug)]
pub struct Pod {
    /// The job context directory, in which the socket lies.
    pub directory: PathBuf,
    /// How many containers there will be.
    pub count: usize,
    /// How long they may take to register; none for ever.
    pub start_timeout: Option<Duration>,
    /// How long they may take to end when the job is cancelled.
    pub grace: Duration,
    /// What they get.
    pub environment: Vec<(OsString, OsString)>,
    /// Asks for the end.
    pub cancel: Cancel,
}

/// Why containers can't be waited for.
#[derive(Debug, thiserror::Error)]
pub enum PodError {
    /// No socket can be made.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Containers of other users couldn't connect.
    #[error("opening socket {path} to the containers' users")]
    Mode {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Pod {
    /// Waits for the containers and sees them to their end, on this thread. `running` is called when they can
    /// connect, `output` with what they write, on threads of their own. What there is to say goes to the log within
    /// the current span.
    ///
    /// # Errors
    /// When they can't connect.
    pub fn run(self, running: impl FnOnce(), output: impl Fn(&[u8]) + Sync) -> Result<End, PodError> {
        let socket = Socket::open(self.directory.join(SOCKET))?;
        let limits = Limits { start: self.start_timeout, grace: self.grace };
        let desk = Desk {
            state: Mutex::new(State::new(Members::new(self.count, limits, Instant::now()))),
            bell: Arc::default(),
            environment: redkite_text::packed(
                self.environment.iter().map(|(name, value)| (&**name, &**value)),
            ),
            span: Span::current(),
        };
        running();
        Ok(std::thread::scope(|scope| {
            scope.spawn(|| {
                while let Some(stream) = socket.listener.accept() {
                    let (desk, output) = (&desk, &output);
                    let Some(visit) = desk.enter(stream) else { return };
                    scope.spawn(move || desk.span.in_scope(|| desk.serve(&visit, output)));
                }
            });
            let end = desk.preside(&self.cancel);
            socket.closer.close();
            desk.close();
            end
        }))
    }
}

/// A socket's file goes with it.
struct Socket {
    path: PathBuf,
    listener: Listener,
    closer: Closer,
}

impl Socket {
    fn open(path: PathBuf) -> Result<Self, PodError> {
        remove_stale(&path);
        let (listener, closer) = socket::listen(&path)?;
        let socket = Self { path, listener, closer };
        match socket::open_to_all(&socket.path) {
            Ok(()) => Ok(socket),
            Err(source) => Err(PodError::Mode { path: socket.path.clone(), source }),
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        std::fs::remove_file(&self.path).ok();
    }
}

/// Removes the socket of an agent that could not do so itself: nobody answers there.
fn remove_stale(path: &Path) {
    if socket::is_abandoned(path) {
        tracing::warn!("Removing socket {}, which another agent left behind", path.display());
        std::fs::remove_file(path).ok();
    }
}

/// Where connections report, and orders are given.
struct Desk {
    state: Mutex<State>,
    /// Rings when the state has changed.
    bell: Arc<Bell>,
    environment: Vec<u8>,
    span: Span,
}

#[derive(Debug)]
struct State {
    members: Members,
    /// Every open connection, and the container that gets orders through it.
    visits: Vec<(Arc<Stream>, Option<usize>)>,
    closed: bool,
}

impl State {
    fn new(members: Members) -> Self {
        Self { members, visits: Vec::new(), closed: false }
    }

    /// From here on a container gets its orders through this connection.
    fn joined(&mut self, place: usize, stream: &Arc<Stream>) {
        self.members.joined(place);
        let visit = self.visits.iter_mut().find(|(open, _)| Arc::ptr_eq(open, stream));
        if let Some((_, told)) = visit {
            *told = Some(place);
        }
    }

    /// Tells a container something. One that doesn't listen any more will be noticed by its connection's end.
    fn tell(&self, place: usize, message: &ToContainer) {
        let of_place = self.visits.iter().filter(|(_, told)| *told == Some(place));
        of_place.for_each(|(stream, _)| drop(wire::send(&mut &**stream, message)));
    }
}

impl Desk {
    /// Gives orders until the end.
    fn preside(&self, cancel: &Cancel) -> End {
        cancel.listen(&self.bell);
        loop {
            let seen = self.bell.count();
            let next = {
                let mut state = self.lock();
                if cancel.is_cancelled() {
                    state.members.interrupt(Instant::now());
                }
                for (place, silence) in state.members.tick(Instant::now()) {
                    tracing::error!(
                        "Container (ID {place}) was last heard from {silence:?} ago; it counts as lost"
                    );
                }
                for (place, order) in state.members.orders() {
                    state.tell(place, &order.into());
                }
                if let Some(end) = state.members.end() {
                    return end;
                }
                let nap = Instant::now() + NAP;
                state.members.next_change().map_or(nap, |change| change.min(nap))
            };
            self.bell.wait_past(seen, Some(next));
            if next + OVERSLEPT < Instant::now() {
                tracing::warn!("The agent was stopped for a while; nobody's silence counts until now");
                self.lock().members.forgive_silence(Instant::now());
            }
        }
    }

    /// Lets everybody go.
    fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        for (stream, place) in &state.visits {
            if place.is_some() {
                drop(wire::send(&mut &**stream, &ToContainer::Over));
            }
            // What was sent before is still read by the other end.
            drop(stream.shutdown(Shutdown::Both));
        }
    }

    fn enter(&self, stream: Stream) -> Option<Arc<Stream>> {
        let mut state = self.lock();
        if state.closed {
            return None;
        }
        let stream = Arc::new(stream);
        state.visits.push((stream.clone(), None));
        Some(stream)
    }

    /// Serves one connection to its end.
    fn serve(&self, stream: &Arc<Stream>, output: &(impl Fn(&[u8]) + Sync)) {
        if let Err(error) = self.converse(stream, output)
            && self.lock().members.end().is_none()
        {
            tracing::warn!("A container's connection failed: {}", wire::chain(&error));
        }
        self.lock().visits.retain(|(open, _)| !Arc::ptr_eq(open, stream));
        drop(stream.shutdown(Shutdown::Both));
    }

    fn converse(&self, stream: &Arc<Stream>, output: &impl Fn(&[u8])) -> Result<(), WireError> {
        let mut reader = BufReader::new(&**stream);
        let their_greeting = wire::greeted(&mut reader);
        // Also when we don't understand them: they should learn why.
        wire::greet(&mut &**stream)?;
        their_greeting?;
        match wire::expect(&mut reader)? {
            Frame::Message(ToAgent::Register { container }) => self.register(container, stream, &mut reader),
            Frame::Message(ToAgent::Output { .. }) => {
                while let Some(frame) = wire::receive::<ToAgent>(&mut reader)? {
                    if let Frame::Bytes(bytes) = frame {
                        output(&bytes);
                    }
                }
                // Who was killed doesn't wait for it.
                drop(wire::send(&mut &**stream, &ToContainer::Received));
                Ok(())
            }
            Frame::Message(_) | Frame::Bytes(_) => Ok(()),
        }
    }

    fn register(
        &self,
        container: i64,
        stream: &Arc<Stream>,
        reader: &mut impl std::io::Read,
    ) -> Result<(), WireError> {
        let registered = self.lock().members.register(container, Instant::now());
        let place = match registered {
            Ok(place) => place,
            Err(refusal) => {
                tracing::warn!("Sent a container away: {refusal}");
                let reason = refusal.to_string();
                return wire::send(&mut &**stream, &ToContainer::Refused { reason });
            }
        };
        let served = self.host(place, stream, reader);
        if self.lock().members.hung_up(place) {
            tracing::error!(
                "Container (ID {place}) has gone without telling how its part ended; it counts as lost"
            );
        }
        self.bell.ring();
        served
    }

    fn host(
        &self,
        place: usize,
        stream: &Arc<Stream>,
        reader: &mut impl std::io::Read,
    ) -> Result<(), WireError> {
        wire::send(&mut &**stream, &ToContainer::Registered)?;
        wire::send_bytes(&mut &**stream, &self.environment)?;
        tracing::info!("client {place} connected");
        self.lock().joined(place, stream);
        self.bell.ring();
        self.follow(place, reader)
    }

    /// Hears what a container says, until it has ended.
    fn follow(&self, place: usize, reader: &mut impl std::io::Read) -> Result<(), WireError> {
        while let Some(frame) = wire::receive(reader)? {
            match frame {
                Frame::Message(ToAgent::Alive) => self.lock().members.heard(place, Instant::now()),
                Frame::Message(ToAgent::Exit { status }) => {
                    tracing::info!("client {place} exited with code {status}");
                    let mut state = self.lock();
                    state.members.exited(place, status);
                    state.tell(place, &ToContainer::Received);
                    return Ok(());
                }
                Frame::Message(_) | Frame::Bytes(_) => {}
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Order> for ToContainer {
    fn from(order: Order) -> Self {
        match order {
            Order::Start => Self::Start,
            Order::Interrupt => Self::Interrupt,
        }
    }
}
