//! The transitions of one worker.

use super::action::{Action, Verb};
use super::inbox::Inbox;
use crate::settings::PingMode;
use redkite_api::JobId;

/// How many jobs a worker is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Once {
    /// As many as there are.
    Never,
    /// One (`disconnect-after-job`).
    AfterJob,
    /// None but the one that was acquired before.
    Acquired,
}

/// When the next ping is due (spec/agent-api.md §10.2). A random part of an interval is added in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rhythm {
    /// At the next tick.
    Tick,
    /// Without waiting for a tick; ticks count anew from here.
    Restart,
}

/// How a job ended, as far as dispatch cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobEnd {
    /// It ran, whatever its status.
    Ran,
    /// It could not be accepted, set up or started.
    Failed,
    /// Something in this program broke while it ran.
    Broken,
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The worker is connected.
    Started,
    /// The time for a ping has come.
    PingDue,
    /// A ping was answered, or failed in a way that will pass (then: idle).
    Pinged(Action),
    /// A ping said that pings make no sense any more.
    PingLost,
    /// The stream brought an instruction.
    Streamed(Action),
    /// The stream is not there for now.
    StreamBroke,
    /// There will be no stream.
    StreamLost,
    /// The job is over.
    JobEnded(JobEnd),
    /// The end is asked for; a running job may end in its own time.
    StopAsked,
    /// The end is asked for, and the running job is being cancelled.
    ForcedStopAsked,
    /// `disconnect-after-uptime`.
    UptimeOver,
    /// All workers of the pool have been idle for long enough.
    PoolIdle,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Say when the time for a ping has come.
    Schedule(Rhythm),
    /// Ping.
    Ping,
    /// Accept and run this job.
    Run(JobId),
    /// Tell the pool that there is nothing to do.
    MarkIdle,
    /// Tell the pool that there is something to do.
    MarkBusy,
    /// Tell the operator.
    Say(Note),
    /// Close the stream: what it may bring would not be done.
    CloseStream,
    /// End the worker: nothing follows.
    Leave(Leaving),
}

/// What the operator is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// The stream works, for the first time or again.
    StreamEstablished,
    /// The pause is over.
    Resumed,
    /// A job was offered to a worker that is here for another one.
    Unwanted(JobId),
    /// The one job is done.
    JobDone,
    /// The uptime is over.
    UptimeOver,
    /// The uptime is over, but the worker is paused.
    UptimeOverWhilePaused,
    /// Nobody had anything to do.
    PoolIdle,
    /// The running job is waited for.
    StoppingAfterJob,
    /// There is no job to wait for.
    Stopping,
    /// The running job is cancelled.
    ForcedWithJob,
    /// There is no job to cancel.
    Forced,
}

/// Why a worker ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// In its own time.
    Normally,
    /// Because there is no way left by which work could come.
    NoSource,
    /// Because it can't be trusted with another job.
    Broken,
}

/// One worker's state.
#[derive(Clone, Debug)]
pub(crate) struct Dispatch {
    once: Once,
    state: State,
    presence: Presence,
    job_ran: bool,
    leaving: Option<Leaving>,
    polling: Polling,
    stream: Stream,
    /// What the stream said and what could not be done yet.
    inbox: Inbox,
    /// Whose instructions count (spec/agent-api.md §10.5).
    control: Control,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// No job runs.
    Free,
    /// This job is being accepted or runs.
    Busy(JobId),
    /// It has ended.
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Available,
    Paused { uptime_over: bool },
}

/// How far polling has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Polling {
    /// There is none, or no more.
    Off,
    /// The time has not come.
    Scheduled,
    /// The time has come, but the stream has control.
    Waiting,
    /// A ping is on its way, or what it said is being done.
    Acting,
}

/// What is known of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    /// There is none, or no more.
    Off,
    /// Nothing has come yet, but nothing has gone wrong.
    Opening,
    /// It is working.
    Healthy,
    /// It is not there for now.
    Broken,
}

/// Who may give instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Control {
    /// Nobody, until one of them asks.
    Free,
    /// Polling, until what a ping said is done.
    Polling,
    /// The stream.
    Stream,
}

impl Dispatch {
    /// A worker that has not started yet.
    pub(crate) fn new(once: Once, mode: PingMode) -> Self {
        let polls = mode != PingMode::StreamOnly;
        let streams = mode != PingMode::PollOnly;
        Self {
            once,
            state: State::Free,
            presence: Presence::Available,
            job_ran: false,
            leaving: None,
            polling: if polls { Polling::Scheduled } else { Polling::Off },
            stream: if streams { Stream::Opening } else { Stream::Off },
            inbox: Inbox::default(),
            control: if streams { Control::Stream } else { Control::Free },
        }
    }

    /// What follows from an event.
    pub(crate) fn on(&mut self, event: Event) -> Vec<Effect> {
        if self.state == State::Gone {
            return Vec::new();
        }
        let effects = match event {
            Event::Started if self.polling == Polling::Off => Vec::new(),
            Event::Started => vec![Effect::Schedule(Rhythm::Restart)],
            Event::PingDue => self.ping_due(),
            Event::Pinged(action) => self.pinged(action),
            Event::PingLost => self.ping_lost(),
            // The stream is being closed.
            Event::Streamed(_) if self.leaving.is_some() => Vec::new(),
            Event::Streamed(action) => self.streamed(action),
            Event::StreamBroke => self.stream_broke(Stream::Broken),
            Event::StreamLost => self.stream_broke(Stream::Off),
            Event::JobEnded(end) => self.job_ended(end),
            Event::StopAsked => self.stop_asked(Note::StoppingAfterJob, Note::Stopping),
            Event::ForcedStopAsked => self.stop_asked(Note::ForcedWithJob, Note::Forced),
            Event::UptimeOver => self.uptime_over(),
            Event::PoolIdle if self.state == State::Free && self.presence == Presence::Available => {
                self.leave(Leaving::Normally, Some(Note::PoolIdle))
            }
            // A job or a pause came in the meantime.
            Event::PoolIdle => Vec::new(),
        };
        self.hand_over(effects)
    }

    fn ping_due(&mut self) -> Vec<Effect> {
        if self.polling == Polling::Scheduled {
            self.polling = Polling::Waiting;
        }
        Vec::new()
    }

    fn pinged(&mut self, action: Action) -> Vec<Effect> {
        let effects = self.act(action);
        if self.state == State::Free { self.polled(effects, Rhythm::Tick) } else { effects }
    }

    /// What a ping said is done: the next one can be scheduled.
    fn polled(&mut self, mut effects: Vec<Effect>, rhythm: Rhythm) -> Vec<Effect> {
        self.polling = Polling::Scheduled;
        self.control = Control::Free;
        effects.push(Effect::Schedule(rhythm));
        effects
    }

    fn ping_lost(&mut self) -> Vec<Effect> {
        self.polling = Polling::Off;
        self.control = Control::Free;
        self.leave_without_source()
    }

    fn streamed(&mut self, action: Action) -> Vec<Effect> {
        let established = self.stream != Stream::Healthy;
        let is_last = action.verb == Verb::Disconnect;
        self.stream = Stream::Healthy;
        self.inbox.add(action);
        let said = established.then_some(Effect::Say(Note::StreamEstablished));
        said.into_iter().chain(is_last.then_some(Effect::CloseStream)).collect()
    }

    /// Does what waits in the stream's inbox, when nothing else is being done.
    fn deliver(&mut self, effects: &mut Vec<Effect>) {
        while self.state == State::Free
            && self.control == Control::Stream
            && let Some(action) = self.inbox.take()
        {
            effects.extend(self.act(action));
        }
    }

    fn stream_broke(&mut self, stream: Stream) -> Vec<Effect> {
        self.stream = stream;
        self.leave_without_source()
    }

    fn leave_without_source(&mut self) -> Vec<Effect> {
        if self.polling != Polling::Off || self.stream != Stream::Off {
            return Vec::new();
        }
        match self.state {
            State::Busy(_) => self.leave_after_job(Leaving::NoSource),
            _ => self.leave(Leaving::NoSource, None),
        }
    }

    /// The first reason to leave counts.
    fn leave_after_job(&mut self, leaving: Leaving) -> Vec<Effect> {
        self.leaving.get_or_insert(leaving);
        let was_open = std::mem::replace(&mut self.stream, Stream::Off) != Stream::Off;
        was_open.then_some(Effect::CloseStream).into_iter().collect()
    }

    /// Gives control to whoever should have it now, and lets them act.
    fn hand_over(&mut self, mut effects: Vec<Effect>) -> Vec<Effect> {
        if self.state != State::Free {
            return effects;
        }
        let is_out = matches!(self.stream, Stream::Off | Stream::Broken);
        self.control = match self.control {
            Control::Stream if is_out => Control::Free,
            Control::Free if self.stream == Stream::Healthy => Control::Stream,
            control => control,
        };
        self.deliver(&mut effects);
        if self.state == State::Free && self.control == Control::Free && self.polling == Polling::Waiting {
            self.control = Control::Polling;
            self.polling = Polling::Acting;
            effects.push(Effect::Ping);
        }
        effects
    }

    fn act(&mut self, action: Action) -> Vec<Effect> {
        match action.verb {
            Verb::Disconnect => self.leave(Leaving::Normally, None),
            Verb::Pause => {
                if self.presence == Presence::Available {
                    self.presence = Presence::Paused { uptime_over: false };
                }
                vec![Effect::MarkBusy]
            }
            Verb::CarryOn => self.carry_on(action.job),
        }
    }

    fn carry_on(&mut self, job: Option<JobId>) -> Vec<Effect> {
        if self.presence == (Presence::Paused { uptime_over: true }) {
            return self.leave(Leaving::Normally, None);
        }
        let mut effects = Vec::new();
        if std::mem::replace(&mut self.presence, Presence::Available) != Presence::Available {
            effects.push(Effect::Say(Note::Resumed));
        }
        effects.extend(match (self.is_spent(), job) {
            (Some(why), job) => {
                let unwanted = job.map(|job| Effect::Say(Note::Unwanted(job)));
                unwanted.into_iter().chain(self.leave(Leaving::Normally, why)).collect()
            }
            (None, None) => vec![Effect::MarkIdle],
            (None, Some(job)) => {
                self.state = State::Busy(job.clone());
                vec![Effect::MarkBusy, Effect::Run(job)]
            }
        });
        effects
    }

    /// Whether the worker has nothing left to be here for, and what to say about that.
    fn is_spent(&self) -> Option<Option<Note>> {
        match self.once {
            Once::Acquired => Some(None),
            Once::AfterJob if self.job_ran => Some(Some(Note::JobDone)),
            Once::AfterJob | Once::Never => None,
        }
    }

    fn job_ended(&mut self, end: JobEnd) -> Vec<Effect> {
        if let State::Busy(job) = std::mem::replace(&mut self.state, State::Free)
            && end == JobEnd::Ran
        {
            self.job_ran = true;
            self.inbox.forget(&job);
        }
        if end == JobEnd::Broken {
            return self.leave(Leaving::Broken, None);
        }
        if let Some(leaving) = self.leaving {
            return self.leave(leaving, None);
        }
        if self.polling == Polling::Acting {
            let rhythm = if end == JobEnd::Ran { Rhythm::Restart } else { Rhythm::Tick };
            return self.polled(Vec::new(), rhythm);
        }
        if end == JobEnd::Ran && self.once == Once::AfterJob && self.inbox.is_empty() {
            // Nothing need be said for a worker to leave that was there for this job.
            self.inbox.add(Action::IDLE);
        }
        Vec::new()
    }

    fn stop_asked(&mut self, with_job: Note, without: Note) -> Vec<Effect> {
        match self.state {
            State::Busy(_) => {
                let mut effects = vec![Effect::Say(with_job)];
                effects.extend(self.leave_after_job(Leaving::Normally));
                effects
            }
            _ => self.leave(Leaving::Normally, Some(without)),
        }
    }

    fn uptime_over(&mut self) -> Vec<Effect> {
        if self.state == State::Free
            && let Presence::Paused { uptime_over } = &mut self.presence
        {
            *uptime_over = true;
            return vec![Effect::Say(Note::UptimeOverWhilePaused)];
        }
        self.stop_asked(Note::UptimeOver, Note::UptimeOver)
    }

    fn leave(&mut self, leaving: Leaving, note: Option<Note>) -> Vec<Effect> {
        self.state = State::Gone;
        note.map(Effect::Say).into_iter().chain([Effect::Leave(leaving)]).collect()
    }
}

#[cfg(test)]
mod tests;
