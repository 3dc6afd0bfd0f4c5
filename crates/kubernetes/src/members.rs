//! Which containers are there, whose turn it is, and when the job is over: a pure state machine
//! (spec/local-apis.md §7.3, §7.4).

use std::time::{Duration, Instant};

/// A container from which nothing is heard for longer is lost.
const SILENCE: Duration = Duration::from_secs(30);

/// What is known of one container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    /// It has not registered.
    Absent,
    /// It has, and was last heard then.
    Here { heard: Instant, told: Told },
    /// It said how its bootstrap ended.
    Exited(i32),
    /// It left before its turn, because it was told that the job is interrupted.
    Withdrawn,
    /// It fell silent, or its connection broke.
    Lost,
}

/// What a container that is there knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// It is being told about the job.
    Joining,
    /// It waits.
    Nothing,
    /// It has had its turn.
    Start,
    /// The job ended before its turn.
    InterruptFirst,
    /// The job ends in its turn.
    StartThenInterrupt,
}

/// What a container is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// It is its turn.
    Start,
    /// The job is to end.
    Interrupt,
}

/// Why a container is sent away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// There are not so many.
    #[error("unrecognized client id: {0}")]
    Unknown(i64),
    /// It was here before.
    #[error("client id {0} already registered")]
    Twice(i64),
}

/// How the containers' part of a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With the status of the container that decides, and what is odd about it.
    Decided(Status),
    /// Some container did not register within the start timeout.
    NotStarted,
}

/// A job's status, as the containers make it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Of the first container, in their order, that decides.
    pub code: i32,
    /// Whether some container never registered.
    pub absent: bool,
    /// Whether some container was lost.
    pub lost: bool,
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// From the start until every container has registered; none for ever.
    pub(crate) start: Option<Duration>,
    /// From an interrupt until nobody is waited for any more.
    pub(crate) grace: Duration,
}

/// All containers of one job.
#[derive(Debug)]
pub(crate) struct Members {
    members: Vec<Member>,
    limits: Limits,
    begun: Instant,
    interrupted: Option<Instant>,
    end: Option<End>,
}

impl Members {
    /// `count` containers that are waited for from `now` on.
    pub(crate) fn new(count: usize, limits: Limits, now: Instant) -> Self {
        let mut members =
            Self { members: vec![Member::Absent; count], limits, begun: now, interrupted: None, end: None };
        members.settle();
        members
    }

    /// A container is there; answers its place.
    pub(crate) fn register(&mut self, id: i64, now: Instant) -> Result<usize, Refusal> {
        let place = usize::try_from(id).ok().filter(|place| *place < self.members.len());
        let place = place.ok_or(Refusal::Unknown(id))?;
        match self.members[place] {
            Member::Absent => self.members[place] = Member::Here { heard: now, told: Told::Joining },
            _ => return Err(Refusal::Twice(id)),
        }
        Ok(place)
    }

    /// A container knows about the job and can take orders.
    pub(crate) fn joined(&mut self, place: usize) {
        if let Some(Member::Here { told: told @ Told::Joining, .. }) = self.members.get_mut(place) {
            *told = Told::Nothing;
        }
    }

    /// A container gave a sign of life.
    pub(crate) fn heard(&mut self, place: usize, now: Instant) {
        if let Some(Member::Here { heard, .. }) = self.members.get_mut(place) {
            *heard = now;
        }
    }

    /// A container said how its bootstrap ended. What fails ends the job.
    pub(crate) fn exited(&mut self, place: usize, status: i32) {
        if let Some(member @ Member::Here { .. }) = self.members.get_mut(place) {
            *member = Member::Exited(status);
            self.settle();
        }
    }

    /// A container's connection is gone; answers whether it is lost.
    pub(crate) fn hung_up(&mut self, place: usize) -> bool {
        // Once the job is over, everybody may go.
        if self.end.is_some() {
            return false;
        }
        let Some(member @ Member::Here { .. }) = self.members.get_mut(place) else { return false };
        let had_turn = matches!(member, Member::Here { told: Told::Start | Told::StartThenInterrupt, .. });
        *member = if had_turn || self.interrupted.is_none() { Member::Lost } else { Member::Withdrawn };
        let is_lost = *member == Member::Lost;
        self.settle();
        is_lost
    }

    /// The job is to end. Only the first time counts.
    pub(crate) fn interrupt(&mut self, now: Instant) {
        self.interrupted.get_or_insert(now);
    }

    /// The agent itself was stopped for a while: who said nothing meanwhile may have been, too, or wasn't heard.
    pub(crate) fn forgive_silence(&mut self, now: Instant) {
        for member in &mut self.members {
            if let Member::Here { heard, .. } = member {
                *heard = now;
            }
        }
    }

    /// Time has passed; answers who was silent for too long, and for how long.
    pub(crate) fn tick(&mut self, now: Instant) -> Vec<(usize, Duration)> {
        let mut silent = Vec::new();
        if self.end.is_some() {
            return silent;
        }
        for (place, member) in self.members.iter_mut().enumerate() {
            let Member::Here { heard, .. } = *member else { continue };
            let silence = now.duration_since(heard);
            if silence > SILENCE {
                *member = Member::Lost;
                silent.push((place, silence));
            }
        }
        self.settle();
        let is_over = |since: Option<Instant>, limit: Option<Duration>| {
            since.zip(limit).is_some_and(|(since, limit)| now.duration_since(since) >= limit)
        };
        if self.end.is_none() && is_over(self.interrupted, Some(self.limits.grace)) {
            self.end = Some(End::Decided(self.status()));
        }
        if self.end.is_none() && self.waits_for_some() && is_over(Some(self.begun), self.limits.start) {
            self.end = Some(End::NotStarted);
        }
        silent
    }

    /// When time may change something next.
    pub(crate) fn next_change(&self) -> Option<Instant> {
        let silences = self.members.iter().filter_map(|member| match member {
            Member::Here { heard, .. } => heard.checked_add(SILENCE + Duration::from_millis(1)),
            _ => None,
        });
        let start = self.limits.start.filter(|_| self.waits_for_some());
        let start = start.and_then(|limit| self.begun.checked_add(limit));
        let grace = self.interrupted.and_then(|since| since.checked_add(self.limits.grace));
        silences.chain(start).chain(grace).min()
    }

    /// What is to be told to whom now, and wasn't yet; nothing once the job is over.
    pub(crate) fn orders(&mut self) -> Vec<(usize, Order)> {
        let mut orders = Vec::new();
        if self.end.is_some() {
            return orders;
        }
        for place in 0..self.members.len() {
            let order = self.order_for(place);
            let Member::Here { told, .. } = &mut self.members[place] else { continue };
            let (order, now_told) = match (*told, order) {
                (Told::Nothing, Some(Order::Start)) => (Order::Start, Told::Start),
                (Told::Nothing, Some(Order::Interrupt)) => (Order::Interrupt, Told::InterruptFirst),
                (Told::Start, Some(Order::Interrupt)) => (Order::Interrupt, Told::StartThenInterrupt),
                _ => continue,
            };
            *told = now_told;
            orders.push((place, order));
        }
        orders
    }

    /// How it ended, if it has.
    pub(crate) fn end(&self) -> Option<End> {
        self.end
    }

    fn order_for(&self, place: usize) -> Option<Order> {
        if self.interrupted.is_some() {
            return Some(Order::Interrupt);
        }
        let is_next = self.members[..place].iter().all(|before| matches!(before, Member::Exited(_)));
        is_next.then_some(Order::Start)
    }

    /// Whether a container has not registered yet.
    fn waits_for_some(&self) -> bool {
        self.members.contains(&Member::Absent)
    }

    /// Notes the end if this is one: a failure, a loss, or nobody left to wait for.
    fn settle(&mut self) {
        let failed =
            |member: &Member| matches!(member, Member::Lost) || matches!(member, Member::Exited(..=-1 | 1..));
        let is_open = |member: &Member| matches!(member, Member::Absent | Member::Here { .. });
        if self.end.is_none() && (self.members.iter().any(failed) || !self.members.iter().any(is_open)) {
            self.end = Some(End::Decided(self.status()));
        }
    }

    fn status(&self) -> Status {
        let decisive = |member: &Member| match member {
            Member::Exited(0) => None,
            Member::Exited(status) => Some(*status),
            Member::Lost => Some(LOST),
            Member::Absent => Some(NEVER_SEEN),
            Member::Here { .. } | Member::Withdrawn => Some(NEVER_ENDED),
        };
        Status {
            code: self.members.iter().find_map(decisive).unwrap_or_default(),
            absent: self.waits_for_some(),
            lost: self.members.contains(&Member::Lost),
        }
    }
}

/// The status of a job whose container was lost.
const LOST: i32 = -7;
/// The status of a job whose container never registered.
const NEVER_SEEN: i32 = -10;
/// The status of a job whose container did not say how its bootstrap ended.
const NEVER_ENDED: i32 = 137;

#[cfg(test)]
#[path = "members_tests.rs"]
mod tests;
