//! After an event: what can go on goes on, until nothing moves (spec/control-plane.md §2.4.1, §3.8).

use std::collections::BTreeSet;

use super::cancel;
use super::changes::Effect;
use super::gate;
use super::graph::{Graph, Needs, Standing};
use super::head::MissingDependency;
use super::job::Job;
use super::plan::Plan;
use super::rollup::{self, Rolled};
use super::work::Work;
use crate::definition::{Kind, OnFailure, WhenFailing};
use crate::ids::JobId;
use crate::state::{BuildState, JobKind, JobState};

/// Whether a step may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It may.
    Go,
    /// Not yet.
    Wait,
    /// Not yet, and only because a person has not submitted a step.
    WaitForPerson,
    /// Never, as things stand.
    Never,
}

/// Moves jobs, steps and the build to where the rules put them after an event.
pub(super) fn settle(work: &mut Work<'_>) {
    let mut rolled = Rolled::Touched;
    loop {
        let kept = work.take_plan();
        let stirred = work.take_stirred();
        let mut queue = BTreeSet::new();
        let mut plan = match kept {
            Some(plan) => {
                let places = plan.graph.places(work.build(), stirred.iter().copied());
                queue.extend(places.into_iter().flat_map(|place| &plan.graph.dependents[place]));
                plan
            }
            None => {
                rolled = Rolled::All;
                let graph = Graph::of(work.build());
                queue.extend(0..graph.needs.len());
                Box::new(Plan { tainted: vec![false; graph.needs.len()], graph })
            }
        };
        let may_be_idle = !(queue.is_empty() && stirred.is_empty());
        while let Some(place) = queue.pop_first() {
            if decide(work, &mut plan, place) {
                queue.extend(&plan.graph.dependents[place]);
            }
        }
        let stranded = may_be_idle && is_idle(work) && !gate::open(work) && strand(work, &plan.graph);
        if !stranded && !begins_to_fail(work) {
            rollup::steps(work, &plan.graph, rolled);
            work.take_stirred();
            return work.keep_plan(plan);
        }
        work.keep_plan(plan);
    }
}

/// Moves the build; whether jobs that stop when it fails were stopped by that.
fn begins_to_fail(work: &mut Work<'_>) -> bool {
    let before = work.head().state;
    rollup::build(work);
    before != BuildState::Failing && work.head().state == BuildState::Failing && stop_optional(work)
}

/// Looks at one step. Whether those who wait for it must be looked at again.
fn decide(work: &mut Work<'_>, plan: &mut Plan, place: usize) -> bool {
    let graph = &plan.graph;
    if matches!(work.build().steps[place].definition.kind, Kind::Group(_)) {
        return false;
    }
    let separates = graph.separates(work.build(), place);
    let tainted = separates && taint(work, graph, &graph.needs[place], &plan.tainted);
    let mut moved = std::mem::replace(&mut plan.tainted[place], tainted) != tainted;
    let open: Vec<JobId> = undecided(work, graph, place);
    if !open.is_empty() {
        let verdict = verdict(work, graph, place, separates, &plan.tainted);
        for job in open {
            moved |= move_on(work, job, verdict);
        }
    }
    moved
}

/// Jobs of a step whose dependencies still decide about them.
fn undecided(work: &Work<'_>, graph: &Graph, place: usize) -> Vec<JobId> {
    graph.jobs[place]
        .iter()
        .map(|job| &work.build().jobs[*job])
        .filter(|job| {
            matches!(
                job.state,
                JobState::Pending
                    | JobState::Waiting
                    | JobState::Blocked
                    | JobState::WaitingFailed
                    | JobState::BlockedFailed
            )
        })
        .map(|job| job.id)
        .collect()
}

/// How the steps at `place` stand towards others.
fn standing(work: &Work<'_>, graph: &Graph, place: usize) -> Standing {
    Standing::of(graph.jobs[place].iter().map(|job| &work.build().jobs[*job]))
}

/// Whether something above a barrier has failed, however far above (§3.4 W3).
fn taint(work: &Work<'_>, graph: &Graph, needs: &Needs, tainted: &[bool]) -> bool {
    let failed = |place: usize| matches!(standing(work, graph, place), Standing::Failed | Standing::Stopped);
    needs.barrier.is_some_and(|barrier| tainted[barrier] || failed(barrier))
        || needs.steps.iter().any(|(step, _)| failed(*step))
}

fn verdict(work: &Work<'_>, graph: &Graph, place: usize, separates: bool, tainted: &[bool]) -> Verdict {
    let needs = &graph.needs[place];
    let goes_on = matches!(work.build().steps[place].definition.kind, Kind::Wait(OnFailure::GoesOn));
    let stopped_above = separates && !goes_on && needs.barrier.is_some_and(|barrier| tainted[barrier]);
    let barrier = needs.barrier.map(|barrier| (barrier, OnFailure::Stops));
    let (mut open, mut asks, mut never) = (!needs.missing.is_empty(), false, stopped_above);
    for (step, on_failure) in needs.steps.iter().copied().chain(barrier) {
        match (standing(work, graph, step), on_failure) {
            (Standing::Met, _) | (Standing::Failed, OnFailure::GoesOn) => {}
            (Standing::Failed, OnFailure::Stops) | (Standing::Stopped, _) => never = true,
            (Standing::AsksPerson, _) => asks = true,
            (Standing::Open, _) => open = true,
        }
    }
    match (never, open, asks) {
        (true, _, _) => Verdict::Never,
        (false, true, _) => Verdict::Wait,
        (false, false, true) => Verdict::WaitForPerson,
        (false, false, false) => Verdict::Go,
    }
}

/// What a verdict does to one job. Whether it moved.
fn move_on(work: &mut Work<'_>, id: JobId, verdict: Verdict) -> bool {
    let job = &work.build().jobs[&id];
    let (from, kind) = (job.state, job.kind);
    let has_failed = matches!(from, JobState::WaitingFailed | JobState::BlockedFailed);
    let is_open_manual = kind == JobKind::Manual && from == JobState::Blocked;
    let to = match verdict {
        Verdict::Go if is_open_manual => return false,
        Verdict::Go => return go(work, id),
        Verdict::Wait | Verdict::WaitForPerson if has_failed || is_open_manual => return false,
        Verdict::WaitForPerson if kind != JobKind::Manual => JobState::Blocked,
        Verdict::Wait | Verdict::WaitForPerson => JobState::Waiting,
        Verdict::Never if has_failed => return false,
        Verdict::Never if is_open_manual => JobState::BlockedFailed,
        Verdict::Never => JobState::WaitingFailed,
    };
    work.move_job(id, to);
    from != to
}

/// The job's dependencies are met.
fn go(work: &mut Work<'_>, id: JobId) -> bool {
    let job = &work.build().jobs[&id];
    let to = match job.kind {
        JobKind::Waiter => JobState::Finished,
        JobKind::Manual => JobState::Blocked,
        JobKind::Script | JobKind::Trigger if job.concurrency.is_some() => JobState::Limiting,
        JobKind::Script => JobState::Scheduled,
        JobKind::Trigger => {
            start_trigger(work, id);
            return true;
        }
    };
    work.move_job(id, to);
    true
}

/// A trigger job has all it needs: its build is asked for.
pub(super) fn start_trigger(work: &mut Work<'_>, id: JobId) {
    work.move_job(id, JobState::Running);
    let now = work.now;
    work.job_mut(id).times.started_at = Some(now);
    work.effect(Effect::CreateChild(id));
    rollup::started(work);
}

/// Whether nothing can go on by itself, nor a person make it.
fn is_idle(work: &Work<'_>) -> bool {
    let build = work.build();
    let moves = |job: &Job| job.state.is_active() && !gate::is_shut(build, job);
    let asks = |job: &Job| job.kind == JobKind::Manual && job.state == JobState::Blocked;
    !build.jobs().any(|job| !job.is_retried() && (moves(job) || asks(job)))
}

/// When nothing else can happen, jobs that wait for keys nobody brought, or for each other, never will
/// run (§3.8 D5). Whether there were any.
fn strand(work: &mut Work<'_>, graph: &Graph) -> bool {
    let waiting = |place: usize| {
        let jobs = undecided(work, graph, place).into_iter();
        jobs.filter(|job| !work.build().jobs[job].state.is_terminal()).collect::<Vec<_>>()
    };
    let is_group = |place: &usize| matches!(work.build().steps[*place].definition.kind, Kind::Group(_));
    let stranded: Vec<(usize, Vec<JobId>)> = (0..graph.needs.len())
        .filter(|place| !is_group(place))
        .map(|place| (place, waiting(place)))
        .filter(|(_, jobs)| !jobs.is_empty())
        .collect();
    let misses = |place: usize| !graph.needs[place].missing.is_empty();
    let any_misses = stranded.iter().any(|(place, _)| misses(*place));
    for (place, jobs) in &stranded {
        if any_misses && !misses(*place) {
            continue;
        }
        let step = work.build().steps[*place].id;
        let missing = graph.needs[*place].missing.iter().cloned();
        work.head_mut().missing.extend(missing.map(|key| MissingDependency { step, key }));
        for job in jobs {
            work.move_job(*job, JobState::WaitingFailed);
        }
    }
    !stranded.is_empty()
}

/// The build has begun to fail: steps with `cancel_on_build_failing` stop. Whether there were any.
fn stop_optional(work: &mut Work<'_>) -> bool {
    let build = work.build();
    let optional = |job: &&Job| {
        let step = build.step(job.step).map(|step| &step.definition.kind);
        matches!(step, Some(Kind::Command(command)) if command.when_failing == WhenFailing::Cancels)
    };
    let jobs: Vec<JobId> =
        build.jobs().filter(|job| !job.state.is_terminal()).filter(optional).map(|job| job.id).collect();
    for job in &jobs {
        cancel::job(work, *job);
    }
    !jobs.is_empty()
}
