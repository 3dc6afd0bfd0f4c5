//! The states of steps and of the build, as they follow from their jobs (spec/control-plane.md §2.4, §2.6).

use super::finish;
use super::graph::Graph;
use super::head::{Head, Progress};
use super::job::Job;
use super::work::Work;
use super::{Build, Step};
use crate::state::{BuildState, JobKind, JobState, StepOutcome, StepState};

/// A job has started.
pub(super) fn started(work: &mut Work<'_>) {
    let now = work.now;
    if work.head().started_at.is_none() || work.head().progress == Progress::Reopened {
        work.head_mut().started_at = Some(now);
    }
    if work.head().progress != Progress::Started {
        work.head_mut().progress = Progress::Started;
    }
}

/// A person has submitted a step: the build is under way, though nothing may have started.
pub(super) fn under_way(work: &mut Work<'_>) {
    if work.head().progress == Progress::NotStarted {
        work.head_mut().progress = Progress::Reopened;
    }
}

/// Moves the build to the state that follows from its jobs, with its times.
pub(super) fn build(work: &mut Work<'_>) {
    let from = work.head().state;
    if from.is_closed() {
        return;
    }
    let to = build_state(work.build());
    if to == from {
        return;
    }
    let now = work.now;
    let ends = |state: BuildState| state.is_terminal() || state == BuildState::Blocked;
    let head: &mut Head = work.head_mut();
    if to == BuildState::Failing {
        head.failing_at.get_or_insert(now);
    }
    head.finished_at = ends(to).then_some(now);
    if from.is_terminal() && head.progress == Progress::Started {
        head.progress = Progress::Reopened;
    }
    work.move_build(to);
}

fn build_state(build: &Build) -> BuildState {
    let latest = || build.jobs().filter(|job| !job.is_retried());
    let active = latest().any(|job| job.state.is_active());
    if build.head.cancel.is_some() {
        return if active { BuildState::Canceling } else { BuildState::Canceled };
    }
    let failure = !build.head.missing.is_empty() || latest().any(|job| counts_as_failure(build, job));
    if active {
        return match (build.head.progress, failure) {
            (Progress::NotStarted, _) => BuildState::Scheduled,
            (_, true) => BuildState::Failing,
            (_, false) => BuildState::Running,
        };
    }
    if latest().any(|job| job.kind == JobKind::Manual && job.state == JobState::Blocked) {
        return BuildState::Blocked;
    }
    let never_meant = |job: &Job| matches!(job.state, JobState::Broken | JobState::Skipped);
    match failure {
        true => BuildState::Failed,
        false if build.jobs().all(never_meant) => BuildState::NotRun,
        false => BuildState::Passed,
    }
}

/// A hard failure, or the promise of one (§3.17).
fn counts_as_failure(build: &Build, job: &Job) -> bool {
    job.is_hard_failure() || finish::promises_failure(build, job)
}

/// Which steps are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rolled {
    /// Those whose jobs changed, and their groups.
    Touched,
    /// All.
    All,
}

/// Moves steps to the states and outcomes that follow from their jobs.
pub(super) fn steps(work: &mut Work<'_>, graph: &Graph, rolled: Rolled) {
    let places = match rolled {
        Rolled::Touched => graph.places(work.build(), work.touched_steps().into_iter()),
        Rolled::All => (0..graph.jobs.len()).collect(),
    };
    for place in places {
        step_state(work, place, &graph.jobs[place]);
    }
}

fn step_state(work: &mut Work<'_>, place: usize, jobs: &[usize]) {
    let build = work.build();
    let jobs: Vec<&Job> = jobs.iter().map(|job| &build.jobs[*job]).collect();
    let (state, outcome) = summary(build, &jobs);
    let step: &Step = &build.steps[place];
    if (step.state, step.outcome) != (state, outcome) {
        work.set_step(place, |step| (step.state, step.outcome) = (state, outcome));
    }
}

fn summary(build: &Build, jobs: &[&Job]) -> (StepState, StepOutcome) {
    let any = |test: &dyn Fn(&Job) -> bool| jobs.iter().any(|job| test(job));
    let all = |test: &dyn Fn(&Job) -> bool| jobs.iter().all(|job| test(job));
    if all(&|job| matches!(job.state, JobState::Broken | JobState::Skipped)) {
        return (StepState::Ignored, StepOutcome::Neutral);
    }
    if all(&|job| job.state.is_terminal()) {
        let canceled = any(&|job| job.state == JobState::Canceled && !job.soft_failed);
        let state = if canceled { StepState::Canceled } else { StepState::Finished };
        return (state, jobs.iter().map(|job| outcome(job)).max().unwrap_or(StepOutcome::Neutral));
    }
    if any(&|job| counts_as_failure(build, job)) {
        return (StepState::Failing, StepOutcome::HardFailed);
    }
    let state = if any(&|job| job.times.started_at.is_some()) {
        StepState::Running
    } else if any(&|job| job.kind == JobKind::Manual && job.state == JobState::Blocked) {
        StepState::WaitingForInput
    } else if any(&|job| job.state.is_active()) {
        StepState::Ready
    } else {
        StepState::WaitingForDependencies
    };
    (state, StepOutcome::Neutral)
}

/// From best to worst, which is also the order of the type.
fn outcome(job: &Job) -> StepOutcome {
    match job.state {
        _ if job.soft_failed => StepOutcome::SoftFailed,
        JobState::Finished | JobState::Unblocked if job.has_passed() => StepOutcome::Passed,
        JobState::Finished => StepOutcome::HardFailed,
        JobState::TimedOut | JobState::Expired | JobState::Canceled => StepOutcome::Errored,
        _ => StepOutcome::Neutral,
    }
}
