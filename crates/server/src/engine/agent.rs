//! An agent as the plane knows it (control-plane.md §2.7).

use std::time::Duration;

use redkite_api::wire::RegisterRequest;
use redkite_scheduler::build::Job;
use redkite_scheduler::dispatch::{IdleAgent, Seeker, Tags};
use redkite_scheduler::environment::AgentInfo;
use redkite_scheduler::{AgentId, JobId, JobState, Time};
use serde::{Deserialize, Serialize};

use crate::store::StoreError;

/// The queue of agents and jobs that name none.
pub(crate) const DEFAULT_QUEUE: &str = "default";
const QUEUE: &str = "queue";
/// How long a pause lasts when nothing is said, and at most.
const PAUSE_MINUTES: i64 = 5;
const MAX_PAUSE_MINUTES: i64 = 1440;

/// One session of one agent worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Agent {
    /// Its id.
    pub id: AgentId,
    /// Its name, unlike that of any other agent that is here.
    pub name: String,
    /// The registration token it came with.
    pub token: String,
    /// What it said of itself.
    pub registered: RegisterRequest,
    /// Its tags, the queue among them.
    pub tags: Tags,
    /// Higher ones get jobs first, those without last.
    pub priority: Option<i64>,
    /// Whether it wants jobs by itself.
    pub dispatch: Dispatch,
    /// How it is connected.
    pub connection: Connection,
    /// Whether a person has paused it.
    pub pause: Option<Pause>,
    /// The job that is offered to it or that it runs; known from the job's own row.
    #[serde(skip)]
    pub job: Option<JobId>,
    /// When it registered.
    pub created_at: Time,
    /// When it connected.
    pub connected_at: Option<Time>,
    /// When it went, however it went.
    pub gone_at: Option<Time>,
    /// When it last finished a job with success: warm agents get jobs first.
    pub last_job_finished_at: Option<Time>,
}

/// Whether an agent is offered jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Dispatch {
    /// It is.
    Offered,
    /// It acquires its job itself, or has had its last one.
    Ignored,
}

/// What became of an agent's hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hands {
    /// They had a job and have none now.
    Free,
    /// They have a job, or never had this one.
    AsBefore,
}

/// How an agent is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Connection {
    /// Registered only.
    NeverConnected,
    /// Here.
    Connected,
    /// Here, and told to leave after its job.
    Stopping,
    /// Left because it was told to.
    Stopped,
    /// Left by itself.
    Disconnected,
    /// Its heartbeats ended.
    Lost,
}

impl Connection {
    /// Whether the agent may still call.
    pub(crate) fn is_live(self) -> bool {
        matches!(self, Self::NeverConnected | Self::Connected | Self::Stopping)
    }
}

/// Why and until when an agent gets no jobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pause {
    /// A person's reason.
    pub note: String,
    /// When it ends by itself.
    pub until: Time,
}

impl Pause {
    /// A pause from now on; the number of minutes is cut to what is allowed.
    pub(crate) fn new(note: String, minutes: i64, now: Time) -> Self {
        let minutes = if minutes > 0 { minutes.min(MAX_PAUSE_MINUTES) } else { PAUSE_MINUTES };
        Self { note, until: now + Duration::from_secs(minutes.unsigned_abs() * 60) }
    }
}

impl Agent {
    /// The pause that is in force.
    pub(crate) fn paused(&self, now: Time) -> Option<&Pause> {
        self.pause.as_ref().filter(|pause| now < pause.until)
    }

    /// Whether it may be offered a job now.
    pub(crate) fn is_idle(&self, now: Time) -> bool {
        self.connection == Connection::Connected
            && self.dispatch == Dispatch::Offered
            && self.job.is_none()
            && self.paused(now).is_none()
    }

    /// The queue whose jobs it takes.
    pub(crate) fn queue(&self) -> &str {
        self.tags.iter().find(|(key, _)| *key == QUEUE).map_or(DEFAULT_QUEUE, |(_, value)| value)
    }

    /// As the choice among agents looks at it.
    pub(super) fn as_idle(&self) -> IdleAgent {
        IdleAgent {
            id: self.id,
            priority: self.priority,
            last_success_at: self.last_job_finished_at,
            connected_at: self.connected_at.unwrap_or(self.created_at),
        }
    }

    /// As the choice of a job looks at it.
    pub(super) fn as_seeker(&self) -> Seeker<'_> {
        Seeker { queue: self.queue(), default_queue: DEFAULT_QUEUE, tags: &self.tags }
    }

    /// As its jobs' environment shows it.
    pub(super) fn info(&self) -> AgentInfo {
        AgentInfo { id: self.id.to_string(), name: self.name.clone(), tags: self.tags.clone() }
    }

    /// A job of this agent is in another state: it has it, or has it no more.
    pub(super) fn takes_or_leaves(&mut self, job: &Job) -> Hands {
        if job.state == JobState::Assigned || job.state.is_held() {
            self.job = Some(job.id);
        } else if self.job == Some(job.id) {
            self.job = None;
            return Hands::Free;
        }
        Hands::AsBefore
    }

    /// Its row's JSON.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("an agent has only text keys")
    }

    /// The agent of a row.
    pub(super) fn from_json(body: &str) -> Result<Self, StoreError> {
        serde_json::from_str(body).map_err(|source| StoreError::Body { what: "an agent".into(), source })
    }
}

/// Tags as they came, with the queue they mean (control-plane.md §8.1).
pub(crate) fn effective_tags(meta_data: &[String]) -> Vec<String> {
    let mut tags: Vec<String> =
        meta_data.iter().map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()).collect();
    if !tags.iter().any(|tag| tag.starts_with("queue=")) {
        tags.push(format!("{QUEUE}={DEFAULT_QUEUE}"));
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_always_name_a_queue() {
        let check = |given: &[&str], expected: &[&str]| {
            let given: Vec<_> = given.iter().map(|tag| (*tag).to_owned()).collect();
            assert_eq!(effective_tags(&given), expected);
        };
        check(&[], &["queue=default"]);
        check(&["os=linux", " fast ", ""], &["os=linux", "fast", "queue=default"]);
        check(&["queue=deploy", "a=b=c"], &["queue=deploy", "a=b=c"]);
    }

    #[test]
    fn a_pause_has_an_end() {
        let now = Time::from_millis(0);
        let minutes = |asked| Pause::new(String::new(), asked, now).until.as_millis() / 60_000;
        assert_eq!((minutes(0), minutes(7), minutes(100_000)), (5, 7, 1440));
    }
}
