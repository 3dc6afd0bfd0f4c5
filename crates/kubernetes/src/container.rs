//! A container's side: joins, waits for its turn, runs its bootstrap, tells how that ended (spec/local-apis.md §10).

use std::ffi::OsString;
use std::io::{BufReader, Write};
use std::net::Shutdown;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use redkite_local::socket::{self, ConnectError, Stream};
use redkite_process::{Cancel, Context, Ending, Finished, Launch, Policy, SpawnError, Stream as Output};

use crate::pod::SOCKET;
use crate::wire::{self, Frame, ToAgent, ToContainer, WireError};

/// How often a container tries to connect, and how often it says that it lives.
const BEAT: Duration = Duration::from_secs(1);
/// How long the agent may take to note an exit status.
const FAREWELL: Duration = Duration::from_secs(10);
/// Events that may wait while the main thread handles one; more of them make their sender wait.
const EVENTS: usize = 8;

/// A container that has registered.
#[derive(Debug)]
pub struct Container {
    socket: PathBuf,
    id: i64,
    link: Arc<Stream>,
    reader: BufReader<Stream>,
    /// What the agent sent.
    pub environment: Vec<(OsString, OsString)>,
}

/// Why a container could not register.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// Nobody was there in time.
    #[error("no agent answered within {0:?}")]
    Connect(Duration, #[source] ConnectError),
    /// The agent could not be understood.
    #[error("registering container {0}")]
    Wire(i64, #[source] WireError),
    /// The agent sent it away.
    #[error("{0}")]
    Refused(String),
}

/// What a container runs when it is its turn.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    /// The process.
    pub launch: Launch,
    /// How it is ended.
    pub policy: Policy,
    /// How long it may take to end, altogether.
    pub cancel_grace: Duration,
    /// The first line of its log.
    pub heading: String,
}

/// Why a container's bootstrap has no exit status.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The job ended before its turn.
    #[error("connecting to k8s socket: job interrupted before starting")]
    Interrupted,
    /// The agent can't be reached any more.
    #[error("connecting to k8s socket: waiting for client to become ready")]
    Waiting(#[source] WireError),
    /// The agent doesn't take its output.
    #[error("connecting to k8s socket: opening the job's log")]
    Log(#[source] WireError),
    /// It could not be started.
    #[error("couldn't execute bootstrap")]
    Start(#[source] SpawnError),
    /// It doesn't end.
    #[error("the bootstrap still runs {0:?} after it was interrupted")]
    StillRunning(Duration),
    /// A bug of ours.
    #[error("the thread that runs the bootstrap has died")]
    Panic,
}

impl Container {
    /// Registers as container `id` with the agent whose job context directory this is, which may take until `timeout`
    /// to be there.
    ///
    /// # Errors
    /// When the agent is not there or refuses.
    pub fn join(directory: &Path, id: i64, timeout: Duration) -> Result<Self, JoinError> {
        let socket = directory.join(SOCKET);
        let stream = connect_within(&socket, timeout)?;
        Self::register(socket, id, stream).map_err(|error| match error {
            Registering::Refused(reason) => JoinError::Refused(reason),
            Registering::Wire(error) => JoinError::Wire(id, error),
        })
    }

    fn register(socket: PathBuf, id: i64, stream: Stream) -> Result<Self, Registering> {
        let (link, mut reader) = introduce(stream, &ToAgent::Register { container: id })?;
        match wire::expect(&mut reader)? {
            Frame::Message(ToContainer::Registered) => {}
            Frame::Message(ToContainer::Refused { reason }) => return Err(Registering::Refused(reason)),
            Frame::Message(_) | Frame::Bytes(_) => return Err(WireError::Closed.into()),
        }
        match wire::expect::<ToContainer>(&mut reader)? {
            Frame::Bytes(packed) => Ok(Self {
                socket,
                id,
                link: Arc::new(link),
                reader,
                environment: redkite_text::unpacked(&packed).collect(),
            }),
            Frame::Message(_) => Err(WireError::Closed.into()),
        }
    }

    /// Waits for its turn and runs `bootstrap` to its end, whose output goes to `output` and to the agent; answers its
    /// exit status, −1 for a signal.
    ///
    /// # Errors
    /// When it was not its turn, or the bootstrap could not be run to its end.
    pub fn run(
        self,
        bootstrap: Bootstrap,
        output: impl FnMut(Output, &[u8]) + Send + 'static,
    ) -> Result<i32, RunError> {
        let (sender, events) = sync_channel(EVENTS);
        let link = Link { stream: self.link.clone(), up: true };
        let reader = {
            let (sender, reader) = (sender.clone(), self.reader);
            std::thread::spawn(move || hear(reader, &sender))
        };
        let mut turn = Turn { link, events, cancel: Cancel::new(), deadline: None };
        let result = turn.take(&self.socket, self.id, bootstrap, sender, output);
        drop(self.link.shutdown(Shutdown::Both));
        if !matches!(result, Err(RunError::StillRunning(_))) {
            drop(turn);
            // It ends with its connection.
            drop(reader.join());
        }
        result
    }
}

/// Why registering failed.
enum Registering {
    Refused(String),
    Wire(WireError),
}

impl From<WireError> for Registering {
    fn from(error: WireError) -> Self {
        Self::Wire(error)
    }
}

/// Connects as soon as somebody listens.
fn connect_within(socket: &Path, timeout: Duration) -> Result<Stream, JoinError> {
    let patience = Context::until(&Cancel::new()).with_deadline(Instant::now() + timeout);
    loop {
        match socket::connect(socket) {
            Ok(stream) => return Ok(stream),
            Err(error) => {
                tracing::debug!("Nobody listens at {}: {error}", socket.display());
                if !patience.sleep(BEAT) {
                    return Err(JoinError::Connect(timeout, error));
                }
            }
        }
    }
}

/// Greets and says what the connection is for.
fn introduce(stream: Stream, purpose: &ToAgent) -> Result<(Stream, BufReader<Stream>), WireError> {
    let mut reader = BufReader::new(stream.try_clone().map_err(WireError::Read)?);
    wire::greet(&mut &stream)?;
    wire::greeted(&mut reader)?;
    wire::send(&mut &stream, purpose)?;
    Ok((stream, reader))
}

/// What happens while a container waits or works.
enum Event {
    /// The agent said something, or can't any more.
    Told(Result<ToContainer, WireError>),
    /// The bootstrap's end.
    Ended(Result<Finished, SpawnError>),
}

/// Hands on what the agent says until its connection ends.
fn hear(mut reader: BufReader<Stream>, events: &SyncSender<Event>) {
    loop {
        let told = match wire::expect(&mut reader) {
            Ok(Frame::Message(message)) => Ok(message),
            Ok(Frame::Bytes(_)) => continue,
            Err(error) => Err(error),
        };
        let is_last = told.is_err();
        if events.send(Event::Told(told)).is_err() || is_last {
            return;
        }
    }
}

/// The way to the agent.
struct Link {
    stream: Arc<Stream>,
    up: bool,
}

impl Link {
    fn say(&mut self, message: &ToAgent) {
        if self.up {
            self.up = wire::send(&mut &*self.stream, message).is_ok();
        }
    }
}

/// One container's wait and work.
struct Turn {
    link: Link,
    events: Receiver<Event>,
    cancel: Cancel,
    /// When the work must have ended, once it was asked to.
    deadline: Option<Instant>,
}

impl Turn {
    fn take(
        &mut self,
        socket: &Path,
        id: i64,
        bootstrap: Bootstrap,
        sender: SyncSender<Event>,
        output: impl FnMut(Output, &[u8]) + Send + 'static,
    ) -> Result<i32, RunError> {
        self.wait()?;
        let log = Log::open(socket, id, &bootstrap.heading).map_err(RunError::Log)?;
        let grace = bootstrap.cancel_grace;
        let cancel = self.cancel.clone();
        let worker = std::thread::spawn(move || work(&bootstrap, &cancel, log, &sender, output));
        let ended = self.watch(grace);
        if !matches!(ended, Err(RunError::StillRunning(_))) {
            // It has sent its last event.
            drop(worker.join());
        }
        let status = ended.as_ref().map_or(-1, |ending| ending.code());
        self.report(status);
        ended.map(Ending::code)
    }

    /// The next event; none when it is time for a sign of life.
    fn next(&mut self) -> Result<Option<Event>, RunError> {
        match self.events.recv_timeout(BEAT) {
            Ok(event) => Ok(Some(event)),
            Err(RecvTimeoutError::Timeout) => {
                self.link.say(&ToAgent::Alive);
                Ok(None)
            }
            Err(RecvTimeoutError::Disconnected) => Err(RunError::Panic),
        }
    }

    /// Waits until it is this container's turn.
    fn wait(&mut self) -> Result<(), RunError> {
        self.link.say(&ToAgent::Alive);
        loop {
            match self.next()? {
                Some(Event::Told(Ok(ToContainer::Start))) => return Ok(()),
                Some(Event::Told(Ok(ToContainer::Interrupt))) => return Err(RunError::Interrupted),
                Some(Event::Told(Ok(ToContainer::Over))) => return Err(RunError::Waiting(WireError::Closed)),
                Some(Event::Told(Err(error))) => return Err(RunError::Waiting(error)),
                Some(Event::Told(Ok(_)) | Event::Ended(_)) | None => {}
            }
        }
    }

    /// Waits for the bootstrap's end, and hastens it when the agent says so or is gone.
    fn watch(&mut self, grace: Duration) -> Result<Ending, RunError> {
        loop {
            match self.next()? {
                Some(Event::Ended(Ok(finished))) => return Ok(finished.ending),
                Some(Event::Ended(Err(error))) => return Err(RunError::Start(error)),
                Some(Event::Told(Ok(ToContainer::Interrupt))) => {
                    tracing::warn!("kubernetes-bootstrap: The agent interrupts the job; cancelling work");
                    self.interrupt(grace);
                }
                Some(Event::Told(Ok(ToContainer::Over))) => self.lose(&WireError::Closed, grace),
                Some(Event::Told(Err(error))) => self.lose(&error, grace),
                Some(Event::Told(Ok(_))) | None => {}
            }
            if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return Err(RunError::StillRunning(grace));
            }
        }
    }

    fn lose(&mut self, error: &WireError, grace: Duration) {
        if self.link.up && !self.cancel.is_cancelled() {
            tracing::error!("kubernetes-bootstrap: {}; cancelling work", wire::chain(error));
        }
        self.link.up = false;
        self.interrupt(grace);
    }

    fn interrupt(&mut self, grace: Duration) {
        self.cancel.cancel();
        self.deadline.get_or_insert(Instant::now() + grace);
    }

    /// Tells the agent how the bootstrap ended, and waits until it knows.
    fn report(&mut self, status: i32) {
        self.link.say(&ToAgent::Exit { status });
        let until = Instant::now() + FAREWELL;
        while self.link.up {
            match self.events.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Event::Told(Ok(ToContainer::Received))) => return,
                Ok(Event::Told(Ok(ToContainer::Over) | Err(_))) | Err(_) => self.link.up = false,
                Ok(_) => {}
            }
        }
        tracing::error!(
            "kubernetes-bootstrap: The agent doesn't know that the bootstrap ended with status {status}"
        );
    }
}

/// Runs the bootstrap, on its thread.
fn work(
    bootstrap: &Bootstrap,
    cancel: &Cancel,
    mut log: Log,
    events: &SyncSender<Event>,
    mut output: impl FnMut(Output, &[u8]),
) {
    let ended = bootstrap.launch.spawn().map(|child| {
        child.supervise(&Context::until(cancel), &bootstrap.policy, |stream, bytes| {
            output(stream, bytes);
            log.write(bytes);
        })
    });
    if let Err(error) = &ended {
        let cause = error.io().map(|cause| format!(": {cause}")).unwrap_or_default();
        log.write(format!("Couldn't execute bootstrap: {error}{cause}\n").as_bytes());
    }
    log.finish();
    // Nobody is left to hear it when the process is about to end.
    drop(events.send(Event::Ended(ended)));
}

/// The way of output to the job's log. It waits while the agent can't take more.
struct Log {
    stream: Stream,
    reader: BufReader<Stream>,
    up: bool,
}

impl Log {
    fn open(socket: &Path, id: i64, heading: &str) -> Result<Self, WireError> {
        let stream =
            socket::connect(socket).map_err(|error| WireError::Write(std::io::Error::other(error)))?;
        let (stream, reader) = introduce(stream, &ToAgent::Output { container: id })?;
        let mut log = Self { stream, reader, up: true };
        log.write(heading.as_bytes());
        Ok(log)
    }

    fn write(&mut self, bytes: &[u8]) {
        if !self.up {
            return;
        }
        if let Err(error) = wire::send_bytes(&mut self.stream, bytes) {
            let why = wire::chain(&error);
            tracing::error!("kubernetes-bootstrap: The job's log takes no more output: {why}");
            self.up = false;
        }
    }

    /// Returns when the agent has all of it.
    fn finish(mut self) {
        drop(self.stream.flush());
        drop(self.stream.shutdown(Shutdown::Write));
        drop(wire::receive::<ToContainer>(&mut self.reader));
    }
}
