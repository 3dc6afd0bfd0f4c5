//! Jobs are offered to agents whose ping is open, at the end of every batch (control-plane.md §8.3, §8.4).

use redkite_scheduler::build::Event as BuildEvent;
use redkite_scheduler::definition::AgentRules;
use redkite_scheduler::dispatch::{Affinity, prefer};
use redkite_scheduler::{AgentId, BuildId, JobId, Time};

use super::world::World;
use super::{Context, Failure};

/// Offers every job that some waiting agent may run to the best of them. Only queues in which a job or a
/// waiting agent is new are looked at.
pub(super) async fn offer_jobs(cx: &mut Context<'_>) -> Result<(), Failure> {
    cx.world.drop_closed();
    while let Some(queue) = next_stirred(cx.world) {
        for (build, job, agent) in pairs(cx.world, &queue, cx.now) {
            cx.apply_if_it_fits(build, BuildEvent::Assigned { job, agent }).await?;
            cx.after.awaited.push(agent);
        }
    }
    cx.world.retire();
    Ok(())
}

fn next_stirred(world: &mut World) -> Option<String> {
    let queue = world.stirred.iter().next()?.clone();
    world.stirred.remove(&queue);
    Some(queue)
}

/// Who gets which job, in the order of the jobs.
fn pairs(world: &World, queue: &str, now: Time) -> Vec<(BuildId, JobId, AgentId)> {
    if world.ready.is_empty(queue) {
        return Vec::new();
    }
    let mut agents = world.waiting_agents(queue, now);
    agents.sort_by(|a, b| prefer(&a.as_idle(), &b.as_idle(), Affinity::Warmest));
    let mut pairs = Vec::new();
    // Thousands of jobs with the rules of an absent agent must not cost a comparison with everybody each.
    let mut hopeless: Vec<&AgentRules> = Vec::new();
    for (build, job) in world.ready.in_queue(queue) {
        if agents.is_empty() {
            break;
        }
        let Some(rules) = world.build(build).and_then(|build| build.job(job)).map(|job| &job.agents) else {
            continue;
        };
        if hopeless.contains(&rules) {
            continue;
        }
        match agents.iter().position(|agent| agent.as_seeker().may_run(rules)) {
            Some(place) => pairs.push((build, job, agents.remove(place).id)),
            None => hopeless.push(rules),
        }
    }
    pairs
}
