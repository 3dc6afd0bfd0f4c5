//! The order of a job's work, as data (spec/job.md §2).

use crate::settings::{Part, Parts};

/// One piece of a job's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    /// git is told to use the server's credentials, before anything of the job runs.
    Credentials,
    /// Paths, secrets, the agent's `environment` hooks.
    SetUp,
    /// The same, where it depends on what set-up has changed.
    CredentialsAgain,
    /// Plugins are got, their `environment` hooks run.
    Plugins,
    /// The source is got, with the hooks around it.
    Checkout,
    /// The checkout of another process is entered.
    EnterExisting,
    /// Plugins in the checkout are found, their `environment` hooks run.
    VendoredPlugins,
    /// The command, with the hooks around it.
    Command,
    /// Artifacts are uploaded, with the hooks around that.
    Artifacts,
    /// What failed is said.
    Report,
    /// `pre-exit` hooks, and what has to be removed.
    TearDown,
}

/// Under which condition a phase is entered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    /// Whatever happened.
    Always,
    /// Nothing has failed.
    Sound,
    /// Nothing has failed, and this process does the part.
    Selected(Part),
    /// The other phase has been entered.
    Entered(Phase),
    /// The first phase has been passed, but the second was not entered.
    Instead(Phase, Phase),
}

/// How long a phase may go on when the job is cancelled (spec/job.md §14.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// Until the cancellation.
    Cancel,
    /// A grace period longer.
    Grace,
}

use Phase::{
    Artifacts, Checkout, Command, Credentials, CredentialsAgain, EnterExisting, Plugins, Report, SetUp,
    TearDown, VendoredPlugins,
};
use Until::{Cancel, Grace};
use When::{Always, Entered, Instead, Selected, Sound};

/// One job's work, in order.
#[rustfmt::skip]
pub(crate) const ORDER: [(Phase, When, Until); 11] = [
    (Credentials,      Sound,                      Cancel),
    (SetUp,            Sound,                      Cancel),
    (CredentialsAgain, Sound,                      Cancel),
    (Plugins,          Selected(Part::Plugin),     Cancel),
    (Checkout,         Selected(Part::Checkout),   Cancel),
    (EnterExisting,    Instead(CredentialsAgain, Checkout), Cancel),
    (VendoredPlugins,  Selected(Part::Plugin),     Cancel),
    (Command,          Selected(Part::Command),    Cancel),
    (Artifacts,        Entered(Command),           Grace),
    (Report,           Always,                     Grace),
    (TearDown,         Always,                     Grace),
];

/// How far a job has come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    entered: Vec<(Phase, Passed)>,
}

/// Whether a phase did what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passed {
    /// It did.
    Yes,
    /// It failed.
    No,
}

impl Progress {
    /// Notes that a phase is over.
    pub(crate) fn note(&mut self, phase: Phase, passed: Passed) {
        self.entered.push((phase, passed));
    }

    /// Whether a phase with this condition is entered now.
    pub(crate) fn allows(&self, when: When, parts: &Parts) -> bool {
        let sound = self.entered.iter().all(|(_, passed)| *passed == Passed::Yes);
        match when {
            Always => true,
            Sound => sound,
            Selected(part) => sound && parts.include(part),
            Entered(phase) => self.has_entered(phase),
            Instead(passed, other) => {
                self.entered.contains(&(passed, Passed::Yes)) && !self.has_entered(other)
            }
        }
    }

    fn has_entered(&self, phase: Phase) -> bool {
        self.entered.iter().any(|(entered, _)| *entered == phase)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks through the order with these parts while these phases fail.
    fn check(parts: &[&str], failing: &[Phase], expected: &[Phase]) {
        let parts = Parts::parse(parts.iter().copied()).expect("they exist");
        let mut progress = Progress::default();
        let mut entered = Vec::new();
        for (phase, when, _) in ORDER {
            if progress.allows(when, &parts) {
                entered.push(phase);
                progress.note(phase, if failing.contains(&phase) { Passed::No } else { Passed::Yes });
            }
        }
        let visible = |phase: &Phase| !matches!(phase, Credentials | CredentialsAgain | Report);
        entered.retain(visible);
        assert_eq!(entered, expected, "{parts:?} {failing:?}");
    }

    #[test]
    fn a_whole_job() {
        check(&[], &[], &[SetUp, Plugins, Checkout, VendoredPlugins, Command, Artifacts, TearDown]);
    }

    #[test]
    fn parts_of_a_job() {
        check(&["plugin", "checkout"], &[], &[SetUp, Plugins, Checkout, VendoredPlugins, TearDown]);
        check(&["command"], &[], &[SetUp, EnterExisting, Command, Artifacts, TearDown]);
        check(
            &["plugin", "command"],
            &[],
            &[SetUp, Plugins, EnterExisting, VendoredPlugins, Command, Artifacts, TearDown],
        );
    }

    #[test]
    fn what_a_failure_skips() {
        check(&[], &[Credentials], &[TearDown]);
        check(&[], &[SetUp], &[SetUp, TearDown]);
        check(&[], &[Plugins], &[SetUp, Plugins, EnterExisting, TearDown]);
        check(&[], &[Checkout], &[SetUp, Plugins, Checkout, TearDown]);
        check(&[], &[VendoredPlugins], &[SetUp, Plugins, Checkout, VendoredPlugins, TearDown]);
        check(&[], &[Command], &[SetUp, Plugins, Checkout, VendoredPlugins, Command, Artifacts, TearDown]);
    }
}
