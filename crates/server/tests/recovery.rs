//! A killed plane is started again: it goes on where it was, at every step of a job (control-plane.md §1.2).

mod support;

use redkite_scheduler::{BuildState, JobState};
use serde_json::{Value, json};
use support::{Agent, Job, Plane};

const TWO: &str = "steps:\n  - command: make\n    key: make\n  - wait\n  - command: ship\n";

/// Kills the plane after each of these moments; what was acknowledged is there afterwards.
#[test]
fn a_build_goes_on_after_a_kill_at_any_moment() {
    let mut plane = Plane::start();
    let token = plane.token();
    plane = plane.restart();
    let build = plane.create(TWO).summary.id;
    plane = plane.restart();
    let agent = Agent::connect(&plane, &token, &[]);
    plane = plane.restart();
    let id = agent.offered();
    plane = plane.restart();
    assert_eq!(agent.offered(), id, "the offer stands");
    let job = agent.accept(&id);
    plane = plane.restart();
    assert_eq!(agent.accept(&id).token, job.token, "the answer that was lost");
    job.start().ok();
    plane = plane.restart();
    assert_eq!(job.state(), "running");
    job.chunk(1, 0, "one\n").ok();
    plane = plane.restart();
    job.chunk(1, 0, "one\n").ok();
    job.chunk(2, 4, "two\n").ok();
    job.call("POST", "/data/set", &json!({ "key": "k", "value": "v" })).ok();
    job.call("POST", "/annotations", &json!({ "body": "hi" })).ok();
    job.upload(json!({ "steps": [{ "command": "more" }] }), false).ok();
    plane = plane.restart();
    assert_eq!(job.call("POST", "/data/get", &json!({ "key": "k" })).ok()["value"], "v");
    assert_eq!(
        plane.runtime.block_on(plane.running.handle.annotations(build)).expect("annotations").len(),
        1
    );
    assert_eq!(plane.build(build).steps.len(), 4);
    job.finish(0).ok();
    plane = plane.restart();
    job.finish(0).ok();
    assert_eq!(agent.work(0).env("BUILDKITE_COMMAND"), "more");
    plane = plane.restart();
    assert_eq!(agent.work(0).env("BUILDKITE_COMMAND"), "ship");
    plane = plane.restart();
    let view = plane.wait_for_state(build, BuildState::Passed);
    assert_eq!(plane.log(job.job_id()), "one\ntwo\n");
    assert!(view.jobs().all(|job| job.retries == 0 && job.retried_in.is_none()), "nothing ran twice");
}

#[test]
fn a_cancel_is_remembered() {
    let mut plane = Plane::start();
    let build = plane.create(TWO).summary.id;
    let job = Agent::connect(&plane, &plane.token(), &[]).take();
    plane.runtime.block_on(plane.running.handle.cancel_build(build, Some("enough".into()))).expect("it runs");
    plane = plane.restart();
    assert_eq!(job.state(), "canceling");
    job.call(
        "PUT",
        "/finish",
        &json!({ "exit_status": "-1", "signal": "SIGTERM", "signal_reason": "cancel" }),
    )
    .ok();
    plane = plane.restart();
    plane.wait_for_state(build, BuildState::Canceled);
}

#[test]
fn a_finished_build_can_be_read_and_reopened() {
    let mut plane = Plane::start();
    let build = plane.create("steps:\n  - command: make\n").summary.id;
    let agent = Agent::connect(&plane, &plane.token(), &[]);
    let failed = agent.work(1);
    plane.wait_for_state(build, BuildState::Failed);
    plane = plane.restart();
    let retry = plane.runtime.block_on(plane.running.handle.retry_job(failed.job_id())).expect("it failed");
    plane = plane.restart();
    assert_eq!(agent.work(0).job_id(), retry);
    plane = plane.restart();
    let view = plane.wait_for_state(build, BuildState::Passed);
    assert_eq!(view.job(failed.job_id()).expect("the job").retried_in, Some(retry));
}

#[test]
fn an_agent_that_vanishes_fails_its_job_and_the_rule_retries_it() {
    let plane = Plane::with(|config| config.patience.lost = std::time::Duration::from_millis(1500));
    let pipeline = "steps:\n  - command: make\n    retry: {automatic: [{exit_status: -1, limit: 1}]}\n  - command: other\n";
    let build = plane.create(pipeline).summary.id;
    let token = plane.token();
    let lost = Agent::connect(&plane, &token, &[]);
    let job = lost.take();
    assert_eq!(job.env("BUILDKITE_COMMAND"), "make");
    let view = plane.wait_for_job(build, job.job_id(), JobState::Finished);
    let first = view.job(job.job_id()).expect("the job");
    assert_eq!(first.exit_status, Some(-1));
    assert_eq!(first.reason.as_deref(), Some("its agent was lost, or went away, before it ended"));
    assert!(first.retried_in.is_some(), "the rule grants a retry");
    assert_eq!(lost.call("GET", "ping", &Value::Null).status, 401, "its session has ended");
    let fresh = Agent::connect(&plane, &token, &[]);
    let mut done: Vec<Job> = vec![fresh.work(0), fresh.work(0)];
    done.sort_by_key(|job| job.env("BUILDKITE_COMMAND").to_owned());
    assert_eq!(done[0].env("BUILDKITE_RETRY_COUNT"), "1");
    plane.wait_for_state(build, BuildState::Passed);
}

#[test]
fn an_agent_that_was_offered_a_job_and_vanishes_gives_it_back() {
    let plane = Plane::with(|config| config.patience.lost = std::time::Duration::from_millis(1500));
    let build = plane.create("steps:\n  - command: make\n").summary.id;
    let token = plane.token();
    let id = Agent::connect(&plane, &token, &[]).offered();
    plane.wait_for_job(build, id.parse().expect("an id"), JobState::Scheduled);
    assert_eq!(Agent::connect(&plane, &token, &[]).work(0).id, id);
    plane.wait_for_state(build, BuildState::Passed);
}

#[test]
fn an_agent_that_leaves_with_a_job_has_failed_it() {
    let plane = Plane::start();
    let build = plane.create("steps:\n  - command: make\n").summary.id;
    let agent = Agent::connect(&plane, &plane.token(), &[]);
    let job = agent.take();
    agent.call("POST", "disconnect", &Value::Null).ok();
    let view = plane.wait_for_state(build, BuildState::Failed);
    assert_eq!(view.job(job.job_id()).expect("the job").exit_status, Some(-1));
    assert_eq!(job.finish(0).status, 422);
}

#[test]
fn silence_while_the_plane_was_away_loses_nobody() {
    let mut plane = Plane::with(|config| config.patience.lost = std::time::Duration::from_secs(2));
    plane.create("steps:\n  - command: make\n");
    let agent = Agent::connect(&plane, &plane.token(), &[]);
    let job = agent.take();
    for _ in 0..3 {
        plane = plane.restart();
        assert_eq!(job.state(), "running");
    }
    job.finish(0).ok();
}
