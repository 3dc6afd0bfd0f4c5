//! Which job goes to which agent (spec/control-plane.md §8.2–8.4).

use std::cmp::{Ordering, Reverse};

use serde::{Deserialize, Serialize};

use crate::build::Job;
use crate::definition::AgentRules;
use crate::ids::{AgentId, JobId};
use crate::time::Time;

/// An agent's tags, as it registered them; a key may come several times.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tags(Vec<(String, String)>);

impl Tags {
    /// Tags from `key=value` texts; without `=` the value is empty (§8.1).
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let pair = |text: &str| {
            let (key, value) = text.split_once('=').unwrap_or((text, ""));
            (key.to_owned(), value.to_owned())
        };
        Self(texts.into_iter().map(pair).collect())
    }

    /// Every tag as key and value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether an agent with these tags meets every rule but the queue's: the tag exists with that value;
    /// `*` or an empty value asks only that it exists.
    pub fn satisfy(&self, rules: &AgentRules) -> bool {
        rules.tags().all(|(key, wanted)| {
            let any = wanted == "*" || wanted.is_empty();
            self.iter().any(|(tag, value)| tag == key && (any || value == wanted))
        })
    }
}

/// An agent that asks for work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seeker<'a> {
    /// The key of its queue.
    pub queue: &'a str,
    /// The key of its cluster's default queue, where jobs that name none go.
    pub default_queue: &'a str,
    /// Its tags.
    pub tags: &'a Tags,
}

/// A job that is ready for an agent, as far as the choice looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The job.
    pub id: JobId,
    /// What it asks of agents.
    pub agents: AgentRules,
    /// Its place in the queue.
    pub rank: Rank,
}

/// A job's place in the queue; the smallest goes first: priority, age, upload order, id (§8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    priority: Reverse<i64>,
    scheduled_at: Time,
    order: u32,
    id: JobId,
}

impl Rank {
    /// The place of a job.
    pub const fn new(priority: i64, scheduled_at: Time, order: u32, id: JobId) -> Self {
        Self { priority: Reverse(priority), scheduled_at, order, id }
    }
}

impl From<&Job> for Candidate {
    fn from(job: &Job) -> Self {
        let rank = Rank::new(job.priority, job.times.scheduled_at, job.order, job.id);
        Self { id: job.id, agents: job.agents.clone(), rank }
    }
}

impl Seeker<'_> {
    /// Whether the agent may run a job with these rules.
    pub fn may_run(&self, rules: &AgentRules) -> bool {
        rules.queue().unwrap_or(self.default_queue) == self.queue && self.tags.satisfy(rules)
    }
}

/// The job the agent gets: the first in the queue of those it may run.
pub fn choose<'a>(
    seeker: &Seeker<'_>,
    jobs: impl IntoIterator<Item = &'a Candidate>,
) -> Option<&'a Candidate> {
    jobs.into_iter().filter(|job| seeker.may_run(&job.agents)).min_by_key(|job| job.rank)
}

/// An idle agent, as far as the choice among agents looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdleAgent {
    /// The agent.
    pub id: AgentId,
    /// Higher goes first, none goes last.
    pub priority: Option<i64>,
    /// When it last finished a job successfully.
    pub last_success_at: Option<Time>,
    /// When it connected.
    pub connected_at: Time,
}

/// Whether the retry of a job prefers another agent than the one before (§8.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Affinity {
    /// It does not care.
    Warmest,
    /// Any but this one, if there is another.
    OtherThan(AgentId),
}

/// Which of two idle agents that may both run a job gets it: the one that compares as less.
pub fn prefer(a: &IdleAgent, b: &IdleAgent, affinity: Affinity) -> Ordering {
    let key = |agent: &IdleAgent| {
        let avoided = affinity == Affinity::OtherThan(agent.id);
        (avoided, Reverse(agent.priority), Reverse(agent.last_success_at), agent.connected_at, agent.id)
    };
    key(a).cmp(&key(b))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn rules(text: &str) -> AgentRules {
        text.split_whitespace()
            .map(|rule| {
                let (key, value) = rule.split_once('=').unwrap_or((rule, ""));
                (key.to_owned(), value.to_owned())
            })
            .collect()
    }

    #[track_caller]
    fn check(agent: &str, job: &str, expected: bool) {
        let tags = Tags::parse(agent.split_whitespace().filter(|tag| !tag.starts_with("queue=")));
        let queue = agent.split_whitespace().find_map(|tag| tag.strip_prefix("queue=")).unwrap_or("default");
        let seeker = Seeker { queue, default_queue: "default", tags: &tags };
        assert_eq!(seeker.may_run(&rules(job)), expected, "agent `{agent}`, job `{job}`");
    }

    #[test]
    fn rules_and_tags() {
        check("", "", true);
        check("queue=deploy", "", false);
        check("queue=deploy", "queue=deploy", true);
        check("", "queue=deploy", false);
        check("", "queue=default", true);
        check("", "queue=*", false);
        check("os=linux", "os=linux", true);
        check("os=Linux", "os=linux", false);
        check("", "os=linux", false);
        check("os=linux", "os=*", true);
        check("os=linux", "os", true);
        check("", "os=*", false);
        check("ruby=1.9.3", "ruby=1.9*", false);
        check("os=linux os=debian", "os=debian", true);
        check("os=linux", "os=linux arch=arm", false);
    }

    fn id(n: u128) -> JobId {
        Uuid::from_u128(n).into()
    }

    #[test]
    fn the_most_important_then_the_oldest_then_upload_order_then_id_goes_first() {
        let job = |n, priority, scheduled, order, agents: &str| Candidate {
            id: id(n),
            agents: rules(agents),
            rank: Rank::new(priority, Time::from_millis(scheduled), order, id(n)),
        };
        let mut jobs = vec![
            job(1, -1, 0, 0, ""),
            job(2, 0, 9, 0, ""),
            job(3, 0, 5, 2, ""),
            job(5, 0, 5, 1, ""),
            job(4, 0, 5, 1, ""),
            job(6, 1, 7, 7, ""),
            job(7, 9, 0, 0, "queue=other"),
        ];
        let tags = Tags::default();
        let seeker = Seeker { queue: "default", default_queue: "default", tags: &tags };
        let mut order = Vec::new();
        while let Some(chosen) = choose(&seeker, &jobs).map(|job| job.id) {
            jobs.retain(|job| job.id != chosen);
            order.push(chosen);
        }
        assert_eq!(order, [6, 4, 5, 3, 2, 1].map(id));
    }

    #[test]
    fn agents_by_priority_then_warmth_then_age() {
        let agent = |n: u128, priority, success: Option<i64>, connected| IdleAgent {
            id: Uuid::from_u128(n).into(),
            priority,
            last_success_at: success.map(Time::from_millis),
            connected_at: Time::from_millis(connected),
        };
        let mut agents = [
            agent(1, None, Some(99), 0),
            agent(2, Some(0), None, 5),
            agent(3, Some(0), None, 4),
            agent(4, Some(0), Some(7), 9),
            agent(5, Some(0), Some(8), 9),
            agent(6, Some(5), None, 9),
        ];
        agents.sort_by(|a, b| prefer(a, b, Affinity::Warmest));
        assert_eq!(
            agents.iter().map(|agent| agent.id.as_uuid().as_u128()).collect::<Vec<_>>(),
            [6, 5, 4, 3, 2, 1]
        );
        let six = agents[0].id;
        agents.sort_by(|a, b| prefer(a, b, Affinity::OtherThan(six)));
        assert_eq!(agents.last().map(|agent| agent.id), Some(six));
    }
}
