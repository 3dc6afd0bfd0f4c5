//! Who gets a free place in a concurrency group (spec/control-plane.md §3.12). Groups span builds, so this
//! is a function over the group's members, wherever they are stored.

use std::cmp::Reverse;

use crate::build::{Job, Queues};
use crate::definition::ConcurrencyMethod;
use crate::ids::JobId;
use crate::state::JobState;
use crate::time::Time;

/// A member of a group: a job in one of [`ACTIVE`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The job.
    pub id: JobId,
    /// Its state.
    pub state: JobState,
    /// The limit it was made with.
    pub limit: u32,
    /// How it queues.
    pub method: ConcurrencyMethod,
    /// Its priority.
    pub priority: i64,
    /// Its place: creation of its build or upload, then upload order.
    pub since: Time,
    /// Upload order within that.
    pub order: u32,
}

/// The states in which a job belongs to its group: the rows to load before calling [`grants`].
pub const ACTIVE: &[JobState] = &[
    JobState::Limiting,
    JobState::Limited,
    JobState::Scheduled,
    JobState::Reserved,
    JobState::Waiting,
    JobState::Assigned,
    JobState::Accepted,
    JobState::Running,
    JobState::Canceling,
    JobState::TimingOut,
];

/// What a look at a group decides: apply [`SlotGranted`](crate::build::Event::SlotGranted) to the builds of
/// the granted jobs, and `SlotRefused` to those of the refused that are `limiting`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// They get a place.
    pub granted: Vec<JobId>,
    /// They were ready and got none.
    pub refused: Vec<JobId>,
}

impl Member {
    /// The job as a member of its group, if it is in one and active.
    pub fn of(job: &Job) -> Option<Self> {
        let concurrency = job.concurrency.as_ref().filter(|_| ACTIVE.contains(&job.state))?;
        if job.state == JobState::Waiting && job.queues == Queues::OnceReady {
            return None;
        }
        Some(Self {
            id: job.id,
            state: job.state,
            limit: concurrency.limit,
            method: concurrency.method,
            priority: job.priority,
            since: job.concurrency_since,
            order: job.order,
        })
    }

    fn is_queued(&self) -> bool {
        matches!(self.state, JobState::Limiting | JobState::Limited | JobState::Waiting)
    }

    fn is_ready(&self) -> bool {
        matches!(self.state, JobState::Limiting | JobState::Limited)
    }

    fn place(&self) -> (Time, u32, JobId) {
        (self.since, self.order, self.id)
    }
}

/// Who of one group gets a place. Ordered members count everybody queued before them, also who is still
/// waiting for dependencies: that makes two steps of a group a gate around what is between them (C2).
/// Eager members compete by priority for what is free.
pub fn grants(members: &[Member]) -> Decision {
    let mut holders = members.iter().filter(|member| !member.is_queued()).count();
    let mut queue: Vec<&Member> = members.iter().filter(|member| member.is_queued()).collect();
    queue.sort_by_key(|member| member.place());
    let mut decision = Decision::default();
    let mut ahead = 0;
    let mut eager: Vec<&Member> = Vec::new();
    for member in queue {
        match member.method {
            ConcurrencyMethod::Ordered if member.is_ready() && holders + ahead < limit(member) => {
                decision.granted.push(member.id);
                holders += 1;
            }
            ConcurrencyMethod::Ordered => {
                decision.refused.extend(member.is_ready().then_some(member.id));
                ahead += 1;
            }
            ConcurrencyMethod::Eager => {
                eager.extend(member.is_ready().then_some(member));
                ahead += 1;
            }
        }
    }
    eager.sort_by_key(|member| (Reverse(member.priority), member.place()));
    for member in eager {
        if holders < limit(member) {
            decision.granted.push(member.id);
            holders += 1;
        } else {
            decision.refused.push(member.id);
        }
    }
    decision
}

fn limit(member: &Member) -> usize {
    usize::try_from(member.limit).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// Members as `state:limit`, with `!priority` for eager ones, in queue order; granted ones by place.
    #[track_caller]
    fn check(group: &str, expected: &[usize]) {
        let members: Vec<Member> = group
            .split_whitespace()
            .enumerate()
            .map(|(place, text)| {
                let (text, priority) = match text.split_once('!') {
                    Some((text, priority)) => (text, Some(priority.parse().expect("a priority"))),
                    None => (text, None),
                };
                let (state, limit) = text.split_once(':').expect("state and limit");
                let method =
                    if priority.is_some() { ConcurrencyMethod::Eager } else { ConcurrencyMethod::Ordered };
                Member {
                    id: Uuid::from_u128(place as u128).into(),
                    state: JobState::from_word(state).expect("a state"),
                    limit: limit.parse().expect("a limit"),
                    method,
                    priority: priority.unwrap_or(0),
                    since: Time::from_millis(0),
                    order: u32::try_from(place).expect("small"),
                }
            })
            .collect();
        let granted: Vec<usize> = grants(&members)
            .granted
            .iter()
            .map(|id| usize::try_from(id.as_uuid().as_u128()).expect("small"))
            .collect();
        assert_eq!(granted, expected, "{group}");
    }

    #[test]
    fn ordered_groups() {
        check("limiting:1", &[0]);
        check("limiting:1 limiting:1", &[0]);
        check("running:1 limited:1", &[]);
        check("running:2 limited:2 limited:2", &[1]);
        check("canceling:1 limited:1", &[]);
        // Who waits for dependencies keeps others behind: the gate.
        check("waiting:1 limited:1", &[]);
        check("waiting:2 limited:2", &[1]);
        // A larger limit may overtake.
        check("running:1 limited:1 limited:5", &[2]);
        check("scheduled:3 limiting:3 limiting:3 limiting:3", &[1, 2]);
    }

    #[test]
    fn eager_groups() {
        check("limited:1!0 limited:1!5", &[1]);
        check("limited:2!0 limited:2!5 limited:2!5", &[1, 2]);
        check("running:1!0 limited:1!9", &[]);
        check("waiting:1!9 limited:1!0", &[1]);
        check("limited:1!1 limited:1!1", &[0]);
    }
}
