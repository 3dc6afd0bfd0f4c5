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
    signal: Signal,
    grace: Duration,
    drain: Duration,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    Running,
    Asked { kill_at: Instant },
    Killed,
    Draining { until: Instant },
    Over,
}

impl Warden {
    pub(crate) fn new(policy: &Policy) -> Self {
        Self { stage: Stage::Running, signal: policy.signal, grace: policy.grace, drain: policy.drain }
    }

    /// Decides; called again after each verdict and whenever a fact has changed.
    pub(crate) fn decide(&mut self, now: Instant, facts: Facts) -> Verdict {
        match self.stage {
            Stage::Over => Verdict::Done,
            Stage::Draining { until } => self.drain(now, until, facts),
            _ if facts.exited => {
                self.stage = Stage::Draining { until: after(now, self.drain) };
                self.decide(now, facts)
            }
            Stage::Running => self.guard(now, facts),
            Stage::Asked { kill_at } if kill_at <= now => self.kill(),
            Stage::Asked { kill_at } => Verdict::Wait(Some(kill_at)),
            Stage::Killed => Verdict::Wait(None),
        }
    }

    /// The cancel signal could not be sent: there is no point in waiting for an answer (spec/job.md §14.2).
    pub(crate) fn interrupt_failed(&mut self, now: Instant) {
        self.stage = Stage::Asked { kill_at: now };
    }

    fn guard(&mut self, now: Instant, facts: Facts) -> Verdict {
        match facts.ends_at {
            Some(end) if end <= now && self.signal == Signal::KILL => self.kill(),
            Some(end) if end <= now => {
                self.stage = Stage::Asked { kill_at: after(now, self.grace) };
                Verdict::Interrupt
            }
            end => Verdict::Wait(end),
        }
    }

    fn kill(&mut self) -> Verdict {
        self.stage = Stage::Killed;
        Verdict::Kill
    }

    fn drain(&mut self, now: Instant, until: Instant, facts: Facts) -> Verdict {
        if !facts.drained && now < until {
            return Verdict::Wait(Some(until));
        }
        self.stage = Stage::Over;
        if facts.drained { Verdict::Done } else { Verdict::Abandon }
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
            signal,
            grace: Duration::from_secs(9),
            drain: Duration::from_secs(10),
        };
        for (seconds, known, expected) in steps {
            let facts = Facts {
                ends_at: known.contains("cancelled").then_some(start),
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
        let facts = |exited| Facts { ends_at: Some(now), exited, drained: false };
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
}
