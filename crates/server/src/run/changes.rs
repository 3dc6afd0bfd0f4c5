//! What is new between two looks at a build.

use std::collections::{HashMap, HashSet};

use super::event::{BuildChanged, BuildState, Event, Job, State, Step};
use super::translate::Picture;

/// What was told so far.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    state: Option<BuildState>,
    steps: HashMap<String, Step>,
    jobs: HashMap<String, Job>,
    asked: HashSet<String>,
}

/// News, around the lines that jobs have logged meanwhile.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct News {
    /// To be told before the log lines: steps, and jobs that go on.
    pub(crate) before: Vec<Event>,
    /// To be told after them: the ends of jobs, questions, the state of the build.
    pub(crate) after: Vec<Event>,
}

impl Changes {
    /// What `picture` has that was not told yet.
    pub(crate) fn news(&mut self, picture: &Picture) -> News {
        let mut news = News::default();
        for step in &picture.steps {
            if self.steps.get(&step.id) != Some(step) {
                self.steps.insert(step.id.clone(), step.clone());
                news.before.push(Event::Step(step.clone()));
            }
        }
        for job in &picture.jobs {
            self.job(job, &mut news);
        }
        self.questions(picture, &mut news);
        if self.state != Some(picture.state) {
            self.state = Some(picture.state);
            let changed = Event::BuildChanged(BuildChanged { state: picture.state });
            let is_end = matches!(
                picture.state,
                BuildState::Passed
                    | BuildState::Failed
                    | BuildState::Canceled
                    | BuildState::NotRun
                    | BuildState::Blocked
            );
            if is_end { news.after.push(changed) } else { news.before.insert(0, changed) }
        }
        news
    }

    fn job(&mut self, job: &Job, news: &mut News) {
        let known = self.jobs.get(&job.id);
        if known == Some(job) {
            return;
        }
        let was_running = known.is_some_and(|known| known.started_at.is_some());
        if job.state.is_settled() && job.started_at.is_some() {
            if !was_running {
                // It started and ended since the last look: its lines need its name before them.
                news.before.push(Event::Job(started(job)));
            }
            news.after.push(Event::Job(job.clone()));
        } else {
            news.before.push(Event::Job(job.clone()));
        }
        self.jobs.insert(job.id.clone(), job.clone());
    }

    fn questions(&mut self, picture: &Picture, news: &mut News) {
        let open: HashSet<_> = picture.blocked.iter().map(|(blocked, _)| blocked.step.clone()).collect();
        for (blocked, _) in &picture.blocked {
            if !self.asked.contains(&blocked.step) {
                news.after.push(Event::Blocked(blocked.clone()));
            }
        }
        self.asked = open;
    }
}

fn started(job: &Job) -> Job {
    let mut started = job.clone();
    (started.state, started.retried) = (State::Running, false);
    (started.exit_status, started.signal, started.reason, started.finished_at) = (None, None, None, None);
    started
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::event::{Blocked, StepKind};
    use crate::run::exit::Exit;

    fn picture(state: BuildState, job: Option<(State, bool)>) -> Picture {
        let step = Step {
            id: "s".to_owned(),
            key: None,
            label: "S".to_owned(),
            kind: StepKind::Command,
            group: None,
            position: 0,
            state: job.map_or(State::Waiting, |job| job.0),
        };
        let jobs = job.map(|(state, has_started)| Job {
            id: "j".to_owned(),
            step: "s".to_owned(),
            label: None,
            parallel: None,
            attempt: 0,
            retried: false,
            state,
            exit_status: None,
            signal: None,
            reason: None,
            started_at: has_started.then_some(jiff::Timestamp::UNIX_EPOCH),
            finished_at: None,
            log: None,
        });
        Picture {
            state,
            steps: vec![step],
            jobs: jobs.into_iter().collect(),
            blocked: Vec::new(),
            blocked_exit: Exit::Passed,
        }
    }

    fn words(events: &[Event]) -> String {
        let word = |event: &Event| match event {
            Event::Step(step) => format!("step {}", step.state.word()),
            Event::Job(job) => format!("job {}", job.state.word()),
            Event::BuildChanged(changed) => format!("build {:?}", changed.state).to_lowercase(),
            Event::Blocked(blocked) => format!("asks {}", blocked.step),
            other => format!("{other:?}"),
        };
        events.iter().map(word).collect::<Vec<_>>().join(", ")
    }

    fn told(pictures: &[Picture]) -> Vec<(String, String)> {
        let mut changes = Changes::default();
        pictures
            .iter()
            .map(|picture| changes.news(picture))
            .map(|news| (words(&news.before), words(&news.after)))
            .collect()
    }

    fn pair(before: &str, after: &str) -> (String, String) {
        (before.to_owned(), after.to_owned())
    }

    #[test]
    fn everything_once_and_ends_after_the_log() {
        let running = picture(BuildState::Running, Some((State::Running, true)));
        let passed = picture(BuildState::Passed, Some((State::Passed, true)));
        assert_eq!(
            told(&[running.clone(), running, passed.clone(), passed]),
            [
                pair("build running, step running, job running", ""),
                pair("", ""),
                pair("step passed", "job passed, build passed"),
                pair("", ""),
            ]
        );
    }

    #[test]
    fn a_job_that_was_quick_has_started_before_its_log() {
        let queued = picture(BuildState::Scheduled, Some((State::Queued, false)));
        let passed = picture(BuildState::Passed, Some((State::Passed, true)));
        assert_eq!(told(&[queued, passed])[1], pair("step passed, job running", "job passed, build passed"));
    }

    #[test]
    fn a_question_is_asked_once_each_time_it_opens() {
        let mut asking = picture(BuildState::Blocked, None);
        let blocked = Blocked {
            step: "s".to_owned(),
            key: None,
            label: String::new(),
            prompt: None,
            fields: Vec::new(),
        };
        let job = serde_json::from_str("\"00000000-0000-7000-8000-000000000000\"").expect("an id");
        asking.blocked = vec![(blocked, job)];
        let closed = picture(BuildState::Running, None);
        let told = told(&[asking.clone(), asking.clone(), closed, asking]);
        let after: Vec<_> = told.iter().map(|(_, after)| after.as_str()).collect();
        assert_eq!(after, ["asks s, build blocked", "", "", "asks s, build blocked"]);
    }
}
