//! How far a run is: what follows from what happens. Pure; the session performs the effects.

use super::event::BuildState;
use super::exit::Exit;

/// Where the run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The build goes its way.
    Running,
    /// Somebody asked for the end, and jobs are being stopped.
    Stopping(Exit),
    /// Nothing more is awaited.
    Over(Exit),
}

/// What happens to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happening {
    /// Ctrl-C, or a signal that asks to stop.
    Interrupt,
    /// The build is in this state, and this is what it counts as while it is blocked.
    Build(BuildState, WhenBlocked),
    /// The agents are gone.
    AgentsEnded,
    /// The control plane is gone.
    PlaneEnded,
    /// Nobody reads what the run prints any more.
    OutputClosed,
}

/// What a build that only a person can continue means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenBlocked {
    /// Somebody will be asked: go on.
    Ask,
    /// Nobody is there: the run is over, with this end.
    End(Exit),
}

/// What the session has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Have the build cancelled.
    Cancel,
    /// Kill the agents and all that came from them.
    Kill,
}

impl Phase {
    /// The next phase, and what to do on the way there.
    pub(crate) fn on(self, happening: Happening) -> (Self, Vec<Effect>) {
        match (self, happening) {
            (Self::Over(exit), _) => (Self::Over(exit), vec![]),
            (Self::Running, Happening::Interrupt | Happening::OutputClosed) => {
                (Self::Stopping(Exit::Interrupted), vec![Effect::Cancel])
            }
            (Self::Stopping(exit), Happening::Interrupt) => (Self::Over(exit), vec![Effect::Kill]),
            (Self::Stopping(exit), Happening::OutputClosed) => (Self::Stopping(exit), vec![]),
            (Self::Running, Happening::Build(BuildState::Blocked, WhenBlocked::End(exit))) => {
                (Self::Over(exit), vec![Effect::Cancel])
            }
            (Self::Running, Happening::Build(state, _)) if is_end(state) => {
                (Self::Over(Exit::of(state)), vec![])
            }
            (Self::Stopping(exit), Happening::Build(state, _)) if is_end(state) => (Self::Over(exit), vec![]),
            (phase, Happening::Build(..)) => (phase, vec![]),
            (Self::Running, Happening::AgentsEnded) => (Self::Over(Exit::Failed), vec![Effect::Cancel]),
            (Self::Stopping(exit), Happening::AgentsEnded) => (Self::Over(exit), vec![]),
            (Self::Running, Happening::PlaneEnded) => (Self::Over(Exit::Failed), vec![Effect::Kill]),
            (Self::Stopping(exit), Happening::PlaneEnded) => (Self::Over(exit), vec![Effect::Kill]),
        }
    }
}

const fn is_end(state: BuildState) -> bool {
    matches!(state, BuildState::Passed | BuildState::Failed | BuildState::Canceled | BuildState::NotRun)
}

#[cfg(test)]
mod tests {
    use super::*;
    use BuildState::{Blocked, Canceled, Canceling, Failed, Passed, Running as Runs};
    use Happening::{AgentsEnded, Build, Interrupt, OutputClosed, PlaneEnded};
    use proptest::prelude::*;

    fn check(happenings: &[Happening], phase: Phase, effects: &[Effect]) {
        let mut now = Phase::Running;
        let mut done = Vec::new();
        for happening in happenings {
            let (next, effects) = now.on(*happening);
            now = next;
            done.extend(effects);
        }
        assert_eq!((now, done.as_slice()), (phase, effects), "{happenings:?}");
    }

    const ASK: WhenBlocked = WhenBlocked::Ask;

    #[test]
    fn a_build_decides_the_end() {
        check(&[Build(Runs, ASK)], Phase::Running, &[]);
        check(&[Build(Runs, ASK), Build(Passed, ASK)], Phase::Over(Exit::Passed), &[]);
        check(&[Build(Failed, ASK)], Phase::Over(Exit::Failed), &[]);
        check(&[Build(Canceled, ASK)], Phase::Over(Exit::Failed), &[]);
    }

    #[test]
    fn a_blocked_build_is_asked_about_or_ends() {
        check(&[Build(Blocked, ASK)], Phase::Running, &[]);
        let end = WhenBlocked::End(Exit::Passed);
        check(&[Build(Blocked, end)], Phase::Over(Exit::Passed), &[Effect::Cancel]);
    }

    #[test]
    fn the_first_interrupt_cancels_and_the_second_kills() {
        let stopping = Phase::Stopping(Exit::Interrupted);
        check(&[Interrupt], stopping, &[Effect::Cancel]);
        check(&[Interrupt, Build(Canceling, ASK)], stopping, &[Effect::Cancel]);
        check(&[Interrupt, Build(Canceled, ASK)], Phase::Over(Exit::Interrupted), &[Effect::Cancel]);
        check(&[Interrupt, Build(Passed, ASK)], Phase::Over(Exit::Interrupted), &[Effect::Cancel]);
        check(&[Interrupt, Interrupt], Phase::Over(Exit::Interrupted), &[Effect::Cancel, Effect::Kill]);
        check(&[OutputClosed, OutputClosed], stopping, &[Effect::Cancel]);
    }

    #[test]
    fn without_agents_or_plane_nothing_goes_on() {
        check(&[AgentsEnded], Phase::Over(Exit::Failed), &[Effect::Cancel]);
        check(&[Interrupt, AgentsEnded], Phase::Over(Exit::Interrupted), &[Effect::Cancel]);
        check(&[PlaneEnded], Phase::Over(Exit::Failed), &[Effect::Kill]);
    }

    fn happening() -> impl Strategy<Value = Happening> {
        prop_oneof![
            Just(Interrupt),
            Just(OutputClosed),
            Just(AgentsEnded),
            Just(PlaneEnded),
            Just(Build(Runs, ASK)),
            Just(Build(Passed, ASK)),
            Just(Build(Blocked, WhenBlocked::End(Exit::Failed))),
        ]
    }

    proptest! {
        #[test]
        fn what_is_over_stays_over(happenings in prop::collection::vec(happening(), 0..12)) {
            let mut phase = Phase::Running;
            for happening in happenings {
                let (next, effects) = phase.on(happening);
                if let Phase::Over(_) = phase {
                    prop_assert_eq!(next, phase);
                    prop_assert!(effects.is_empty());
                }
                phase = next;
            }
        }
    }
}
