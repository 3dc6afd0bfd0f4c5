//! The run as a view knows it: what the events so far add up to.

use std::collections::{BTreeMap, HashMap, VecDeque};

use jiff::Timestamp;

use crate::run::event::{
    Annotation, Artifact, Blocked, BuildFinished, BuildInfo, BuildState, Event, Job, Notice, Stamped, State,
    Step, StepKind,
};

/// Lines of each job's log that are kept: enough for a summary.
const KEPT_LINES: usize = 60;

/// Everything the views draw from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) build: Option<BuildInfo>,
    pub(crate) state: Option<BuildState>,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) finished: Option<BuildFinished>,
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) blocked: Vec<Blocked>,
    pub(crate) annotations: Vec<Annotation>,
    pub(crate) artifacts: Vec<Artifact>,
    pub(crate) notices: Vec<Notice>,
    steps: HashMap<String, Step>,
    jobs: HashMap<String, Job>,
    /// Jobs of each step, in the order they came.
    jobs_of: HashMap<String, Vec<String>>,
    logs: HashMap<String, VecDeque<String>>,
}

/// One row of the tree.
#[derive(Debug, Clone)]
pub(crate) enum Row<'a> {
    /// A step that is no group.
    Step {
        /// It.
        step: &'a Step,
        /// The job whose state it shares, if it has exactly one that counts.
        job: Option<&'a Job>,
        /// 1 inside a group.
        depth: usize,
    },
    /// A group.
    Group(&'a Step),
    /// One job of a step that has several.
    Job {
        /// Its step.
        step: &'a Step,
        /// It.
        job: &'a Job,
        /// One more than its step's.
        depth: usize,
    },
}

impl Model {
    /// Takes in one event.
    pub(crate) fn apply(&mut self, stamped: &Stamped) {
        match &stamped.event {
            Event::BuildStarted(build) => {
                self.build = Some(build.clone());
                self.started_at = Some(stamped.time);
            }
            Event::BuildChanged(changed) => self.state = Some(changed.state),
            Event::Step(step) => self.step(step),
            Event::Job(job) => self.job(job),
            Event::Log(line) => {
                let log = self.logs.entry(line.job.clone()).or_default();
                log.push_back(line.line.clone());
                if log.len() > KEPT_LINES {
                    log.pop_front();
                }
            }
            Event::Annotation(annotation) => {
                self.annotations.retain(|known| known.context != annotation.context);
                self.annotations.push(annotation.clone());
            }
            Event::Artifact(artifact) => self.artifacts.push(artifact.clone()),
            Event::Blocked(blocked) => self.blocked.push(blocked.clone()),
            Event::Notice(notice) => self.notices.push(notice.clone()),
            Event::BuildFinished(finished) => {
                self.state = Some(finished.state);
                self.finished = Some(finished.clone());
                self.finished_at = Some(stamped.time);
            }
        }
    }

    fn step(&mut self, step: &Step) {
        if step.state != State::Blocked {
            self.blocked.retain(|blocked| blocked.step != step.id);
        }
        self.steps.insert(step.id.clone(), step.clone());
    }

    fn job(&mut self, job: &Job) {
        if self.jobs.insert(job.id.clone(), job.clone()).is_none() {
            self.jobs_of.entry(job.step.clone()).or_default().push(job.id.clone());
        }
    }

    /// The step with that id.
    pub(crate) fn step_of(&self, job: &Job) -> Option<&Step> {
        self.steps.get(&job.step)
    }

    /// The job with that id.
    pub(crate) fn job_by_id(&self, id: &str) -> Option<&Job> {
        self.jobs.get(id)
    }

    /// The last lines of a job's log, oldest first.
    pub(crate) fn log(&self, job: &str) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.logs.get(job).map(VecDeque::iter).unwrap_or_default().map(String::as_str)
    }

    /// Jobs of a step that no other attempt has replaced, parts of a parallel step in order.
    pub(crate) fn jobs<'a>(&'a self, step: &Step) -> Vec<&'a Job> {
        let all = self.jobs_of.get(&step.id).map_or(&[][..], Vec::as_slice);
        let mut jobs: Vec<_> =
            all.iter().filter_map(|id| self.jobs.get(id)).filter(|job| !job.retried).collect();
        jobs.sort_by_key(|job| job.parallel.map(|part| part.index));
        jobs
    }

    /// Every job that no other attempt has replaced, in the order of the tree.
    pub(crate) fn current_jobs(&self) -> Vec<&Job> {
        self.steps_in_order().into_iter().flat_map(|step| self.jobs(step)).collect()
    }

    /// The tree, from top to bottom: groups, their steps, the jobs of steps that have several.
    pub(crate) fn rows(&self) -> Vec<Row<'_>> {
        let mut children: BTreeMap<&str, Vec<&Step>> = BTreeMap::new();
        let mut top = Vec::new();
        for step in self.steps_in_order() {
            match step.group.as_deref().filter(|group| self.steps.contains_key(*group)) {
                Some(group) => children.entry(group).or_default().push(step),
                None => top.push(step),
            }
        }
        let mut rows = Vec::new();
        for step in top {
            if step.kind == StepKind::Group {
                rows.push(Row::Group(step));
                for child in children.get(step.id.as_str()).into_iter().flatten() {
                    self.push_step(child, 1, &mut rows);
                }
            } else {
                self.push_step(step, 0, &mut rows);
            }
        }
        rows
    }

    fn push_step<'a>(&'a self, step: &'a Step, depth: usize, rows: &mut Vec<Row<'a>>) {
        let jobs = self.jobs(step);
        match jobs.as_slice() {
            [] => rows.push(Row::Step { step, job: None, depth }),
            [job] => rows.push(Row::Step { step, job: Some(job), depth }),
            several => {
                rows.push(Row::Step { step, job: None, depth });
                rows.extend(several.iter().map(|job| Row::Job { step, job, depth: depth + 1 }));
            }
        }
    }

    fn steps_in_order(&self) -> Vec<&Step> {
        let mut steps: Vec<_> = self.steps.values().collect();
        steps.sort_by_key(|step| step.position);
        steps
    }

    /// From the first start of a job of `step` to the last end, or to `now` while one runs.
    pub(crate) fn span(&self, step: &Step, now: Timestamp) -> Option<jiff::SignedDuration> {
        let jobs = self.jobs(step);
        let start = jobs.iter().filter_map(|job| job.started_at).min()?;
        let end = if jobs.iter().all(|job| job.state.is_settled()) {
            jobs.iter().filter_map(|job| job.finished_at).max()?
        } else {
            now
        };
        Some(end.duration_since(start))
    }

    /// How long a job has run, or ran.
    pub(crate) fn job_span(job: &Job, now: Timestamp) -> Option<jiff::SignedDuration> {
        let start = job.started_at?;
        let end = if job.state.is_settled() { job.finished_at? } else { now };
        Some(end.duration_since(start))
    }

    /// How long the build has taken.
    pub(crate) fn build_span(&self, now: Timestamp) -> Option<jiff::SignedDuration> {
        Some(self.finished_at.unwrap_or(now).duration_since(self.started_at?))
    }
}

impl Row<'_> {
    /// Where it stands.
    pub(crate) fn state(&self) -> State {
        match self {
            Row::Step { step, .. } | Row::Group(step) => step.state,
            Row::Job { job, .. } => job.state,
        }
    }
}
