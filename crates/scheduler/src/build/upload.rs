//! Steps that a running job brings (spec/control-plane.md §4).

use super::Build;
use super::changes::JobEventKind;
use super::event::UploadMode;
use super::graph::Graph;
use super::insert::{self, Origin};
use super::refused::{BuildAction, Refused};
use super::work::Work;
use crate::definition::{DefinitionError, Kind, Pipeline};
use crate::ids::{JobId, StepId};
use crate::state::{BuildState, JobState};

/// All or nothing: the document is checked against a copy of the build before anything changes.
pub(super) fn uploaded(
    work: &mut Work<'_>,
    id: JobId,
    pipeline: Pipeline,
    mode: UploadMode,
) -> Result<(), Refused> {
    check(work, id)?;
    let mut draft = work.build().clone();
    let mut trial = Work::new(&mut draft, work.now, work.ids);
    add(&mut trial, id, pipeline.clone(), mode)?;
    Graph::of(&draft).check_cycles(&draft)?;
    add(work, id, pipeline, mode)
}

fn check(work: &Work<'_>, id: JobId) -> Result<(), Refused> {
    let head = work.head();
    let state = head.state;
    if state.is_terminal() || state == BuildState::Canceling {
        return Err(Refused::BuildState { state, action: BuildAction::Upload });
    }
    let job = work.job(id)?;
    if job.state != JobState::Running {
        return Err(Refused::WrongState { job: id, state: job.state, action: "used to upload steps" });
    }
    let limit = head.facts.limits.uploads_per_build as usize;
    if head.uploads as usize >= limit {
        let found = limit + 1;
        return Err(DefinitionError::TooMany { what: "pipeline uploads in one build", found, limit }.into());
    }
    Ok(())
}

fn add(work: &mut Work<'_>, id: JobId, pipeline: Pipeline, mode: UploadMode) -> Result<(), Refused> {
    let step = work.job(id)?.step;
    if mode == UploadMode::Replaces {
        replace(work, step);
    }
    let origin = Origin { step, job: id, scheduled_at: work.job(id)?.times.scheduled_at };
    insert::uploaded(work, pipeline, origin)?;
    work.head_mut().uploads += 1;
    work.note(id, JobEventKind::BuildStepUploadCreated);
    Ok(())
}

/// Takes out the steps of which nothing has started; their keys are free again (§4.2).
fn replace(work: &mut Work<'_>, uploader: StepId) {
    let build = work.build();
    let keep = build.step(uploader).and_then(|step| step.group);
    let places: Vec<usize> = (0..build.steps.len())
        .filter(|place| {
            let step = &build.steps[*place];
            step.id != uploader && Some(step.id) != keep && !step.removed && untouched(build, step.id)
        })
        .collect();
    for place in places {
        let step = work.build().steps[place].id;
        work.remove_step(place);
        let jobs: Vec<JobId> = work.build().jobs_of(step).map(|job| job.id).collect();
        for job in jobs {
            if !work.build().jobs[&job].state.is_terminal() {
                work.move_job(job, JobState::Skipped);
            }
        }
    }
}

/// Whether all of a step is still waiting for something; for a group, all of its steps.
fn untouched(build: &Build, step: StepId) -> bool {
    let waits = |state: JobState| {
        matches!(
            state,
            JobState::Pending
                | JobState::Waiting
                | JobState::Blocked
                | JobState::Limiting
                | JobState::Limited
                | JobState::Scheduled
                | JobState::Assigned
        )
    };
    let is_group = build.step(step).is_some_and(|step| matches!(step.definition.kind, Kind::Group(_)));
    if is_group {
        return build
            .steps
            .iter()
            .filter(|inner| inner.group == Some(step))
            .all(|inner| untouched(build, inner.id));
    }
    build.jobs_of(step).all(|job| waits(job.state))
}
