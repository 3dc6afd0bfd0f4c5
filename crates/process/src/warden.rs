//! When a child is asked to stop, made to stop, and when its output is given up: one pure state machine.

use std::time::{Duration, Instant};

use crate::Signal;
use crate::cancel::after;
use crate::child::Policy;

/// What is known about the child at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    /// When its context is over, if that is known.
    pub(crate) ends_at: Option<Instant>,
    /// When it is killed, whatever time it has to answer.
    pub(crate) kills_at: Option<Instant>,
    /// Whether the process has ended.
    pub(crate) exited: bool,
    /// Whether its output has come to an end.
    pub(crate) drained: bool,
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing until something happens, or until then.
    Wait(Option<Instant>),
    /// Send the group the cancel signal.
    Interrupt,
    /// Kill the group.
    Kill,
    /// Read no more output, although somebody still holds the pipe.
    Abandon,
    /// All is over.
    Done,
}

/// One child's way to its end.
#[derive(Debug)]
pub(crate) struct Warden {
    stage: Stage,
    /// Until when output is read after the process has ended.
    read_until: Option<Instant>,
    signal: Signal,
    grace: Duration,
    drain: Duration,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    Running,
    Asked { kill_at: Instant },
    Killed,
    Over,
}

impl Warden {
    pub(crate) fn new(policy: &Policy) -> Self {
        let Policy { signal, grace, drain } = *policy;
        Self { stage: Stage::Running, read_until: None, signal, grace, drain }
    }

    /// Decides; called again after each verdict and whenever a fact has changed. Others of the group that hold the
    /// output open are asked and killed as the process itself, also when that has ended.
    pub(crate) fn decide(&mut self, now: Instant, facts: Facts) -> Verdict {
        if facts.exited && self.read_until.is_none() {
            self.read_until = Some(after(now, self.drain));
        }
        if let Some(verdict) = self.end(now, facts) {
            return verdict;
        }
        let next = match self.stage {
            Stage::Running => facts.ends_at,
            Stage::Asked { kill_at } => Some(facts.kills_at.map_or(kill_at, |earlier| kill_at.min(earlier))),
            Stage::Killed | Stage::Over => None,
        };
        match next {
            Some(moment) if moment <= now => self.act(now),
            next => Verdict::Wait(next.into_iter().chain(self.read_until).min()),
        }
    }

    /// The cancel signal could not be sent: there is no point in waiting for an answer (spec/job.md §14.2).
    pub(crate) fn interrupt_failed(&mut self, now: Instant) {
        self.stage = Stage::Asked { kill_at: now };
    }

    /// Whether all is over.
    fn end(&mut self, now: Instant, facts: Facts) -> Option<Verdict> {
        let until = self.read_until?;
        let verdict = match self.stage {
            Stage::Over => Verdict::Done,
            _ if facts.drained => Verdict::Done,
            _ if until <= now => Verdict::Abandon,
            _ => return None,
        };
        self.stage = Stage::Over;
        Some(verdict)
    }

    fn act(&mut self, now: Instant) -> Verdict {
        if matches!(self.stage, Stage::Running) && self.signal != Signal::KILL {
            self.stage = Stage::Asked { kill_at: after(now, self.grace) };
            return Verdict::Interrupt;
        }
        self.stage = Stage::Killed;
        Verdict::Kill
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps of a run: seconds since its start, what is known, and the verdict that must follow.
    fn check(signal: Signal, steps: &[(u64, &str, &str)]) {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut warden = Warden {
            stage: Stage::Running,
            read_until: None,
            signal,
            grace: Duration::from_secs(9),
            drain: Duration::from_secs(10),
        };
        for (seconds, known, expected) in steps {
            let facts = Facts {
                ends_at: known.contains("cancelled").then_some(start),
                kills_at: known.contains("impatient").then(|| at(3)),
                exited: known.contains("exited"),
                drained: known.contains("drained"),
            };
            let verdict = match warden.decide(at(*seconds), facts) {
                Verdict::Wait(None) => "wait".to_owned(),
                Verdict::Wait(Some(until)) => format!("wait until {}", (until - start).as_secs()),
                other => format!("{other:?}"),
            };
            assert_eq!(verdict, *expected, "at {seconds} s, {known}");
        }
    }

    #[test]
    fn an_undisturbed_run() {
        check(
            Signal::TERM,
            &[
                (0, "", "wait"),
                (5, "exited", "wait until 15"),
                (6, "exited drained", "Done"),
                (7, "exited drained", "Done"),
            ],
        );
    }

    #[test]
    fn a_grace_period_beyond_all_clocks() {
        let now = Instant::now();
        let policy = Policy { signal: Signal::TERM, grace: Duration::MAX, drain: Duration::MAX };
        let mut warden = Warden::new(&policy);
        let facts = |exited| Facts { ends_at: Some(now), kills_at: None, exited, drained: false };
        assert_eq!(warden.decide(now, facts(false)), Verdict::Interrupt);
        assert!(matches!(warden.decide(now, facts(false)), Verdict::Wait(Some(_))));
        assert!(matches!(warden.decide(now, facts(true)), Verdict::Wait(Some(_))));
    }

    #[test]
    fn a_child_that_listens() {
        check(
            Signal::TERM,
            &[
                (1, "cancelled", "Interrupt"),
                (1, "cancelled", "wait until 10"),
                (2, "cancelled exited drained", "Done"),
            ],
        );
    }

    #[test]
    fn a_child_that_does_not_listen() {
        check(
            Signal::TERM,
            &[
                (1, "cancelled", "Interrupt"),
                (10, "cancelled", "Kill"),
                (10, "cancelled", "wait"),
                (11, "cancelled exited drained", "Done"),
            ],
        );
    }

    #[test]
    fn a_child_that_has_no_time_to_listen() {
        check(
            Signal::TERM,
            &[
                (1, "cancelled impatient", "Interrupt"),
                (1, "cancelled impatient", "wait until 3"),
                (3, "cancelled impatient", "Kill"),
                (3, "cancelled impatient", "wait"),
            ],
        );
        check(Signal::TERM, &[(4, "cancelled impatient", "Interrupt"), (4, "cancelled impatient", "Kill")]);
    }

    #[test]
    fn kill_as_cancel_signal_waits_for_nothing() {
        check(Signal::KILL, &[(1, "cancelled", "Kill"), (1, "cancelled", "wait")]);
    }

    #[test]
    fn a_background_process_holds_the_output() {
        check(
            Signal::TERM,
            &[(1, "exited", "wait until 11"), (11, "exited", "Abandon"), (11, "exited drained", "Done")],
        );
    }

    #[test]
    fn a_child_that_listens_leaves_somebody_who_does_not() {
        check(
            Signal::TERM,
            &[
                (1, "cancelled", "Interrupt"),
                (2, "cancelled exited", "wait until 10"),
                (10, "cancelled exited", "Kill"),
                (10, "cancelled exited", "wait until 12"),
                (10, "cancelled exited drained", "Done"),
            ],
        );
    }

    #[test]
    fn a_cancellation_reaches_who_was_left_behind() {
        check(
            Signal::TERM,
            &[
                (1, "exited", "wait until 11"),
                (2, "cancelled exited", "Interrupt"),
                (2, "cancelled exited", "wait until 11"),
                (11, "cancelled exited", "Abandon"),
                (11, "cancelled exited drained", "Done"),
            ],
        );
    }
}
