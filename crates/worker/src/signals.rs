//! What signals mean: a pure state machine (spec/agent.md §11).

use crate::stop::Urgency;

/// What one signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// SIGTERM, SIGINT, Ctrl-C: each one more than the last.
    Stop,
    /// SIGQUIT: at once.
    #[cfg_attr(windows, expect(dead_code, reason = "there is no such signal"))]
    ForcedStop,
    /// SIGHUP.
    #[cfg_attr(windows, expect(dead_code, reason = "there is no such signal"))]
    Nothing,
}

/// What is done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reaction {
    /// Stop so urgently.
    Stop(Urgency),
    /// End the process, whatever it is doing.
    Exit,
    /// Nothing.
    Ignore,
}

/// Counts signals.
#[derive(Debug, Default)]
pub(crate) struct SignalCount(u32);

impl SignalCount {
    /// In a pod nobody sends a second one before the end: the first counts as that.
    pub(crate) fn in_a_pod() -> Self {
        Self(1)
    }

    /// What follows from a signal.
    pub(crate) fn on(&mut self, asked: Asked) -> Reaction {
        match asked {
            Asked::Nothing => Reaction::Ignore,
            Asked::ForcedStop => Reaction::Stop(Urgency::Forced),
            Asked::Stop => {
                self.0 += 1;
                match self.0 {
                    1 => Reaction::Stop(Urgency::Graceful),
                    2 => Reaction::Stop(Urgency::Forced),
                    _ => Reaction::Exit,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_add_up() {
        use Asked::{ForcedStop, Nothing, Stop};
        use Reaction::{Exit, Ignore};
        let graceful = Reaction::Stop(Urgency::Graceful);
        let forced = Reaction::Stop(Urgency::Forced);
        for (signals, reactions) in [
            (vec![Stop, Stop, Stop], vec![graceful, forced, Exit]),
            (vec![ForcedStop, Stop, Stop], vec![forced, graceful, forced]),
            (vec![Nothing, Stop], vec![Ignore, graceful]),
        ] {
            let mut count = SignalCount::default();
            assert_eq!(signals.iter().map(|asked| count.on(*asked)).collect::<Vec<_>>(), reactions);
        }
    }

    #[test]
    fn in_a_pod_the_first_is_forced() {
        let mut count = SignalCount::in_a_pod();
        assert_eq!(count.on(Asked::Stop), Reaction::Stop(Urgency::Forced));
        assert_eq!(count.on(Asked::Stop), Reaction::Exit);
    }
}
