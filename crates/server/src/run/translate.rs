//! A build as the control plane sees it becomes steps and jobs as a person sees them.

use jiff::Timestamp;
use redkite_scheduler::definition::{BlockedState, Field as Asked, FieldKind, SelectOption};
use redkite_scheduler::{BuildState as PlaneBuild, JobKind, JobState, StepId, Time};

use super::event::{
    Blocked, BuildState, Choice, Field, Input, Job, Parallel, Presence, State, Step, StepKind,
};
use super::exit::Exit;
use crate::plane::{BuildView, JobView, Question, StepKind as PlaneKind, StepView};

/// One look at a build.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Picture {
    pub(crate) state: BuildState,
    pub(crate) steps: Vec<Step>,
    /// Jobs that run commands, or other builds.
    pub(crate) jobs: Vec<Job>,
    /// Steps that wait for a person, with the job to unblock.
    pub(crate) blocked: Vec<(Blocked, redkite_scheduler::JobId)>,
    /// How a run ends that nobody can unblock: the worst that the open steps say (§2.4.2).
    pub(crate) blocked_exit: Exit,
}

/// What `view` shows; where a job's log lies is filled in by others.
pub(crate) fn picture(view: &BuildView) -> Picture {
    let mut steps: Vec<_> =
        view.steps.iter().zip(0..).map(|(step, position)| translate(step, position)).collect();
    let groups: Vec<_> = (0..steps.len()).filter(|index| steps[*index].kind == StepKind::Group).collect();
    for index in groups {
        let id = &steps[index].id;
        let children =
            steps.iter().filter(|step| step.group.as_ref() == Some(id) && step.kind != StepKind::Wait);
        steps[index].state = together(children.map(|step| step.state));
    }
    let runs = |job: &&JobView| matches!(job.kind, JobKind::Script | JobKind::Trigger);
    Picture {
        state: build_state(view.summary.state),
        jobs: view
            .steps
            .iter()
            .flat_map(|step| step.jobs.iter().filter(runs).map(|job| one_job(step, job)))
            .collect(),
        blocked: view.steps.iter().filter_map(blocked).collect(),
        blocked_exit: blocked_exit(view),
        steps,
    }
}

fn build_state(state: PlaneBuild) -> BuildState {
    match state {
        PlaneBuild::Creating | PlaneBuild::Scheduled => BuildState::Scheduled,
        PlaneBuild::Running => BuildState::Running,
        PlaneBuild::Failing => BuildState::Failing,
        PlaneBuild::Passed => BuildState::Passed,
        PlaneBuild::Failed => BuildState::Failed,
        PlaneBuild::Blocked => BuildState::Blocked,
        PlaneBuild::Canceling => BuildState::Canceling,
        PlaneBuild::Canceled => BuildState::Canceled,
        PlaneBuild::Skipped | PlaneBuild::NotRun => BuildState::NotRun,
    }
}

fn translate(step: &StepView, position: u32) -> Step {
    let current = step.jobs.iter().filter(|job| job.retried_in.is_none());
    Step {
        id: step.id.to_string(),
        key: step.key.clone(),
        label: step.label.clone(),
        kind: match step.kind {
            PlaneKind::Command => StepKind::Command,
            PlaneKind::Wait => StepKind::Wait,
            PlaneKind::Block => StepKind::Block,
            PlaneKind::Input => StepKind::Input,
            PlaneKind::Trigger => StepKind::Trigger,
            PlaneKind::Group => StepKind::Group,
        },
        group: step.group.as_ref().map(StepId::to_string),
        position,
        state: together(current.map(job_state)),
    }
}

/// Where a job stands.
fn job_state(job: &JobView) -> State {
    match job.state {
        JobState::Blocked if job.kind == JobKind::Manual => State::Blocked,
        JobState::Pending | JobState::Waiting | JobState::Blocked => State::Waiting,
        JobState::WaitingFailed | JobState::BlockedFailed | JobState::UnblockedFailed => State::NotRun,
        JobState::Limiting | JobState::Limited => State::Limited,
        JobState::Scheduled | JobState::Reserved | JobState::Assigned | JobState::Accepted => State::Queued,
        JobState::Running => State::Running,
        JobState::Canceling | JobState::TimingOut => State::Stopping,
        JobState::Unblocked => State::Passed,
        JobState::Finished | JobState::TimedOut | JobState::Expired | JobState::Canceled
            if job.soft_failed =>
        {
            State::SoftFailed
        }
        JobState::Finished if job.exit_status.unwrap_or(0) == 0 => State::Passed,
        JobState::Finished => State::Failed,
        JobState::TimedOut => State::TimedOut,
        JobState::Expired => State::Expired,
        JobState::Canceled => State::Canceled,
        JobState::Skipped | JobState::Broken => State::Skipped,
    }
}

/// Several states as one: what is under way counts before what waits, the worst end before the better.
fn together(states: impl Iterator<Item = State>) -> State {
    const UNSETTLED: [State; 6] =
        [State::Stopping, State::Running, State::Blocked, State::Queued, State::Limited, State::Waiting];
    const SETTLED: [State; 8] = [
        State::Failed,
        State::TimedOut,
        State::Expired,
        State::Canceled,
        State::SoftFailed,
        State::NotRun,
        State::Passed,
        State::Skipped,
    ];
    let states: Vec<_> = states.collect();
    let first_of = |order: &[State]| order.iter().copied().find(|state| states.contains(state));
    let begun =
        states.iter().any(|state| state.is_settled() && !matches!(state, State::Skipped | State::NotRun));
    match first_of(&UNSETTLED) {
        // Parts have ended and others have still to start.
        Some(State::Queued) if begun => State::Running,
        Some(state) => state,
        None => first_of(&SETTLED).unwrap_or(State::Passed),
    }
}

fn one_job(step: &StepView, job: &JobView) -> Job {
    Job {
        id: job.id.to_string(),
        step: step.id.to_string(),
        label: (job.label != step.label && !job.label.is_empty()).then(|| job.label.clone()),
        parallel: job.parallel.map(|(index, total)| Parallel { index, total }),
        attempt: job.retries,
        retried: job.retried_in.is_some(),
        state: job_state(job),
        exit_status: job.exit_status,
        signal: job.signal.clone(),
        reason: job.signal_reason.map(|reason| reason.to_string()).or_else(|| job.reason.clone()),
        started_at: job.started_at.and_then(timestamp),
        finished_at: job.finished_at.and_then(timestamp),
        log: None,
    }
}

fn timestamp(time: Time) -> Option<Timestamp> {
    Timestamp::from_millisecond(time.as_millis()).ok()
}

/// A build that waits counts as what its open steps say; with a failed job it has failed.
fn blocked_exit(view: &BuildView) -> Exit {
    let open = view.steps.iter().filter(|step| step.jobs.iter().any(|job| job_state(job) == State::Blocked));
    let worst = open.filter_map(|step| step.question.as_ref()).map(|question| question.blocked_state).max();
    let failed = view.jobs().any(|job| job.retried_in.is_none() && job_state(job).is_failure());
    match worst.unwrap_or_default() {
        BlockedState::Passed if !failed => Exit::Passed,
        _ => Exit::Failed,
    }
}

fn blocked(step: &StepView) -> Option<(Blocked, redkite_scheduler::JobId)> {
    let job = step.jobs.iter().find(|job| job_state(job) == State::Blocked)?;
    let question = step.question.clone().unwrap_or_default();
    let Question { prompt, fields, .. } = question;
    let blocked = Blocked {
        step: step.id.to_string(),
        key: step.key.clone(),
        label: step.label.clone(),
        prompt,
        fields: fields.iter().map(field).collect(),
    };
    Some((blocked, job.id))
}

/// A field of a block or input step (spec/control-plane.md §3.5).
fn field(field: &Asked) -> Field {
    Field {
        key: field.key.clone(),
        label: field.label.clone(),
        hint: field.hint.clone(),
        presence: if field.required { Presence::Required } else { Presence::Optional },
        input: match &field.kind {
            FieldKind::Text { default, format } => {
                Input::Text { default: default.clone(), format: format.clone() }
            }
            FieldKind::Select { options, default, multiple: true } => {
                Input::MultiSelect { options: choices(options), defaults: default.clone() }
            }
            FieldKind::Select { options, default, multiple: false } => {
                Input::Select { options: choices(options), default: default.first().cloned() }
            }
        },
    }
}

fn choices(options: &[SelectOption]) -> Vec<Choice> {
    options.iter().map(|option| Choice { label: option.label.clone(), value: option.value.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_states_are_one() {
        use State::{
            Blocked, Canceled, Failed, NotRun, Passed, Queued, Running, Skipped, SoftFailed, Waiting,
        };
        for (states, expected) in [
            (&[][..], Passed),
            (&[Passed, Running, Waiting], Running),
            (&[Passed, Queued], Running),
            (&[Queued, Waiting], Queued),
            (&[Skipped, Queued], Queued),
            (&[Failed, Waiting], Waiting),
            (&[Passed, Blocked], Blocked),
            (&[Passed, SoftFailed], SoftFailed),
            (&[Passed, Failed, Canceled], Failed),
            (&[Passed, Canceled], Canceled),
            (&[Passed, NotRun], NotRun),
            (&[Skipped, Passed], Passed),
            (&[Skipped], Skipped),
        ] {
            assert_eq!(together(states.iter().copied()), expected, "{states:?}");
        }
    }
}
