//! A build under test: events by step key, states as one line.

use std::time::Duration;

use indexmap::IndexMap;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::build::{
    Answer, Build, Changes, ChildEnding, Effect, Event, Exit, Force, Gone, Job, Refused, SoftFailures,
    UploadMode,
};
use crate::concurrency::{self, Member};
use crate::definition::{Kind, Pipeline};
use crate::facts::{Facts, Limits};
use crate::ids::{AgentId, BuildId, JobId};
use crate::state::{JobState, SignalReason};
use crate::time::{Minutes, Time};

/// One build, its clock and its source of ids.
pub(super) struct World {
    pub(super) build: Build,
    pub(super) now: Time,
    pub(super) last: Changes,
    pub(super) effects: Vec<Effect>,
    pub(super) all_changes: Vec<Changes>,
    next: u128,
}

/// JSON with single quotes; a step without a key that says what it is, is a command.
pub(super) fn pipeline(text: &str) -> Result<Pipeline, Refused> {
    let mut document: Value = serde_json::from_str(&text.replace('\'', "\"")).expect("valid JSON");
    let steps = if document.is_array() { &mut document } else { &mut document["steps"] };
    complete(steps);
    Ok(Pipeline::read(&document)?)
}

fn complete(steps: &mut Value) {
    for step in steps.as_array_mut().into_iter().flatten() {
        let Some(map) = step.as_object_mut() else { continue };
        let kinds = ["wait", "block", "input", "trigger", "group", "command"];
        if !kinds.iter().any(|kind| map.contains_key(*kind)) {
            map.insert("command".to_owned(), json!("true"));
        }
        if let Some(inner) = map.get_mut("steps") {
            complete(inner);
        }
    }
}

pub(super) fn facts() -> Facts {
    Facts { branch: "main".to_owned(), ..Facts::default() }
}

impl World {
    pub(super) fn new(text: &str) -> Result<Self, Refused> {
        Self::with(text, facts())
    }

    pub(super) fn with(text: &str, facts: Facts) -> Result<Self, Refused> {
        let now = Time::from_millis(0);
        let mut next = 100;
        let mut ids = || {
            next += 1;
            Uuid::from_u128(next)
        };
        let id = BuildId::from(Uuid::from_u128(1));
        let (build, changes) = Build::create(id, facts, pipeline(text)?, now, &mut ids)?;
        let mut world =
            Self { build, now, last: Changes::default(), effects: Vec::new(), all_changes: Vec::new(), next };
        world.follow(changes)?;
        Ok(world)
    }

    pub(super) fn limited(text: &str, limits: Limits) -> Result<Self, Refused> {
        Self::with(text, Facts { limits, ..facts() })
    }

    pub(super) fn apply(&mut self, event: Event) -> Result<(), Refused> {
        let next = &mut self.next;
        let mut ids = || {
            *next += 1;
            Uuid::from_u128(*next)
        };
        let before = self.build.clone();
        match self.build.apply(event, self.now, &mut ids) {
            Ok(changes) => self.follow(changes),
            Err(refused) => {
                assert_eq!(before, self.build, "a refused event changes nothing");
                Err(refused)
            }
        }
    }

    /// Concurrency groups are looked at as the server does, here over one build.
    fn follow(&mut self, changes: Changes) -> Result<(), Refused> {
        self.all_changes.push(changes.clone());
        for effect in &changes.effects {
            let Effect::ScanConcurrencyGroup(group) = effect else {
                self.effects.push(effect.clone());
                continue;
            };
            let inside = |job: &&Job| job.concurrency.as_ref().is_some_and(|own| own.group == *group);
            let members: Vec<Member> = self.build.jobs().filter(inside).filter_map(Member::of).collect();
            let decision = concurrency::grants(&members);
            for job in decision.granted {
                self.apply(Event::SlotGranted { job })?;
            }
            for job in decision.refused {
                if self.build.job(job).is_some_and(|job| job.state == JobState::Limiting) {
                    self.apply(Event::SlotRefused { job })?;
                }
            }
        }
        self.last = changes;
        Ok(())
    }

    /// The latest job called `name`: a step's key or place, with `.index` for one of several.
    pub(super) fn job(&self, name: &str) -> JobId {
        self.build
            .jobs()
            .filter(|job| !job.is_retried())
            .find(|job| self.name(job) == name)
            .unwrap_or_else(|| panic!("no job {name} in {}", self.show()))
            .id
    }

    fn name(&self, job: &Job) -> String {
        let step = self.build.step(job.step).expect("a job has a step");
        let name = step.key().or(step.label()).map_or_else(|| step.position.to_string(), str::to_owned);
        match (job.parallel, &job.matrix) {
            (Some(parallel), _) => format!("{name}.{}", parallel.index),
            (None, Some(values)) => {
                format!("{name}.{}", values.values().cloned().collect::<Vec<_>>().join("-"))
            }
            (None, None) => name,
        }
    }

    /// One step of a script.
    pub(super) fn act(&mut self, line: &str) -> Result<(), Refused> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        match verb {
            "offer" => self.apply(Event::Assigned { job: self.job(name), agent: agent(1) }),
            "accept" => self.apply(Event::Accepted { job: self.job(name), agent: agent(1) }),
            "acquire" => self.apply(Event::Acquired { job: self.job(name), agent: agent(2) }),
            "begin" => self.apply(Event::Started { job: self.job(name), at: None }),
            "start" => self.start(self.job(name)),
            "end" => self.end(name, rest),
            "run" => {
                self.start(self.job(name))?;
                self.end(name, rest)
            }
            "upload" => self.upload(name, rest, UploadMode::Adds),
            "replace" => self.upload(name, rest, UploadMode::Replaces),
            "unblock" => self.unblock(name, rest),
            "cancel" if name.is_empty() => self.apply(Event::CancelAsked { reason: None, by: None }),
            "cancel" => self.apply(Event::JobCancelAsked { job: self.job(name) }),
            "cancel-step" => self.cancel_step(name, rest),
            "skip" => self.apply(Event::SkipAsked),
            "retry" => self.apply(Event::RetryAsked { job: self.job(name) }),
            "retry-failed" => self.retry_failed(),
            "lose" => self.apply(Event::AgentGone { job: self.job(name), how: Gone::Lost }),
            "promise" => self.apply(Event::Promised { job: self.job(name), status: number(rest) }),
            "timeout" => {
                self.apply(Event::TimeoutChanged { job: self.job(name), timeout: Minutes(number(rest)) })
            }
            "after" => {
                self.now = self.now + Duration::from_secs(number(name));
                self.apply(Event::Tick)
            }
            "child" => self.child(name, rest),
            other => panic!("what is {other}?"),
        }
    }

    fn start(&mut self, job: JobId) -> Result<(), Refused> {
        let agent = agent(1);
        self.apply(Event::Assigned { job, agent })?;
        self.apply(Event::Accepted { job, agent })?;
        self.apply(Event::Started { job, at: None })
    }

    /// `status [signal [reason]]`, with `-` for no signal.
    fn end(&mut self, name: &str, rest: &str) -> Result<(), Refused> {
        let mut words = rest.split_whitespace();
        let status = words.next().map_or(0, number);
        let signal = words.next().filter(|word| *word != "-").map(str::to_owned);
        let reason = words.next().map(|word| SignalReason::from_word(word).expect("a reason"));
        self.apply(Event::Finished { job: self.job(name), exit: Exit { status, signal, reason }, at: None })
    }

    fn upload(&mut self, name: &str, text: &str, mode: UploadMode) -> Result<(), Refused> {
        let pipeline = pipeline(text)?;
        self.apply(Event::Uploaded { job: self.job(name), pipeline, mode })
    }

    /// `key=value` pairs; `key=a+b` are several choices.
    fn unblock(&mut self, name: &str, rest: &str) -> Result<(), Refused> {
        let answer = |text: &str| match text.split_once('+') {
            Some(_) => Answer::Many(text.split('+').map(str::to_owned).collect()),
            None => Answer::One(text.to_owned()),
        };
        let fields: IndexMap<String, Answer> = rest
            .split_whitespace()
            .map(|pair| pair.split_once('=').expect("key=value"))
            .map(|(key, value)| (key.to_owned(), answer(value)))
            .collect();
        self.apply(Event::Unblocked { job: self.job(name), by: None, fields })
    }

    fn cancel_step(&mut self, key: &str, seconds: &str) -> Result<(), Refused> {
        let step = self.build.step_by_key(key).expect("a step").id;
        let force = if seconds.is_empty() {
            Force::WaitsForAgents
        } else {
            Force::After { seconds: number(seconds) }
        };
        self.apply(Event::StepCancelAsked { step, force })
    }

    fn retry_failed(&mut self) -> Result<(), Refused> {
        let states = [JobState::Finished, JobState::TimedOut, JobState::Canceled, JobState::Expired];
        for job in self.build.retryable(&states, SoftFailures::Not) {
            self.apply(Event::RetryAsked { job })?;
        }
        Ok(())
    }

    fn child(&mut self, name: &str, word: &str) -> Result<(), Refused> {
        let job = self.job(name);
        let ending = match word {
            "created" => {
                return self.apply(Event::ChildCreated { job, build: BuildId::from(Uuid::from_u128(9)) });
            }
            "refused" => return self.apply(Event::ChildRefused { job }),
            "passed" => ChildEnding::Passed,
            "failed" => ChildEnding::Failed,
            "canceled" => ChildEnding::Canceled,
            "superseded" => ChildEnding::Superseded,
            other => panic!("what is {other}?"),
        };
        self.apply(Event::ChildEnded { job, ending })
    }

    /// The build's state and that of each latest job, in display order.
    pub(super) fn show(&self) -> String {
        let mut words = vec![format!("{}:", self.build.state())];
        for step in self.build.steps().iter().filter(|step| !step.removed) {
            if matches!(step.definition.kind, Kind::Group(_)) {
                continue;
            }
            for job in self.build.jobs_of(step.id).filter(|job| !job.is_retried()) {
                words.push(format!("{}={}", self.name(job), word(job)));
            }
        }
        words.join(" ")
    }

    /// The steps' states and outcomes, in display order.
    pub(super) fn show_steps(&self) -> String {
        let shown = self.build.steps().iter().map(|step| {
            let name = step.key().or(step.label()).map_or_else(|| step.position.to_string(), str::to_owned);
            format!("{name}={}/{}", step.state, step.outcome)
        });
        shown.collect::<Vec<_>>().join(" ")
    }
}

fn word(job: &Job) -> &'static str {
    match job.state {
        _ if job.soft_failed => "soft",
        JobState::Finished if job.has_passed() => "passed",
        JobState::Finished => "failed",
        state => state.as_str(),
    }
}

pub(super) fn agent(n: u128) -> AgentId {
    Uuid::from_u128(n).into()
}

fn number<T: std::str::FromStr>(text: &str) -> T {
    text.trim().parse().unwrap_or_else(|_| panic!("{text:?} is no number"))
}
