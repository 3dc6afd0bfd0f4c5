//! Builds through the handle, as `redkite run` drives them.

mod support;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use redkite::{Event, PlaneError, References};
use redkite_scheduler::{BuildState, JobState};
use serde_json::json;
use support::{Agent, Plane, new_build};

#[test]
fn a_block_step_asks_and_its_answers_become_meta_data() {
    let plane = Plane::start();
    let build = plane.create(
        "steps:\n  - block: Ship?\n    prompt: Really?\n    fields:\n      - {text: Name, key: name}\n      \
         - {select: Where, key: where, multiple: true, options: [{label: A, value: a}, {label: B, value: b}]}\n  \
         - command: ship\n",
    );
    let id = build.summary.id;
    assert_eq!(build.summary.state, BuildState::Blocked);
    let question = build.steps[0].question.as_ref().expect("a question");
    assert_eq!((question.prompt.as_deref(), question.fields.len()), (Some("Really?"), 2));
    let job = build.steps[0].jobs[0].id;
    let unblock = |fields: &[(&str, &str)]| {
        let fields: BTreeMap<_, _> = fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        plane.runtime.block_on(plane.running.handle.unblock(job, fields, None))
    };
    assert!(matches!(unblock(&[("name", "x")]), Err(PlaneError::Refused(_))), "a required field is missing");
    assert!(matches!(unblock(&[("name", "x"), ("where", "c")]), Err(PlaneError::Refused(_))));
    unblock(&[("name", "x"), ("where", "b\na")]).expect("all is answered");
    let job = Agent::connect(&plane, &plane.token(), &[]).take();
    assert_eq!(job.call("POST", "/data/get", &json!({ "key": "where" })).ok()["value"], "a\nb");
    job.finish(0).ok();
    plane.wait_for_state(id, BuildState::Passed);
}

#[test]
fn a_concurrency_group_reaches_over_builds() {
    let plane = Plane::start();
    let pipeline = "steps:\n  - command: deploy\n    concurrency: 1\n    concurrency_group: production\n";
    let (first, second) = (plane.create(pipeline).summary.id, plane.create(pipeline).summary.id);
    let token = plane.token();
    let (one, other) = (Agent::connect(&plane, &token, &[]), Agent::connect(&plane, &token, &[]));
    let job = one.take();
    assert_eq!(job.env("BUILDKITE_BUILD_ID"), first.to_string());
    assert!(other.ping()["job"].is_null(), "the group is full");
    assert!(plane.build(second).jobs().all(|job| job.state == JobState::Limited));
    job.finish(0).ok();
    assert_eq!(other.work(0).env("BUILDKITE_BUILD_ID"), second.to_string());
    plane.wait_for_state(second, BuildState::Passed);
}

#[test]
fn watchers_hear_of_everything_in_order() {
    let plane = Plane::start();
    let mut events = plane.running.handle.subscribe();
    let build = plane.create("steps:\n  - command: make\n").summary.id;
    let job = Agent::connect(&plane, &plane.token(), &[]).take();
    job.chunk(1, 0, "hello\n").ok();
    job.finish(0).ok();
    plane.wait_for_state(build, BuildState::Passed);
    let (mut states, mut builds, mut logged) = (Vec::new(), Vec::new(), 0);
    while let Ok(event) = events.try_recv() {
        match event {
            Event::Job { state, .. } => states.push(state),
            Event::Build { state, .. } => builds.push(state),
            Event::Log { size, .. } => logged += size,
            _ => {}
        }
    }
    let expected =
        [JobState::Scheduled, JobState::Assigned, JobState::Accepted, JobState::Running, JobState::Finished];
    assert_eq!(states, expected);
    assert_eq!(builds, [BuildState::Scheduled, BuildState::Running, BuildState::Passed]);
    assert_eq!(logged, 6);
}

#[test]
fn a_waiting_agent_gets_a_job_at_once() {
    let plane = Plane::with(|config| config.rhythm.ping = 10);
    let agent = Agent::connect(&plane, &plane.token(), &[]);
    std::thread::scope(|scope| {
        let pinged = scope.spawn(|| {
            let start = Instant::now();
            (agent.ping(), start.elapsed())
        });
        plane.create("steps:\n  - command: make\n");
        let (answer, took) = pinged.join().expect("an answer");
        assert!(answer["job"]["id"].is_string(), "{answer}");
        assert!(took < Duration::from_secs(2), "it took {took:?}");
    });
}

#[test]
fn unknown_keys_are_a_mistake_where_the_file_is_the_whole_pipeline() {
    let plane = Plane::start();
    let pipeline = "steps:\n  - {command: a, key: a}\n  - {command: b, key: b, depends_on: [a, nowhere]}\n";
    let create = |references| {
        let new = redkite::NewBuild { references, ..new_build(pipeline) };
        plane.runtime.block_on(plane.running.handle.create_build(new))
    };
    let refused = create(References::MustExist).expect_err("there is no such key");
    assert!(
        refused.to_string().contains("\"nowhere\"") && refused.to_string().contains("\"b\""),
        "{refused}"
    );
    create(References::MayCome).expect("a job may bring it");
}

#[test]
fn a_job_is_canceled_and_retried_by_hand() {
    let plane = Plane::start();
    let build = plane.create("steps:\n  - command: make\n").summary.id;
    let agent = Agent::connect(&plane, &plane.token(), &[]);
    let job = agent.take();
    plane.runtime.block_on(plane.running.handle.cancel_job(job.job_id())).expect("it runs");
    assert_eq!(job.state(), "canceling");
    job.finish(-1).ok();
    plane.wait_for_state(build, BuildState::Failed);
    let retry =
        plane.runtime.block_on(plane.running.handle.retry_job(job.job_id())).expect("it was canceled");
    assert_eq!(agent.work(0).job_id(), retry);
    plane.wait_for_state(build, BuildState::Passed);
}

#[test]
fn a_plane_that_shuts_down_gives_everything_back() {
    let plane = Plane::start();
    let build = plane.create("steps:\n  - command: make\n").summary.id;
    let agent = Agent::connect(&plane, &plane.token(), &[]);
    let job = agent.take();
    let plane = plane.shut_down_and_start();
    job.finish(0).ok();
    plane.wait_for_state(build, BuildState::Passed);
    let numbered = plane.create("steps:\n  - command: make\n");
    assert_eq!(numbered.summary.number, 2);
}

#[test]
fn a_job_that_nobody_can_run_says_what_it_asks_for() {
    let plane = Plane::start();
    let build =
        plane.create("steps:\n  - command: make\n    agents: {os: plan9}\n  - command: other\n").summary.id;
    let reasons = || plane.build(build).jobs().map(|job| job.reason.clone()).collect::<Vec<_>>();
    let nobody = |tags: &str| Some(format!("no connected agent has the tags it asks for: {tags}"));
    assert_eq!(reasons(), [nobody("os=plan9, queue=default"), nobody("queue=default")]);
    let _agent = Agent::connect(&plane, &plane.token(), &["os=linux"]);
    assert_eq!(reasons(), [nobody("os=plan9, queue=default"), None]);
}
