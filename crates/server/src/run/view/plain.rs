//! The run as plain lines, for pipes and log files: each names the step it belongs to.

use std::collections::HashMap;

use super::model::Model;
use super::text::{duration, fit, one_line};
use super::tree::{build_word, ending, job_name, part};
use crate::run::event::{
    Blocked, BuildInfo, Event, Job, Level, Notice, Source, Stamped, State, Step, StepKind,
};

/// Columns of a name before a line: a step without a label is called by its command, and those are long.
const NAME: usize = 40;

/// Turns events into lines. What was said once isn't said again.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    said: HashMap<String, State>,
}

impl Plain {
    /// The lines for `stamped`, which `model` has taken in already.
    pub(crate) fn lines(&mut self, model: &Model, stamped: &Stamped) -> Vec<String> {
        match &stamped.event {
            Event::BuildStarted(build) => vec![opening(build)],
            Event::Step(step) => self.step(model, step),
            Event::Job(job) => self.job(model, job),
            Event::Log(line) => match model.job_by_id(&line.job) {
                Some(job) => vec![format!("[{}] {}", prefix(model, job), line.line)],
                None => Vec::new(),
            },
            Event::Annotation(annotation) => {
                vec![format!("redkite: annotation {} ({})", one_line(&annotation.context), annotation.style)]
            }
            Event::Artifact(artifact) => match model.job_by_id(&artifact.job) {
                Some(job) => vec![format!("[{}] artifact {}", prefix(model, job), one_line(&artifact.path))],
                None => Vec::new(),
            },
            Event::Blocked(blocked) => vec![question(blocked)],
            Event::Notice(notice) => vec![remark(notice)],
            Event::BuildChanged(changed) => vec![format!("redkite: build {}", build_word(changed.state))],
            Event::BuildFinished(_) => Vec::new(),
        }
    }

    fn step(&mut self, model: &Model, step: &Step) -> Vec<String> {
        let new = self.said.insert(step.id.clone(), step.state) != Some(step.state);
        let says = match step.state {
            State::Skipped => "skipped",
            State::NotRun if step.kind != StepKind::Group => "not run: a step it needs failed",
            _ => return Vec::new(),
        };
        // A step with jobs speaks through them.
        let silent = !new
            || step.kind == StepKind::Wait
            || model.jobs(step).iter().any(|job| job.started_at.is_some());
        if silent { Vec::new() } else { vec![format!("[{}] {says}", short(&step.label))] }
    }

    fn job(&mut self, model: &Model, job: &Job) -> Vec<String> {
        if self.said.insert(job.id.clone(), job.state) == Some(job.state) {
            return Vec::new();
        }
        let Some(says) = news(job) else { return Vec::new() };
        vec![format!("[{}] {says}", prefix(model, job))]
    }
}

fn opening(build: &BuildInfo) -> String {
    let what = match build.source {
        Source::Commit => "",
        Source::WorkingTree => ", with the changes of the working tree",
    };
    format!(
        "redkite: build #{} of {}, branch {} at {}{what}: {}",
        build.number,
        one_line(&build.pipeline),
        one_line(&build.branch),
        build.commit.get(..7).unwrap_or(&build.commit),
        one_line(build.message.lines().next().unwrap_or_default())
    )
}

fn question(blocked: &Blocked) -> String {
    let prompt =
        blocked.prompt.as_deref().map(|prompt| format!(": {}", one_line(prompt))).unwrap_or_default();
    let key = blocked.key.as_deref().unwrap_or("all");
    format!("[{}] blocked{prompt} (--unblock {key} opens it)", one_line(&blocked.label))
}

fn remark(notice: &Notice) -> String {
    let level = match notice.level {
        Level::Info => "",
        Level::Warning => "warning: ",
        Level::Error => "error: ",
    };
    format!("redkite: {level}{}", one_line(&notice.message))
}

/// A job's whole name, for a heading.
pub(super) fn name(model: &Model, job: &Job) -> String {
    let Some(step) = model.step_of(job) else { return job.id.clone() };
    job_name(step, job)
}

/// A job's name as it stands before its lines.
fn prefix(model: &Model, job: &Job) -> String {
    let Some(step) = model.step_of(job) else { return job.id.clone() };
    format!("{}{}", short(job.label.as_deref().unwrap_or(&step.label)), part(job))
}

/// The first line of `label`, cut.
fn short(label: &str) -> String {
    fit(&one_line(label.trim().lines().next().unwrap_or_default()), NAME)
}

fn news(job: &Job) -> Option<String> {
    let word = match job.state {
        State::Waiting | State::Limited | State::Blocked | State::Queued | State::Skipped | State::NotRun => {
            return None;
        }
        State::Running if job.attempt > 0 => return Some(format!("started, retry {}", job.attempt)),
        State::Running => return Some("started".to_owned()),
        State::Stopping => return Some("stopping".to_owned()),
        settled => settled.word(),
    };
    let how = match job.state {
        State::Failed | State::SoftFailed => ending(job).map(|ending| format!(": {ending}")),
        _ => None,
    };
    let time = job
        .finished_at
        .and_then(|end| Model::job_span(job, end))
        .map(|span| format!(" in {}", duration(span)));
    Some(format!("{word}{}{}", how.unwrap_or_default(), time.unwrap_or_default()))
}

#[cfg(test)]
#[path = "plain_tests.rs"]
mod tests;
