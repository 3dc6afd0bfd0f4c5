//! The verbs on Windows: job objects for groups, Ctrl-Break for the cancel signal, no terminals (spec/job.md §23).
#![expect(unsafe_code, reason = "job objects and console events exist only as system calls")]

use std::io::{self, PipeReader, Read};
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, OwnedHandle};
use std::os::windows::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use windows_sys::Win32::Foundation::WAIT_FAILED;
use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, GenerateConsoleCtrlEvent};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation, SetInformationJobObject,
    TerminateJobObject,
};
use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, INFINITE, WaitForSingleObject};

use crate::{Ending, Input, OutputEnd, Signal, Stream, Streams, Terminal};

/// Signal numbers: Windows has none, these are Linux's, so that names and words exist.
pub(crate) mod numbers {
    pub(crate) const HUP: i32 = 1;
    pub(crate) const INT: i32 = 2;
    pub(crate) const QUIT: i32 = 3;
    pub(crate) const ILL: i32 = 4;
    pub(crate) const TRAP: i32 = 5;
    pub(crate) const ABRT: i32 = 6;
    pub(crate) const BUS: i32 = 7;
    pub(crate) const FPE: i32 = 8;
    pub(crate) const KILL: i32 = 9;
    pub(crate) const USR1: i32 = 10;
    pub(crate) const SEGV: i32 = 11;
    pub(crate) const USR2: i32 = 12;
    pub(crate) const PIPE: i32 = 13;
    pub(crate) const ALRM: i32 = 14;
    pub(crate) const TERM: i32 = 15;
}

/// Status of processes that were killed.
const KILLED: u32 = 1;

/// Whether there are pseudo-terminals.
pub(crate) const HAS_TERMINALS: bool = false;

/// This process's standard output, each write of which goes out at once.
///
/// # Errors
/// When the system has no handle left.
pub fn unbuffered_output() -> io::Result<std::fs::File> {
    Ok(io::stdout().as_handle().try_clone_to_owned()?.into())
}

/// Waits between two attempts to start a program.
#[expect(clippy::disallowed_methods, reason = "nothing announces that a file is no longer open for writing")]
pub(crate) fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

/// Gives the command its output pipes; there is no terminal here.
pub(crate) fn connect(command: &mut Command, _: Terminal, _: &Input, streams: Streams) -> io::Result<Reader> {
    command.creation_flags(CREATE_NEW_PROCESS_GROUP);
    let (out, child_out) = io::pipe()?;
    let mut sources = vec![(Stream::Out, out)];
    let child_err = match streams {
        Streams::Merged | Streams::Beside => child_out.try_clone()?,
        Streams::Split => {
            let (err, child_err) = io::pipe()?;
            sources.push((Stream::Err, err));
            child_err
        }
    };
    command.stdout(Stdio::from(child_out)).stderr(Stdio::from(child_err));
    Ok(Reader::new(sources))
}

/// Starts the command inside a job object of its own.
pub(crate) fn start(command: &mut Command) -> io::Result<Leader> {
    let job = Arc::new(Job::new()?);
    let mut child = command.spawn()?;
    if let Err(error) = job.take_in(&child) {
        child.kill()?;
        return Err(error);
    }
    Ok(Leader { child, job })
}

/// A job object that kills its processes when its last handle goes.
#[derive(Debug)]
struct Job(OwnedHandle);

impl Job {
    fn new() -> io::Result<Self> {
        // SAFETY: both pointers may be null; a non-null answer is a handle that is ours alone.
        let handle = unsafe { CreateJobObjectW(std::ptr::null(), std::ptr::null()) };
        if handle.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: see above.
        let job = Self(unsafe { OwnedHandle::from_raw_handle(handle) });
        job.kill_on_close()?;
        Ok(job)
    }

    fn kill_on_close(&self) -> io::Result<()> {
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        let size = u32::try_from(size_of_val(&limits)).expect("the structure is small");
        // SAFETY: pointer and size describe `limits`, which outlives the call.
        check(unsafe {
            SetInformationJobObject(
                self.0.as_raw_handle(),
                JobObjectExtendedLimitInformation,
                (&raw const limits).cast(),
                size,
            )
        })
    }

    fn take_in(&self, child: &std::process::Child) -> io::Result<()> {
        // SAFETY: both handles are open.
        check(unsafe { AssignProcessToJobObject(self.0.as_raw_handle(), child.as_raw_handle()) })
    }

    fn kill(&self) -> io::Result<()> {
        // SAFETY: the handle is open.
        check(unsafe { TerminateJobObject(self.0.as_raw_handle(), KILLED) })
    }
}

fn check(answer: i32) -> io::Result<()> {
    if answer == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The process that was started.
#[derive(Debug)]
pub(crate) struct Leader {
    child: std::process::Child,
    job: Arc<Job>,
}

impl Leader {
    pub(crate) fn group(&self) -> GroupHandle {
        GroupHandle { pid: self.child.id(), job: self.job.clone() }
    }

    pub(crate) fn wait_unreaped(&self) {
        // SAFETY: the handle stays open as long as `self`.
        let answer = unsafe { WaitForSingleObject(self.child.as_raw_handle(), INFINITE) };
        debug_assert_ne!(answer, WAIT_FAILED);
    }

    pub(crate) fn reap(&mut self) -> Ending {
        Ending::Exited(self.child.wait().ok().and_then(|status| status.code()).unwrap_or(1))
    }
}

/// A console process group and its job object.
#[derive(Debug)]
pub(crate) struct GroupHandle {
    pid: u32,
    job: Arc<Job>,
}

impl GroupHandle {
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// SIGKILL ends the job object, every other signal is a Ctrl-Break.
    pub(crate) fn deliver(&self, signal: Signal) -> io::Result<()> {
        if signal == Signal::KILL {
            return self.job.kill();
        }
        // SAFETY: takes two numbers.
        check(unsafe { GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, self.pid) })
    }
}

/// What a pipe's thread reports: bytes, the end of the pipe, or the order to stop.
enum Piece {
    Bytes(Stream, Vec<u8>),
    End,
    Stop,
}

/// Pieces under way to the sink: when it is slow, the pipes fill up and the child waits.
const PIECES: usize = 16;

/// The parent's ends of a child's output.
#[derive(Debug)]
pub(crate) struct Reader {
    open: usize,
    pieces: Receiver<Piece>,
    sender: SyncSender<Piece>,
}

/// Makes a reader stop, from another thread.
pub(crate) struct Stopper(Mutex<SyncSender<Piece>>);

impl Stopper {
    pub(crate) fn stop(&self) {
        // A reader that is gone needs no order.
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).send(Piece::Stop));
    }
}

impl Reader {
    fn new(sources: Vec<(Stream, PipeReader)>) -> Self {
        let (sender, pieces) = sync_channel(PIECES);
        let open = sources.len();
        for (stream, source) in sources {
            let sender = sender.clone();
            // A blocking read of an anonymous pipe cannot be called off: a thread that is still in one when
            // the output is given up ends with the last process that holds the pipe.
            std::thread::spawn(move || forward(source, stream, &sender));
        }
        Self { open, pieces, sender }
    }

    pub(crate) fn stopper(&self) -> Stopper {
        Stopper(Mutex::new(self.sender.clone()))
    }

    pub(crate) fn copy(&mut self, sink: &mut dyn FnMut(Stream, &[u8])) -> OutputEnd {
        while self.open > 0 {
            match self.pieces.recv() {
                Ok(Piece::Bytes(stream, bytes)) => sink(stream, &bytes),
                Ok(Piece::End) => self.open -= 1,
                Ok(Piece::Stop) | Err(_) => return OutputEnd::Abandoned,
            }
        }
        OutputEnd::Complete
    }
}

fn forward(mut source: PipeReader, stream: Stream, sender: &SyncSender<Piece>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = source.read(&mut buffer) {
        if sender.send(Piece::Bytes(stream, buffer[..length].to_vec())).is_err() {
            return;
        }
    }
    // A reader that is gone needs no news.
    drop(sender.send(Piece::End));
}

/// Nothing asks a Windows console program to stop but Ctrl-Break, which ends it: no handlers.
#[derive(Debug)]
pub(crate) struct Handlers {
    stop: SyncSender<()>,
    stopped: Mutex<Receiver<()>>,
}

impl Handlers {
    pub(crate) fn install() -> io::Result<Self> {
        let (stop, stopped) = sync_channel(1);
        Ok(Self { stop, stopped: Mutex::new(stopped) })
    }

    pub(crate) fn wait(&self) -> Option<Signal> {
        let _ = self.stopped.lock().unwrap_or_else(PoisonError::into_inner).recv();
        None
    }

    pub(crate) fn stop_waiting(&self) {
        let _ = self.stop.try_send(());
    }
}

/// Signals that are swallowed: there are none.
#[derive(Debug)]
pub(crate) struct Swallowing(Handlers);

impl Swallowing {
    pub(crate) fn install() -> io::Result<Self> {
        Handlers::install().map(Self)
    }

    pub(crate) fn wait(&self) -> Option<Vec<Signal>> {
        self.0.wait().map(|signal| vec![signal])
    }

    pub(crate) fn stop_waiting(&self) {
        self.0.stop_waiting();
    }
}

/// Priorities stay as they are.
pub(crate) fn lower_priority(_: &Leader, _: u8) {}

pub(crate) fn die_by(_: Signal) {}

/// A program can't be replaced here.
pub(crate) fn replace(_: &mut std::process::Command) -> std::io::Error {
    std::io::ErrorKind::Unsupported.into()
}
