//! The transitions of one worker.

use super::{Action, Verb};
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
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The worker is connected.
    Started,
    /// A ping was answered, or failed in a way that will pass (then: idle).
    Pinged(Action),
    /// A ping said that pings make no sense any more.
    PingLost,
    /// The job is over.
    JobEnded(JobEnd),
    /// A signal, or the pool, asks for the end.
    StopAsked,
    /// `disconnect-after-uptime`.
    UptimeOver,
    /// All workers of the pool have been idle for long enough.
    PoolIdle,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Ping when the time has come.
    Ping(Rhythm),
    /// Accept and run this job.
    Run(JobId),
    /// Tell the pool that there is nothing to do.
    MarkIdle,
    /// Tell the pool that there is something to do.
    MarkBusy,
    /// Tell the operator.
    Say(Note),
    /// End the worker: nothing follows.
    Leave(Leaving),
}

/// What the operator is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Note {
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
}

/// Why a worker ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// In its own time.
    Normally,
    /// Because pings fail for good.
    PingLost,
}

/// One worker's state.
#[derive(Clone, Debug)]
pub(crate) struct Dispatch {
    once: Once,
    state: State,
    presence: Presence,
    job_ran: bool,
    leaving: Option<Leaving>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A ping is on its way, or its time has not come.
    Waiting,
    /// A job is being accepted or runs.
    Busy,
    /// It has ended.
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Available,
    Paused { uptime_over: bool },
}

impl Dispatch {
    /// A worker that has not started yet.
    #[must_use]
    pub(crate) fn new(once: Once) -> Self {
        Self { once, state: State::Waiting, presence: Presence::Available, job_ran: false, leaving: None }
    }

    /// What follows from an event.
    pub(crate) fn on(&mut self, event: Event) -> Vec<Effect> {
        match (self.state, event) {
            (State::Gone, _) => Vec::new(),
            (State::Waiting, Event::Started) => vec![Effect::Ping(Rhythm::Restart)],
            (State::Waiting, Event::Pinged(action)) => self.act(action),
            (State::Busy, Event::JobEnded(end)) => self.job_ended(end),
            (_, Event::StopAsked) => self.stop_asked(),
            (_, Event::UptimeOver) => self.uptime_over(),
            (State::Waiting, Event::PoolIdle) => self.leave(Leaving::Normally, Some(Note::PoolIdle)),
            (State::Waiting, Event::PingLost) => self.leave(Leaving::PingLost, None),
            // A message that was overtaken by a stop, or that belongs to another state.
            (State::Waiting | State::Busy, _) => Vec::new(),
        }
    }

    fn act(&mut self, action: Action) -> Vec<Effect> {
        match action.verb {
            Verb::Disconnect => self.leave(Leaving::Normally, None),
            Verb::Pause => {
                if self.presence == Presence::Available {
                    self.presence = Presence::Paused { uptime_over: false };
                }
                vec![Effect::MarkBusy, Effect::Ping(Rhythm::Tick)]
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
            (None, None) => vec![Effect::MarkIdle, Effect::Ping(Rhythm::Tick)],
            (None, Some(job)) => {
                self.state = State::Busy;
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
        self.state = State::Waiting;
        self.job_ran |= end == JobEnd::Ran;
        if let Some(leaving) = self.leaving {
            return self.leave(leaving, None);
        }
        let rhythm = match end {
            JobEnd::Ran => Rhythm::Restart,
            JobEnd::Failed => Rhythm::Tick,
        };
        vec![Effect::Ping(rhythm)]
    }

    fn stop_asked(&mut self) -> Vec<Effect> {
        match self.state {
            State::Busy if self.leaving.is_some() => Vec::new(),
            State::Busy => {
                self.leaving = Some(Leaving::Normally);
                vec![Effect::Say(Note::StoppingAfterJob)]
            }
            _ => self.leave(Leaving::Normally, Some(Note::Stopping)),
        }
    }

    fn uptime_over(&mut self) -> Vec<Effect> {
        match (self.state, self.presence) {
            (State::Busy, _) => {
                self.leaving = Some(Leaving::Normally);
                vec![Effect::Say(Note::UptimeOver)]
            }
            (_, Presence::Paused { .. }) => {
                self.presence = Presence::Paused { uptime_over: true };
                vec![Effect::Say(Note::UptimeOverWhilePaused)]
            }
            _ => self.leave(Leaving::Normally, Some(Note::UptimeOver)),
        }
    }

    fn leave(&mut self, leaving: Leaving, note: Option<Note>) -> Vec<Effect> {
        self.state = State::Gone;
        note.map(Effect::Say).into_iter().chain([Effect::Leave(leaving)]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(verb: Verb, job: Option<&str>) -> Event {
        Event::Pinged(Action { verb, job: job.map(JobId::from) })
    }

    fn idle() -> Event {
        action(Verb::CarryOn, None)
    }

    fn job() -> Event {
        action(Verb::CarryOn, Some("J"))
    }

    fn pause() -> Event {
        action(Verb::Pause, None)
    }

    fn word(effect: &Effect) -> String {
        match effect {
            Effect::Ping(Rhythm::Tick) => "ping".into(),
            Effect::Ping(Rhythm::Restart) => "ping-soon".into(),
            Effect::Run(id) => format!("run-{id}"),
            Effect::MarkIdle => "idle".into(),
            Effect::MarkBusy => "busy".into(),
            Effect::Say(note) => format!("{note:?}"),
            Effect::Leave(Leaving::Normally) => "leave".into(),
            Effect::Leave(Leaving::PingLost) => "lost".into(),
        }
    }

    /// Feeds the events; each line of effects belongs to one event.
    fn check(once: Once, steps: &[(Event, &str)]) {
        let mut dispatch = Dispatch::new(once);
        for (number, (event, expected)) in steps.iter().enumerate() {
            let effects = dispatch.on(event.clone());
            let words: Vec<_> = effects.iter().map(word).collect();
            assert_eq!(words.join(" "), *expected, "step {number}: {event:?}");
        }
    }

    #[test]
    fn an_agent_pings_runs_and_pings_again() {
        check(
            Once::Never,
            &[
                (Event::Started, "ping-soon"),
                (idle(), "idle ping"),
                (job(), "busy run-J"),
                (Event::JobEnded(JobEnd::Ran), "ping-soon"),
                (job(), "busy run-J"),
                (Event::JobEnded(JobEnd::Failed), "ping"),
                (action(Verb::Disconnect, None), "leave"),
                (idle(), ""),
            ],
        );
    }

    #[test]
    fn pause_holds_everything_off() {
        check(
            Once::AfterJob,
            &[
                (job(), "busy run-J"),
                (Event::JobEnded(JobEnd::Ran), "ping-soon"),
                (pause(), "busy ping"),
                (Event::UptimeOver, "UptimeOverWhilePaused"),
                (pause(), "busy ping"),
                (idle(), "leave"),
            ],
        );
        check(Once::Never, &[(pause(), "busy ping"), (job(), "Resumed busy run-J")]);
        check(Once::Never, &[(pause(), "busy ping"), (Event::StopAsked, "Stopping leave")]);
    }

    #[test]
    fn one_job_is_enough_for_some() {
        check(
            Once::AfterJob,
            &[
                (job(), "busy run-J"),
                (Event::JobEnded(JobEnd::Failed), "ping"),
                (job(), "busy run-J"),
                (Event::JobEnded(JobEnd::Ran), "ping-soon"),
                (idle(), "JobDone leave"),
            ],
        );
        check(Once::Acquired, &[(job(), "Unwanted(JobId(\"J\")) leave")]);
        check(Once::Acquired, &[(pause(), "busy ping"), (idle(), "Resumed leave")]);
    }

    #[test]
    fn a_stop_waits_for_the_job() {
        check(
            Once::Never,
            &[
                (job(), "busy run-J"),
                (Event::StopAsked, "StoppingAfterJob"),
                (Event::StopAsked, ""),
                (Event::PoolIdle, ""),
                (Event::JobEnded(JobEnd::Ran), "leave"),
            ],
        );
        check(Once::Never, &[(Event::StopAsked, "Stopping leave"), (Event::StopAsked, "")]);
    }

    #[test]
    fn time_ends_an_agent_between_jobs() {
        check(Once::Never, &[(Event::UptimeOver, "UptimeOver leave")]);
        check(
            Once::Never,
            &[
                (job(), "busy run-J"),
                (Event::UptimeOver, "UptimeOver"),
                (Event::JobEnded(JobEnd::Failed), "leave"),
            ],
        );
        check(Once::Never, &[(idle(), "idle ping"), (Event::PoolIdle, "PoolIdle leave")]);
    }

    #[test]
    fn a_ping_that_can_never_succeed_ends_the_worker() {
        check(Once::Never, &[(Event::PingLost, "lost")]);
    }
}
