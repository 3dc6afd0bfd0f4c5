//! What the stream said while something else was being done: merged, not queued (spec/agent-api.md §10.5).

use super::action::{Action, Verb};
use redkite_api::JobId;
use std::collections::VecDeque;

/// At most one instruction, and jobs in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Inbox {
    pending: Option<Verb>,
    jobs: VecDeque<JobId>,
}

impl Inbox {
    /// Adds an instruction: the newest counts, but nothing counts more than to leave. Jobs wait their turn, each
    /// once: every new stream begins with what is still to be done.
    pub(super) fn add(&mut self, action: Action) {
        if self.pending != Some(Verb::Disconnect) {
            self.pending = Some(action.verb);
        }
        let new = action.job.filter(|job| !self.jobs.contains(job));
        self.jobs.extend(new);
    }

    /// Drops a job that has run.
    pub(super) fn forget(&mut self, job: &JobId) {
        self.jobs.retain(|waiting| waiting != job);
    }

    /// The next instruction; one that carries on takes the first job along.
    pub(super) fn take(&mut self) -> Option<Action> {
        let verb = self.pending.take()?;
        let job = if verb == Verb::CarryOn { self.jobs.pop_front() } else { None };
        if verb == Verb::CarryOn && !self.jobs.is_empty() {
            self.pending = Some(Verb::CarryOn);
        }
        Some(Action { verb, job })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words are verbs or jobs; the answer is what comes out until nothing does.
    fn check(said: &str, expected: &str) {
        let mut inbox = Inbox::default();
        for word in said.split_whitespace() {
            let (verb, job) = match word {
                "pause" => (Verb::Pause, None),
                "leave" => (Verb::Disconnect, None),
                "resume" => (Verb::CarryOn, None),
                job => (Verb::CarryOn, Some(JobId::from(job))),
            };
            inbox.add(Action { verb, job });
        }
        let taken = std::iter::from_fn(|| inbox.take());
        let words = taken.map(|action| match (action.verb, action.job) {
            (Verb::Pause, _) => "pause".to_owned(),
            (Verb::Disconnect, _) => "leave".to_owned(),
            (Verb::CarryOn, None) => "resume".to_owned(),
            (Verb::CarryOn, Some(job)) => job.to_string(),
        });
        assert_eq!(words.collect::<Vec<_>>().join(" "), expected, "{said}");
    }

    #[test]
    fn instructions_merge_and_jobs_queue() {
        check("", "");
        check("resume resume", "resume");
        check("pause resume", "resume");
        check("a pause resume b", "a b");
        check("a b pause", "pause");
        check("leave a resume pause", "leave");
        check("a b a resume b", "a b");
    }

    #[test]
    fn a_job_that_has_run_is_forgotten() {
        let mut inbox = Inbox::default();
        let jobs = ["a", "b", "c"].map(JobId::from);
        for job in jobs.clone() {
            inbox.add(Action { verb: Verb::CarryOn, job: Some(job) });
        }
        inbox.forget(&jobs[1]);
        let taken: Vec<_> = std::iter::from_fn(|| inbox.take()).filter_map(|action| action.job).collect();
        assert_eq!(taken, [jobs[0].clone(), jobs[2].clone()]);
    }
}
