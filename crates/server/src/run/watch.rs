//! Watches a build: each look tells what has happened since the one before.

use std::collections::{HashMap, HashSet};

use redkite_scheduler::{BuildId, JobId};
use thiserror::Error;

use super::changes::Changes;
use super::event::{Annotation, Artifact, Event, Job, LogLine};
use super::log::Lines;
use super::results::{LogFile, ResultError, Results};
use super::translate::{Picture, picture};
use crate::plane::{Handle, PlaneError};

/// A build can't be watched any more.
#[derive(Debug, Error)]
pub(crate) enum WatchError {
    /// The control plane did not answer.
    #[error(transparent)]
    Plane(#[from] PlaneError),
    /// A result could not be kept.
    #[error(transparent)]
    Results(#[from] ResultError),
}

/// A build that is being watched.
#[derive(Debug)]
pub(crate) struct Watch {
    plane: Handle,
    build: BuildId,
    results: Results,
    changes: Changes,
    logs: HashMap<String, Log>,
    annotations: HashMap<String, Annotation>,
    artifacts: HashSet<String>,
}

/// A job's log, as far as it was read.
#[derive(Debug)]
struct Log {
    job: JobId,
    next: u64,
    lines: Lines,
    file: LogFile,
    complete: bool,
}

impl Watch {
    /// From the build's beginning.
    pub(crate) fn new(plane: Handle, build: BuildId, results: Results) -> Self {
        Self {
            plane,
            build,
            results,
            changes: Changes::default(),
            logs: HashMap::new(),
            annotations: HashMap::new(),
            artifacts: HashSet::new(),
        }
    }

    /// Where logs and artifacts are kept.
    pub(crate) fn results(&self) -> &Results {
        &self.results
    }

    /// Tells what is new; answers how the build looks.
    pub(crate) async fn look(&mut self, tell: &mut impl FnMut(Event)) -> Result<Picture, WatchError> {
        let view = self.plane.build(self.build).await?;
        let mut picture = picture(&view);
        self.open_logs(&mut picture)?;
        let news = self.changes.news(&picture);
        news.before.into_iter().for_each(&mut *tell);
        for job in &picture.jobs {
            self.follow(job, tell).await?;
        }
        self.annotations(tell).await?;
        self.artifacts(tell).await?;
        news.after.into_iter().for_each(&mut *tell);
        Ok(picture)
    }

    /// Every job that has started gets its log file.
    fn open_logs(&mut self, picture: &mut Picture) -> Result<(), WatchError> {
        for job in picture.jobs.iter_mut().filter(|job| job.started_at.is_some()) {
            let Some(step) = picture.steps.iter().find(|step| step.id == job.step) else { continue };
            let path = self.results.log_path(step, job);
            job.log = Some(path.display().to_string());
            if !self.logs.contains_key(&job.id)
                && let Ok(id) = job.id.parse()
            {
                let file = Results::create_log(path)?;
                let log = Log { job: id, next: 0, lines: Lines::default(), file, complete: false };
                self.logs.insert(job.id.clone(), log);
            }
        }
        Ok(())
    }

    /// Reads on in a job's log; when the job has ended, to its end.
    async fn follow(&mut self, job: &Job, tell: &mut impl FnMut(Event)) -> Result<(), WatchError> {
        let Some(log) = self.logs.get_mut(&job.id).filter(|log| !log.complete) else { return Ok(()) };
        let ended = job.state.is_settled();
        loop {
            let part = if ended {
                self.plane.ended_log(log.job, log.next).await?
            } else {
                self.plane.log(log.job, log.next).await?
            };
            for line in log.lines.push(&part.bytes) {
                log.file.write(&line)?;
                tell(Event::Log(LogLine { job: job.id.clone(), line }));
            }
            if part.next == log.next {
                break;
            }
            log.next = part.next;
        }
        if ended {
            log.complete = true;
            if let Some(line) = log.lines.finish() {
                log.file.write(&line)?;
                tell(Event::Log(LogLine { job: job.id.clone(), line }));
            }
        }
        Ok(log.file.flush()?)
    }

    async fn annotations(&mut self, tell: &mut impl FnMut(Event)) -> Result<(), WatchError> {
        for view in self.plane.annotations(self.build).await? {
            let style = view.style.unwrap_or_else(|| "default".to_owned());
            let annotation = Annotation { context: view.context, style, body: view.body };
            if self.annotations.get(&annotation.context) != Some(&annotation) {
                self.annotations.insert(annotation.context.clone(), annotation.clone());
                tell(Event::Annotation(annotation));
            }
        }
        Ok(())
    }

    async fn artifacts(&mut self, tell: &mut impl FnMut(Event)) -> Result<(), WatchError> {
        for view in self.plane.artifacts(self.build).await? {
            let Some(stored) = view.file.filter(|_| view.state == "finished") else { continue };
            if self.artifacts.insert(view.id) {
                let file = self.results.keep_artifact(&view.job, &view.path, &stored)?;
                let file = file.display().to_string();
                tell(Event::Artifact(Artifact { job: view.job, path: view.path, size: view.size, file }));
            }
        }
        Ok(())
    }
}
