//! A running child: its group, its output, its end.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::cancel::Bell;
use crate::warden::{Facts, Verdict, Warden};
use crate::{Context, Ending, Signal, Stream, os};

/// How a child is brought to its end.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// What its group is sent first.
    pub signal: Signal,
    /// How long it may take to answer before the group is killed.
    pub grace: Duration,
    /// How long its output is still read after it has ended, when another process holds it open.
    pub drain: Duration,
}

impl Policy {
    /// The drain time of a terminal (spec/job.md §4).
    pub const PTY_DRAIN: Duration = Duration::from_secs(10);

    /// A policy for a child with or without a terminal (spec/job.md §4: grace period + 1 s without one).
    pub fn new(signal: Signal, grace: Duration, terminal: crate::Terminal) -> Self {
        let drain = match terminal {
            crate::Terminal::None => grace.saturating_add(Duration::from_secs(1)),
            crate::Terminal::Pty | crate::Terminal::RawPty => Self::PTY_DRAIN,
        };
        Self { signal, grace, drain }
    }
}

/// What became of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finished {
    /// How its leader ended.
    pub ending: Ending,
    /// Whether its output was read to the end.
    pub output: OutputEnd,
}

/// Where reading a child's output stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputEnd {
    /// At its end.
    Complete,
    /// Before it: a process in the background held it open for too long.
    Abandoned,
}

/// A started process. It must be [supervised](Child::supervise), or it stays a zombie.
#[derive(Debug)]
pub struct Child {
    group: Group,
    leader: os::Leader,
    reader: os::Reader,
    rest: Rest,
}

/// What becomes of others of the group that are still there when the leader has ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    Stays,
    Killed,
}

/// A child's process group: can be signalled from any thread, also when the child is long gone.
#[derive(Clone, Debug)]
pub struct Group {
    handle: Arc<os::GroupHandle>,
    /// Set when the leader was reaped: from then on its number may belong to somebody else.
    reaped: Arc<Mutex<bool>>,
}

impl Group {
    /// The leader's process id.
    pub fn pid(&self) -> u32 {
        self.handle.pid()
    }

    /// Sends `signal` to every process of the group; nothing happens once the leader was reaped.
    pub fn deliver(&self, signal: Signal) -> std::io::Result<()> {
        let reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        if *reaped { Ok(()) } else { self.handle.deliver(signal) }
    }

    /// Kills every process of the group.
    pub fn kill(&self) -> std::io::Result<()> {
        self.deliver(Signal::KILL)
    }

    fn retire(&self) -> std::sync::MutexGuard<'_, bool> {
        let mut reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        *reaped = true;
        reaped
    }
}

impl Child {
    pub(crate) fn new(leader: os::Leader, reader: os::Reader) -> Self {
        let group = Group { handle: Arc::new(leader.group()), reaped: Arc::default() };
        Self { group, leader, reader, rest: Rest::Stays }
    }

    /// When its context is over, nobody of its group outlives it, also those that neither answered the signal nor
    /// hold its output.
    #[must_use]
    pub fn leaving_nobody(self) -> Self {
        Self { rest: Rest::Killed, ..self }
    }

    /// The handle to signal it with.
    pub fn group(&self) -> Group {
        self.group.clone()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.group.pid()
    }

    /// Hands its output to `sink`, on this thread, until all of it is there, and waits for its end. When
    /// `context` is over, its group gets the policy's signal, and after the grace period SIGKILL: also while
    /// `sink` blocks. When `sink` panics, the group is killed, and the panic goes on once the child is reaped.
    pub fn supervise(
        mut self,
        context: &Context,
        policy: &Policy,
        mut sink: impl FnMut(Stream, &[u8]),
    ) -> Finished {
        let watch = Watch::new(context);
        let stop = self.reader.stopper();
        let leader = &self.leader;
        let group = &self.group;
        let reader = &mut self.reader;
        let output = std::thread::scope(|scope| {
            scope.spawn(|| {
                leader.wait_unreaped();
                watch.exited();
            });
            scope.spawn(|| guard(&watch, context, policy, group, &stop));
            let output = catch_unwind(AssertUnwindSafe(|| reader.copy(&mut sink)));
            if output.is_err() {
                // Nobody reads any more; a group that cannot be killed has nobody left in it.
                drop(group.kill());
                stop.stop();
            }
            watch.drained();
            output
        });
        let rest_is_killed = self.rest == Rest::Killed || context.kills_at().is_some();
        if rest_is_killed && context.is_over() {
            // A group that cannot be killed has nobody left in it.
            drop(self.group.kill());
        }
        let retired = self.group.retire();
        let ending = self.leader.reap();
        drop(retired);
        let output = output.unwrap_or_else(|panic| resume_unwind(panic));
        Finished { ending, output }
    }
}

/// What has happened so far, and the bell that rings when something does.
struct Watch {
    bell: Arc<Bell>,
    seen: Mutex<(bool, bool)>,
}

impl Watch {
    fn new(context: &Context) -> Self {
        let bell = Arc::new(Bell::default());
        context.listen(&bell);
        Self { bell, seen: Mutex::default() }
    }

    fn exited(&self) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).0 = true;
        self.bell.ring();
    }

    fn drained(&self) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.bell.ring();
    }

    fn facts(&self, context: &Context) -> Facts {
        let (exited, drained) = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        Facts { ends_at: context.ends_at(), kills_at: context.kills_at(), exited, drained }
    }
}

/// Performs the warden's verdicts until the child has ended.
fn guard(watch: &Watch, context: &Context, policy: &Policy, group: &Group, stop: &os::Stopper) {
    let mut warden = Warden::new(policy);
    loop {
        let rung = watch.bell.count();
        match warden.decide(Instant::now(), watch.facts(context)) {
            Verdict::Wait(until) => watch.bell.wait_past(rung, until),
            Verdict::Interrupt => {
                if group.deliver(policy.signal).is_err() {
                    warden.interrupt_failed(Instant::now());
                }
            }
            // A group that cannot be killed has nobody left in it.
            Verdict::Kill => drop(group.kill()),
            Verdict::Abandon => stop.stop(),
            Verdict::Done => return,
        }
    }
}
