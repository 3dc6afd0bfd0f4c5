//! Random pipelines, agents and failures: every build comes to an end, whatever happens on the way, and
//! keeps its promises (spec/control-plane.md §2.4.1 B1–B9).

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use indexmap::IndexMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::world::{World, agent, facts};
use crate::build::{
    Build, Changes, ChildEnding, Event, Exit, Force, Gone, Head, Job, Step, Transition, UploadMode,
};
use crate::concurrency;
use crate::definition::{DependsOn, Kind, Pipeline};
use crate::ids::{BuildId, JobId, StepId};
use crate::state::{BuildState, JobKind, JobState};
use crate::time::{Minutes, Time};

/// Numbers that decide what happens next.
struct Choices(std::vec::IntoIter<u16>);

impl Choices {
    fn below(&mut self, count: usize) -> usize {
        usize::from(self.0.next().unwrap_or(0)) % count.max(1)
    }

    fn is_used_up(&self) -> bool {
        self.0.len() == 0
    }
}

/// A document of a few random steps whose keys begin with `prefix`.
fn document(choices: &mut Choices, prefix: &str, known: &[String]) -> Value {
    let count = 1 + choices.below(12);
    let mut keys = known.to_vec();
    let steps: Vec<Value> =
        (0..count).map(|place| step(choices, &format!("{prefix}{place}"), &mut keys, true)).collect();
    json!({ "steps": steps, "env": { format!("E{prefix}"): "1" } })
}

fn step(choices: &mut Choices, key: &str, keys: &mut Vec<String>, may_group: bool) -> Value {
    let mut step = match choices.below(if may_group { 12 } else { 11 }) {
        0 => json!({ "wait": null }),
        1 => json!({ "wait": null, "continue_on_failure": true }),
        2 => json!({ "block": "b", "blocked_state": (["passed", "failed", "running"][choices.below(3)]) }),
        3 => json!({ "input": "i", "fields": [{ "text": "t", "key": "k", "required": false }] }),
        4 => json!({ "trigger": "p", "async": choices.below(2) == 0, "soft_fail": choices.below(3) == 0 }),
        11 => {
            let steps: Vec<Value> = (0..1 + choices.below(3))
                .map(|place| self::step(choices, &format!("{key}-{place}"), keys, false))
                .collect();
            json!({ "group": format!("g{}", choices.below(2)), "steps": steps })
        }
        _ => command(choices),
    };
    match choices.below(8) {
        0 => step["depends_on"] = json!(pick(choices, keys)),
        1 => step["depends_on"] = json!([{ "step": pick(choices, keys), "allow_failure": true }]),
        2 if choices.below(12) == 0 => step["depends_on"] = json!("nobody"),
        3 if choices.below(3) == 0 => step["depends_on"] = Value::Null,
        4 if choices.below(6) == 0 => step["if"] = json!("false"),
        _ => {}
    }
    step["key"] = json!(key);
    keys.push(key.to_owned());
    step
}

fn pick(choices: &mut Choices, keys: &[String]) -> String {
    keys.get(choices.below(keys.len())).cloned().unwrap_or_else(|| "nobody".to_owned())
}

fn command(choices: &mut Choices) -> Value {
    let mut step = json!({ "command": "true" });
    match choices.below(10) {
        0 => step["parallelism"] = json!(choices.below(4)),
        1 => step["soft_fail"] = json!(true),
        2 => step["soft_fail"] = json!([{ "exit_status": 1 }]),
        3 => step["retry"] = json!({ "automatic": { "exit_status": 1, "limit": 1 } }),
        4 => {
            step["retry"] = json!({ "automatic": [{ "exit_status": -1, "limit": 2 }], "manual": { "permit_on_passed": true } })
        }
        5 => step["timeout_in_minutes"] = json!(1),
        6 => step["cancel_on_build_failing"] = json!(true),
        7 => {
            step["concurrency"] = json!(1);
            step["concurrency_group"] = json!("c");
            step["concurrency_method"] = json!((["ordered", "eager"][choices.below(2)]));
        }
        8 => step["matrix"] = json!(["x", "y"]),
        _ => {}
    }
    step
}

/// Something that can happen to the build now, or at least somebody may try.
fn event(world: &World, choices: &mut Choices, uploads: usize) -> Option<Event> {
    let jobs: Vec<&Job> = world.build.jobs().collect();
    let open: Vec<&Job> =
        jobs.iter().copied().filter(|job| job.state.is_active() || job.kind == JobKind::Manual).collect();
    let pool = if open.is_empty() || choices.below(5) == 0 { &jobs } else { &open };
    let job = pool.get(choices.below(pool.len()))?;
    let id = job.id;
    let holder = job.agent.unwrap_or(agent(1));
    Some(match choices.below(80) {
        0 if choices.below(16) == 0 => Event::CancelAsked { reason: None, by: None },
        1 if choices.below(4) == 0 => Event::JobCancelAsked { job: id },
        2 if choices.below(4) == 0 => {
            Event::StepCancelAsked { step: job.step, force: Force::After { seconds: 5 } }
        }
        3 => Event::AgentGone { job: id, how: Gone::Lost },
        4 => Event::RetryAsked { job: id },
        5 => Event::Promised { job: id, status: 1 },
        6 => Event::TimeoutChanged { job: id, timeout: Minutes(2) },
        7 => Event::Reprioritized { job: id, priority: 3 },
        8 | 10..=13 if uploads < 3 => {
            let known: Vec<String> =
                world.build.steps().iter().filter_map(|step| step.key().map(str::to_owned)).collect();
            let pipeline = Pipeline::read(&document(choices, &format!("u{uploads}-"), &known)).ok()?;
            let mode = if choices.below(3) == 0 { UploadMode::Replaces } else { UploadMode::Adds };
            Event::Uploaded { job: id, pipeline, mode }
        }
        9 if choices.below(16) == 0 => Event::SkipAsked,
        _ => match job.state {
            JobState::Scheduled if choices.below(4) == 0 => Event::Acquired { job: id, agent: agent(2) },
            JobState::Scheduled => Event::Assigned { job: id, agent: agent(1) },
            JobState::Assigned => Event::Accepted { job: id, agent: holder },
            JobState::Accepted => Event::Started { job: id, at: None },
            JobState::Blocked => Event::Unblocked { job: id, by: None, fields: IndexMap::new() },
            JobState::Running | JobState::Canceling if job.kind == JobKind::Trigger => child(job, choices),
            _ => {
                let status = [0, 0, 0, 0, 0, 0, 1, 2, -1][choices.below(9)];
                Event::Finished { job: id, exit: Exit { status, signal: None, reason: None }, at: None }
            }
        },
    })
}

fn child(job: &Job, choices: &mut Choices) -> Event {
    if job.child.is_none() {
        return match choices.below(4) {
            0 => Event::ChildRefused { job: job.id },
            _ => Event::ChildCreated { job: job.id, build: BuildId::from(uuid::Uuid::from_u128(9)) },
        };
    }
    let endings = [ChildEnding::Passed, ChildEnding::Failed, ChildEnding::Canceled, ChildEnding::Superseded];
    Event::ChildEnded { job: job.id, ending: endings[choices.below(4)] }
}

/// What takes an open build nearer to its end; none once nothing is open.
fn onward(build: &Build, choices: &mut Choices) -> Option<Event> {
    let open = |job: &&Job| !job.state.is_terminal();
    let next = |state: JobState| build.jobs().filter(open).find(|job| job.state == state);
    for state in [JobState::Running, JobState::Canceling, JobState::TimingOut] {
        if let Some(job) = next(state) {
            return Some(match job.kind {
                JobKind::Trigger => child(job, choices),
                _ => Event::Finished {
                    job: job.id,
                    exit: Exit { status: 0, signal: None, reason: None },
                    at: None,
                },
            });
        }
    }
    if let Some(job) = next(JobState::Accepted) {
        return Some(Event::Started { job: job.id, at: None });
    }
    if let Some(job) = next(JobState::Assigned) {
        return Some(Event::Accepted { job: job.id, agent: job.agent.expect("assigned to somebody") });
    }
    if let Some(job) = next(JobState::Scheduled) {
        return Some(Event::Assigned { job: job.id, agent: agent(1) });
    }
    let manual =
        build.jobs().filter(|job| job.kind == JobKind::Manual).find(|job| job.state == JobState::Blocked)?;
    Some(Event::Unblocked { job: manual.id, by: None, fields: IndexMap::new() })
}

/// The rows a store would have, written from changes alone.
struct Rows {
    head: Head,
    steps: HashMap<StepId, Step>,
    jobs: IndexMap<JobId, Job>,
}

/// A build under watch: every promise is checked after every event.
struct Watched {
    world: World,
    rows: Rows,
    starts: BTreeMap<JobId, u32>,
    failing_at: Option<Time>,
    states: HashMap<JobId, JobState>,
}

impl Watched {
    fn new(world: World) -> Self {
        let build = &world.build;
        let rows = Rows {
            head: build.head().clone(),
            steps: build.steps().iter().map(|step| (step.id, step.clone())).collect(),
            jobs: build.jobs().map(|job| (job.id, job.clone())).collect(),
        };
        let states = build.jobs().map(|job| (job.id, job.state)).collect();
        let mut watched = Self { world, rows, starts: BTreeMap::new(), failing_at: None, states };
        watched.check(BuildState::Creating);
        watched
    }

    /// Whether the event was accepted.
    fn apply(&mut self, event: Event) -> bool {
        let before = self.world.build.state();
        self.world.all_changes.clear();
        if self.world.apply(event).is_err() {
            return false;
        }
        for changes in std::mem::take(&mut self.world.all_changes) {
            self.write(&changes);
        }
        self.check(before);
        true
    }

    fn write(&mut self, changes: &Changes) {
        for transition in &changes.transitions {
            if let Transition::Job { job, to: JobState::Running, .. } = transition {
                *self.starts.entry(*job).or_default() += 1;
            }
            if let Transition::Job { job, to: JobState::Scheduled | JobState::Limiting, from } = transition
                && matches!(from, JobState::Pending | JobState::Waiting)
            {
                self.check_place(*job);
            }
        }
        let build = &self.world.build;
        if changes.head {
            self.rows.head = build.head().clone();
        }
        for id in &changes.steps {
            self.rows.steps.insert(*id, build.step(*id).expect("changed steps exist").clone());
        }
        for id in &changes.jobs {
            self.rows.jobs.insert(*id, build.job(*id).expect("changed jobs exist").clone());
        }
    }

    /// A job whose place decides does not become ready before the wait or block above it has opened.
    fn check_place(&self, id: JobId) {
        let build = &self.world.build;
        let step = build.job(id).and_then(|job| build.step(job.step)).expect("a step");
        if step.group.is_some() || step.definition.depends_on != DependsOn::Place {
            return;
        }
        let above = build.steps().iter().rev().skip_while(|other| other.id != step.id).skip(1);
        let barrier = above.filter(|other| other.group.is_none() && !other.removed).find_map(|other| {
            let separates = match &other.definition.kind {
                Kind::Wait(_) => true,
                Kind::Manual(manual) => manual.barrier == crate::definition::Barrier::Separates,
                _ => false,
            };
            build.jobs_of(other.id).find(|job| separates && job.state != JobState::Broken)
        });
        if let Some(barrier) = barrier {
            let open = matches!(barrier.state, JobState::Finished | JobState::Unblocked);
            assert!(open, "{} is {}, {}", barrier.id, barrier.state, self.world.show());
        }
    }

    fn check(&mut self, before: BuildState) {
        let build = &self.world.build;
        let (head, state) = (build.head(), build.state());
        let show = || self.world.show();
        // The rows of a store are the build.
        let rows = Build::from_parts(
            self.rows.head.clone(),
            self.rows.steps.values().cloned().collect(),
            self.rows.jobs.values().cloned(),
        );
        assert_eq!(&rows, build, "changes name every row that changed");
        assert_eq!(&build.resettled(), build, "an event leaves nothing to be done");
        // Nobody runs twice; terminal is terminal, but for what a retried failure had held back.
        assert!(self.starts.values().all(|count| *count == 1), "a job ran twice: {}", show());
        for job in build.jobs() {
            let was = self.states.insert(job.id, job.state).unwrap_or(JobState::Pending);
            let may_return = matches!(was, JobState::WaitingFailed | JobState::BlockedFailed);
            assert!(!was.is_terminal() || may_return || was == job.state, "{was} became {}", job.state);
            assert_ne!(job.state, JobState::Pending, "{}", show());
        }
        assert!(!before.is_closed() || before == state, "{before} became {state}");
        // B1, B4, B6: what a build ends as.
        let failure = build.jobs().any(Job::is_hard_failure) || !head.missing.is_empty();
        match state {
            BuildState::Passed | BuildState::NotRun => assert!(!failure, "{}", show()),
            BuildState::Failed => assert!(failure, "{}", show()),
            _ => {}
        }
        // B7: an open build has somebody to wait for, an ended one nobody.
        let active = build.jobs().any(|job| !job.is_retried() && job.state.is_active());
        let asks = build.jobs().any(|job| job.kind == JobKind::Manual && job.state == JobState::Blocked);
        assert_eq!(state == BuildState::Blocked, asks && !active, "{}", show());
        assert_eq!(state.is_terminal(), !active && !asks, "{}", show());
        if state.is_terminal() {
            assert!(build.jobs().all(|job| job.state.is_terminal()), "{}", show());
        }
        // B8, B9.
        if let Some(at) = self.failing_at {
            assert_eq!(head.failing_at, Some(at));
        }
        self.failing_at = head.failing_at;
        assert_eq!(head.finished_at.is_some(), state.is_terminal() || state == BuildState::Blocked);
        // Concurrency groups hold.
        let holds = |job: &&Job| {
            job.concurrency.is_some()
                && concurrency::ACTIVE.contains(&job.state)
                && !matches!(job.state, JobState::Limiting | JobState::Limited | JobState::Waiting)
        };
        assert!(build.jobs().filter(holds).count() <= 1, "{}", show());
    }
}

/// Plays a random build to its end.
fn play(numbers: Vec<u16>) -> Option<Watched> {
    let mut choices = Choices(numbers.into_iter());
    let document = document(&mut choices, "s", &[]);
    let world = World::with(&document.to_string(), facts()).ok()?;
    let mut watched = Watched::new(world);
    let mut uploads = 0;
    while !choices.is_used_up() {
        if choices.below(12) == 0 {
            watched.world.now = watched.world.now + Duration::from_secs([1, 30, 400][choices.below(3)]);
            watched.apply(Event::Tick);
        }
        let Some(event) = event(&watched.world, &mut choices, uploads) else { continue };
        uploads += usize::from(matches!(event, Event::Uploaded { .. }));
        watched.apply(event);
    }
    for _ in 0..2_000 {
        let Some(event) = onward(&watched.world.build, &mut choices) else { break };
        assert!(watched.apply(event.clone()), "{event:?}: {}", watched.world.show());
    }
    assert!(watched.world.build.state().is_terminal(), "{document}\n{}", watched.world.show());
    Some(watched)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn every_build_comes_to_an_end(numbers in prop::collection::vec(any::<u16>(), 20..600)) {
        play(numbers);
    }

    #[test]
    fn a_build_survives_storage(numbers in prop::collection::vec(any::<u16>(), 20..300)) {
        if let Some(watched) = play(numbers) {
            let build = watched.world.build;
            let text = serde_json::to_string(&build).expect("a build is JSON");
            prop_assert_eq!(serde_json::from_str::<Build>(&text).expect("and can be read again"), build);
        }
    }
}
