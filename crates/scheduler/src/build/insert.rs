//! Steps joining a build, initially or by upload: their rows, their jobs, their place.

use std::collections::HashSet;

use super::graph::Graph;
use super::job::{Attempt, Job, Parallel, Queues, Timeout, Times};
use super::refused::Refused;
use super::step::Step;
use super::work::Work;
use crate::conditional::Scope;
use crate::definition::{
    self, AgentRules, Concurrency, DefinitionError, Dependency, DependsOn, Group, Kind,
    MAX_JOBS_PER_DOCUMENT, Permutation, Pipeline, Skip, SoftFail, When, expand,
};
use crate::facts::Limits;
use crate::ids::{JobId, StepId};
use crate::state::{JobKind, JobState, StepOutcome, StepState};
use crate::time::{Minutes, Time};

/// The job that uploads.
#[derive(Clone, Copy)]
pub(super) struct Origin {
    pub(super) step: StepId,
    pub(super) job: JobId,
    /// Its place in the queue, which its uploads inherit (§2.9).
    pub(super) scheduled_at: Time,
}

/// The first steps of a build.
pub(super) fn initial(work: &mut Work<'_>, pipeline: Pipeline) -> Result<(), Refused> {
    let steps = prepare(work, pipeline)?;
    insert(work, 0, steps, None, None)?;
    Graph::of(work.build()).check_cycles(work.build())?;
    Ok(())
}

/// Steps that a job brought: behind the job's step, or behind its group; a first group with the label of
/// the uploading job's group goes into that (§3.7, §4.2).
pub(super) fn uploaded(work: &mut Work<'_>, pipeline: Pipeline, origin: Origin) -> Result<(), Refused> {
    let mut steps = prepare(work, pipeline)?;
    let build = work.build();
    let place = build.steps.iter().position(|step| step.id == origin.step).map_or(0, |place| place + 1);
    let group = build.step(origin.step).and_then(|step| build.step(step.group?));
    let Some(group) = group else { return insert(work, place, steps, None, Some(origin)) };
    let (group, label) = (group.id, group.label().map(str::to_owned));
    let behind = |work: &Work<'_>| {
        let inside = |step: &Step| step.id == group || step.group == Some(group);
        work.build().steps.iter().rposition(inside).map_or(place, |last| last + 1)
    };
    let merges = steps.first().is_some_and(|first| {
        matches!(first.definition.kind, Kind::Group(_)) && first.definition.label == label
    });
    if merges {
        let first = steps.remove(0);
        insert(work, place, merged(first), Some(group), Some(origin))?;
    }
    insert(work, behind(work), steps, None, Some(origin))
}

/// A step on its way into the build, with what was decided about it.
struct Arrival {
    definition: definition::Step,
    broken: Option<String>,
    steps: Vec<Arrival>,
}

/// Checks the document against the build and decides every condition, before anything changes.
fn prepare(work: &mut Work<'_>, pipeline: Pipeline) -> Result<Vec<Arrival>, Refused> {
    check_limits(work, &pipeline)?;
    check_keys(work, &pipeline)?;
    let mut env = work.head().env.clone();
    env.extend(pipeline.env);
    let head = work.head();
    let scope = Scope::new(head.id, head.state, &head.facts, &env);
    let steps = arrivals(pipeline.steps, &scope, &Verdict::default())?;
    let head = work.head_mut();
    head.env = env;
    head.notify.extend(pipeline.notify);
    Ok(steps)
}

fn check_limits(work: &Work<'_>, pipeline: &Pipeline) -> Result<(), DefinitionError> {
    let found = pipeline.job_count();
    if work.head().uploads + work.head().next_order > 0 && found > MAX_JOBS_PER_DOCUMENT {
        return Err(DefinitionError::TooMany {
            what: "jobs in one upload",
            found,
            limit: MAX_JOBS_PER_DOCUMENT,
        });
    }
    let (found, limit) = (found + work.build().jobs.len(), work.head().facts.limits.jobs_per_build);
    if found > limit {
        return Err(DefinitionError::TooMany { what: "jobs in one build", found, limit });
    }
    Ok(())
}

fn check_keys(work: &Work<'_>, pipeline: &Pipeline) -> Result<(), DefinitionError> {
    let used: HashSet<&str> =
        work.build().steps.iter().filter(|step| !step.removed).filter_map(Step::key).collect();
    match pipeline.all_steps().filter_map(|step| step.key.as_deref()).find(|key| used.contains(key)) {
        Some(key) => Err(DefinitionError::DuplicateKey { key: key.to_owned() }),
        None => Ok(()),
    }
}

/// What a group's own `if` and `skip` say about its steps.
#[derive(Default, Clone)]
struct Verdict {
    broken: Option<String>,
    skip: Option<Skip>,
}

fn arrivals(
    steps: Vec<definition::Step>,
    scope: &Scope<'_>,
    group: &Verdict,
) -> Result<Vec<Arrival>, DefinitionError> {
    steps.into_iter().enumerate().map(|(place, step)| arrival(step, place, scope, group)).collect()
}

fn arrival(
    mut step: definition::Step,
    place: usize,
    scope: &Scope<'_>,
    group: &Verdict,
) -> Result<Arrival, DefinitionError> {
    let excluded = excluded(&step, place, scope)?.or_else(|| group.broken.clone());
    let inner = match &mut step.kind {
        Kind::Group(Group { steps, skip, .. }) => {
            let verdict = Verdict { broken: excluded.clone(), skip: skip.clone() };
            arrivals(std::mem::take(steps), scope, &verdict)?
        }
        _ => Vec::new(),
    };
    let skip = step.skip().or(group.skip.as_ref().filter(|_| can_skip(&step.kind)));
    let skipped = skip.map(|skip| skip.reason.clone().unwrap_or_default());
    Ok(Arrival { broken: excluded.or(skipped), definition: step, steps: inner })
}

/// A skipped group skips all that is in it, waits too: a barrier between nothing and nothing is none.
fn can_skip(kind: &Kind) -> bool {
    !matches!(kind, Kind::Group(_))
}

fn excluded(
    step: &definition::Step,
    place: usize,
    scope: &Scope<'_>,
) -> Result<Option<String>, DefinitionError> {
    let reason = match &step.when {
        When::Always => None,
        When::Branches(patterns) => (!patterns.matches(scope.branch())).then_some("branch_mismatch"),
        When::Condition(condition) => {
            let holds = condition
                .evaluate(scope)
                .map_err(|source| DefinitionError::Condition { step: step.name(place + 1), source })?;
            (!holds).then_some("conditional_failed")
        }
    };
    Ok(reason.map(str::to_owned))
}

/// The steps of an uploaded group that goes into an existing one: what the group said about them,
/// they now say themselves.
fn merged(group: Arrival) -> Vec<Arrival> {
    let of_group = group.definition.depends_on;
    let both = |own: DependsOn| match (own, &of_group) {
        (own, DependsOn::Place) => own,
        (DependsOn::Place | DependsOn::Nothing, of_group) => of_group.clone(),
        (own @ DependsOn::Steps(_), DependsOn::Nothing) => own,
        (DependsOn::Steps(own), DependsOn::Steps(more)) => {
            DependsOn::Steps(own.into_iter().chain(more.iter().cloned()).collect::<Vec<Dependency>>())
        }
    };
    let join = |mut step: Arrival| {
        step.definition.depends_on =
            both(std::mem::replace(&mut step.definition.depends_on, DependsOn::Place));
        step
    };
    group.steps.into_iter().map(join).collect()
}

fn insert(
    work: &mut Work<'_>,
    place: usize,
    arrivals: Vec<Arrival>,
    group: Option<StepId>,
    origin: Option<Origin>,
) -> Result<(), Refused> {
    let mut steps = Vec::new();
    for arrival in arrivals {
        let inner = arrival.steps;
        let id = StepId::new(work.ids);
        add_jobs(work, id, &arrival.definition, arrival.broken.as_deref(), origin);
        steps.push(row(work, id, arrival.definition, group, origin));
        for child in inner {
            let child_id = StepId::new(work.ids);
            add_jobs(work, child_id, &child.definition, child.broken.as_deref(), origin);
            steps.push(row(work, child_id, child.definition, Some(id), origin));
        }
    }
    work.add_steps(place, steps);
    forget_found(work);
    Ok(())
}

/// Keys that were missing and now exist fail the build no longer.
fn forget_found(work: &mut Work<'_>) {
    if work.head().missing.is_empty() {
        return;
    }
    let build = work.build();
    let missing =
        build.head.missing.iter().filter(|gap| build.step_by_key(&gap.key).is_none()).cloned().collect();
    work.head_mut().missing = missing;
}

fn row(
    work: &Work<'_>,
    id: StepId,
    definition: definition::Step,
    group: Option<StepId>,
    origin: Option<Origin>,
) -> Step {
    Step {
        id,
        position: 0,
        group,
        uploaded_by: origin.map(|origin| (origin.step, origin.job)),
        created_at: work.now,
        removed: false,
        state: StepState::WaitingForDependencies,
        outcome: StepOutcome::Neutral,
        label: None,
        priority: None,
        definition,
    }
}

/// What all jobs of a step have in common.
struct Template<'a> {
    kind: JobKind,
    agents: AgentRules,
    priority: i64,
    concurrency: Option<Concurrency>,
    soft_fail: SoftFail,
    timeout: Option<Timeout>,
    times: &'a definition::Times,
}

fn template<'a>(kind: &'a Kind, limits: &Limits) -> Option<Template<'a>> {
    const ONCE: &definition::Times = &definition::Times::Once;
    let plain = |kind| Template {
        kind,
        agents: AgentRules::default(),
        priority: 0,
        concurrency: None,
        soft_fail: SoftFail::Never,
        timeout: None,
        times: ONCE,
    };
    Some(match kind {
        Kind::Command(command) => Template {
            kind: JobKind::Script,
            agents: command.agents.clone(),
            priority: command.priority,
            concurrency: command.concurrency.clone(),
            soft_fail: command.soft_fail.clone(),
            timeout: timeout(command.timeout, limits),
            times: &command.times,
        },
        Kind::Trigger(trigger) => Template {
            concurrency: trigger.concurrency.clone(),
            soft_fail: trigger.soft_fail.clone(),
            times: &trigger.times,
            ..plain(JobKind::Trigger)
        },
        Kind::Wait(_) => plain(JobKind::Waiter),
        Kind::Manual(_) => plain(JobKind::Manual),
        Kind::Group(_) => return None,
    })
}

/// The step's timeout, else the default, never more than the maximum (§3.14).
fn timeout(step: Option<Minutes>, limits: &Limits) -> Option<Timeout> {
    let wanted = step.or(limits.default_timeout);
    let minutes = match (wanted, limits.max_timeout) {
        (Some(wanted), Some(most)) => wanted.min(most),
        (Some(minutes), None) | (None, Some(minutes)) => minutes,
        (None, None) => return None,
    };
    Some(Timeout { current: minutes, initial: Some(minutes) })
}

/// Which of a step's jobs one is.
type Variant = (Option<Parallel>, Option<Permutation>, Option<SoftFail>);

fn variants(times: &definition::Times) -> Vec<Variant> {
    match times {
        definition::Times::Once => vec![(None, None, None)],
        definition::Times::Parallel(total) => {
            (0..*total).map(|index| (Some(Parallel { index, total: *total }), None, None)).collect()
        }
        definition::Times::Matrix(matrix) => matrix
            .cells()
            .iter()
            .map(|cell| (None, Some(cell.values.clone()), cell.soft_fail.clone()))
            .collect(),
    }
}

fn add_jobs(
    work: &mut Work<'_>,
    step: StepId,
    definition: &definition::Step,
    broken: Option<&str>,
    origin: Option<Origin>,
) {
    let Some(template) = template(&definition.kind, &work.head().facts.limits) else { return };
    let now = work.now;
    let scheduled_at = origin.map_or(now, |origin| origin.scheduled_at);
    for (parallel, matrix, soft_fail) in variants(template.times) {
        let order = work.head().next_order;
        work.head_mut().next_order += 1;
        let expanded =
            |text: &str| matrix.as_ref().map_or_else(|| text.to_owned(), |values| expand(text, values));
        let job = Job {
            id: JobId::new(work.ids),
            step,
            kind: template.kind,
            state: if broken.is_some() { JobState::Broken } else { JobState::Pending },
            label: definition.label.as_deref().map(expanded),
            order,
            parallel,
            agents: template.agents.map_values(expanded),
            matrix: matrix.clone(),
            priority: template.priority,
            concurrency: template.concurrency.clone(),
            concurrency_since: now,
            queues: Queues::FromCreation,
            soft_fail: soft_fail.unwrap_or_else(|| template.soft_fail.clone()),
            timeout: template.timeout,
            attempt: Attempt::default(),
            agent: None,
            exit: None,
            soft_failed: false,
            promise: None,
            broken_reason: broken.map(str::to_owned).filter(|reason| !reason.is_empty()),
            unblocked: None,
            child: None,
            forced_at: None,
            times: Times { finished_at: broken.map(|_| now), ..Times::new(now, scheduled_at) },
        };
        work.add_job(job);
    }
}
