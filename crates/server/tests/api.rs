//! The Agent API, call by call, as agents make them (agent-api.md).

mod support;

use redkite_scheduler::BuildState;
use serde_json::{Value, json};
use support::{Agent, Plane, finish_body};

const ONE: &str = "steps:\n  - command: make\n    key: make\n";

#[test]
fn a_job_goes_through_its_life() {
    let plane = Plane::start();
    let build = plane.create(ONE).summary.id;
    let agent = Agent::connect(&plane, &plane.token(), &["os=linux"]);
    let id = agent.offered();
    assert_eq!(agent.offered(), id, "the offer stands until it is accepted");
    let job = agent.accept(&id);
    assert_eq!(job.env("BUILDKITE_COMMAND"), "make");
    assert_eq!(job.env("BUILDKITE_AGENT_META_DATA_OS"), "linux");
    assert_eq!(job.env("BUILDKITE_AGENT_META_DATA_QUEUE"), "default");
    assert_eq!(job.env("FROM_BUILD"), "yes");
    assert!(job.payload["chunks_max_size_bytes"].as_i64().expect("a number") > 0);
    assert_eq!(agent.accept(&id).token, job.token, "a repeated accept has the same answer");
    job.start().ok();
    job.start().ok();
    assert_eq!(job.state(), "running");
    plane.wait_for_state(build, BuildState::Running);
    job.chunk(2, 6, "world\n").ok();
    job.chunk(1, 0, "hello\n").ok();
    job.chunk(2, 6, "world\n").ok();
    job.finish(0).ok();
    job.finish(0).ok();
    plane.wait_for_state(build, BuildState::Passed);
    assert_eq!(plane.log(job.job_id()), "hello\nworld\n");
    assert_eq!(job.state(), "finished");
}

#[test]
fn tokens_open_what_they_are_for() {
    let plane = Plane::start();
    let token = plane.token();
    plane.create(ONE);
    let agent = Agent::connect(&plane, &token, &[]);
    let job = agent.take();
    let other = Agent::connect(&plane, &token, &[]);
    assert_ne!(agent.name, other.name);
    let status = |token: &str, method: &str, path: &str| plane.call(method, path, token, &json!({})).status;
    assert_eq!(status("", "POST", "register"), 401);
    assert_eq!(status("wrong", "POST", "register"), 401);
    assert_eq!(status(&agent.session, "POST", "register"), 401);
    assert_eq!(status(&token, "GET", "ping"), 401);
    assert_eq!(status(&job.token, "GET", "ping"), 403);
    let own = format!("jobs/{}", job.id);
    assert_eq!(status(&other.session, "GET", &own), 403);
    assert_eq!(status(&agent.session, "GET", &own), 200);
    assert_eq!(status(&job.token, "GET", "jobs/none"), 404);
    assert_eq!(status(&job.token, "GET", "nothing/here"), 404);
}

#[test]
fn a_revoked_token_registers_nobody_and_ends_no_session() {
    let plane = Plane::start();
    let issued = plane.runtime.block_on(plane.running.handle.issue_token("one")).expect("a token");
    let agent = Agent::connect(&plane, issued.secret.expose(), &[]);
    plane.runtime.block_on(plane.running.handle.revoke_token(&issued.token.id)).expect("it was valid");
    assert_eq!(plane.call("POST", "register", issued.secret.expose(), &json!({})).status, 401);
    agent.call("POST", "heartbeat", &json!({ "sent_at": "2026-01-01T00:00:00+11:00" })).ok();
    assert!(plane.runtime.block_on(plane.running.handle.revoke_token(&issued.token.id)).is_err());
}

#[test]
fn two_accepts_have_one_winner() {
    let plane = Plane::start();
    let token = plane.token();
    plane.create(ONE);
    let (first, second) = (Agent::connect(&plane, &token, &[]), Agent::connect(&plane, &token, &[]));
    let job = first.offered();
    assert_eq!(second.call("PUT", &format!("jobs/{job}/accept"), &Value::Null).status, 422);
    first.accept(&job);
    assert_eq!(second.call("PUT", &format!("jobs/{job}/accept"), &Value::Null).status, 422);
}

#[test]
fn jobs_are_not_started_or_finished_out_of_turn() {
    let plane = Plane::start();
    plane.create(ONE);
    let agent = Agent::connect(&plane, &plane.token(), &[]);
    let job = agent.take();
    job.finish(1).ok();
    assert_eq!(job.start().status, 422);
    assert_eq!(job.finish(0).status, 422, "the first end stands");
}

#[test]
fn an_agent_acquires_a_job_by_its_id() {
    let plane = Plane::start();
    let view = plane.create("steps:\n  - command: a\n    key: a\n  - command: b\n    depends_on: a\n");
    let jobs: Vec<_> = view.jobs().map(|job| job.id.to_string()).collect();
    let body = json!({ "name": "one", "ignore_in_dispatches": true, "meta_data": ["queue=other"] });
    let agent = Agent::register(&plane.url, &plane.token(), &body);
    let acquire = |job: &str, header: &str| {
        let headers = [("X-Buildkite-Lock-Acquire-Job", header)];
        support::send(&plane.url, "PUT", &format!("jobs/{job}/acquire"), &agent.session, &headers, b"")
    };
    assert_eq!(acquire(&jobs[0], "0").status, 400);
    assert_eq!(acquire(&jobs[1], "1").status, 423, "it waits for the other");
    assert_eq!(agent.ping()["job"], Value::Null, "nothing is offered to it");
    let payload = acquire(&jobs[0], "1").ok();
    assert_eq!(payload["id"].as_str(), Some(jobs[0].as_str()));
    let other = Agent::register(&plane.url, &plane.token(), &body);
    let taken = support::send(
        &plane.url,
        "PUT",
        &format!("jobs/{}/acquire", jobs[0]),
        &other.session,
        &[("X-Buildkite-Lock-Acquire-Job", "1")],
        b"",
    );
    assert_eq!(taken.status, 422);
}

#[test]
fn agents_get_the_jobs_that_fit_them() {
    let plane = Plane::start();
    plane.create(
        "steps:\n  - command: low\n    priority: -1\n  - command: linux\n    agents: {os: linux}\n  \
         - command: deploy\n    agents: {queue: deploy}\n  - command: high\n    priority: 5\n",
    );
    let token = plane.token();
    let plain = Agent::connect(&plane, &token, &[]);
    assert_eq!(plain.work(0).env("BUILDKITE_COMMAND"), "high");
    assert_eq!(plain.work(0).env("BUILDKITE_COMMAND"), "low");
    assert_eq!(plain.ping()["job"], Value::Null);
    assert_eq!(Agent::connect(&plane, &token, &["os=linux"]).work(0).env("BUILDKITE_COMMAND"), "linux");
    assert_eq!(Agent::connect(&plane, &token, &["queue=deploy"]).work(0).env("BUILDKITE_COMMAND"), "deploy");
}

#[test]
fn a_paused_agent_gets_no_jobs_and_a_stopped_one_leaves() {
    let plane = Plane::start();
    plane.create("steps:\n  - command: a\n  - command: b\n");
    let agent = Agent::connect(&plane, &plane.token(), &[]);
    agent.call("POST", "pause", &json!({ "note": "lunch" })).ok();
    assert_eq!(agent.ping(), json!({ "action": "pause", "message": "lunch" }));
    agent.call("POST", "resume", &Value::Null).ok();
    let job = agent.take();
    job.at_root("POST", "stop", &json!({})).ok();
    assert_eq!(job.state(), "running", "its job goes on");
    job.finish(0).ok();
    assert_eq!(agent.ping()["action"], "disconnect");
    agent.call("POST", "disconnect", &Value::Null).ok();
    assert_eq!(agent.call("GET", "ping", &Value::Null).status, 401, "its session has ended");
}

#[test]
fn a_forced_stop_cancels_the_build() {
    let plane = Plane::start();
    let build = plane.create(ONE).summary.id;
    let agent = Agent::connect(&plane, &plane.token(), &[]);
    let job = agent.take();
    agent.call("POST", "stop", &json!({ "force": true })).ok();
    assert_eq!(job.state(), "canceling");
    job.call(
        "PUT",
        "/finish",
        &json!({ "exit_status": "-1", "signal": "SIGTERM", "signal_reason": "cancel" }),
    )
    .ok();
    plane.wait_for_state(build, BuildState::Canceled);
}

#[test]
fn an_agent_that_wants_no_more_jobs_gets_none() {
    let plane = Plane::start();
    plane.create("steps:\n  - command: a\n  - command: b\n");
    let agent = Agent::connect(&plane, &plane.token(), &[]);
    let job = agent.take();
    let mut body = finish_body(0);
    body["ignore_agent_in_dispatches"] = json!(true);
    job.call("PUT", "/finish", &body).ok();
    assert_eq!(agent.ping()["job"], Value::Null);
}

#[test]
fn a_job_canceled_before_its_start_is_dropped() {
    let plane = Plane::start();
    let build = plane.create(ONE).summary.id;
    let agent = Agent::connect(&plane, &plane.token(), &[]);
    let job = agent.accept(&agent.offered());
    job.at_root("POST", &format!("builds/{build}/cancel"), &Value::Null).ok();
    assert_eq!(job.start().status, 422);
    plane.wait_for_state(build, BuildState::Canceled);
    assert_eq!(agent.ping()["job"], Value::Null, "the agent is free again");
}

#[test]
fn meta_data_is_shared_by_a_build() {
    let plane = Plane::start();
    let build = plane.create(ONE).summary.id;
    let agent = Agent::connect(&plane, &plane.token(), &[]);
    let job = agent.take();
    let set = |body: Value| job.call("POST", "/data/set", &body).status;
    assert_eq!(set(json!({ "key": "b", "value": "1" })), 200);
    assert_eq!(set(json!({ "key": "b", "value": "2" })), 200);
    assert_eq!(set(json!({ "key": "buildkite:x", "value": "1" })), 422);
    assert_eq!(set(json!({ "key": "big", "value": "x".repeat(200_000) })), 422);
    let batch = json!({ "items": [{ "key": "a", "value": "b=2=3" }, { "key": "c", "value": "" }] });
    job.call("POST", "/data/set-batch", &batch).ok();
    assert_eq!(
        job.call("POST", "/data/get", &json!({ "key": "b" })).ok(),
        json!({ "key": "b", "value": "2" })
    );
    assert_eq!(job.call("POST", "/data/get", &json!({ "key": "none" })).status, 404);
    assert_eq!(job.call("POST", "/data/exists", &json!({ "key": "none" })).ok(), json!({ "exists": false }));
    assert_eq!(job.call("POST", "/data/keys", &Value::Null).ok(), json!(["a", "b", "c"]));
    let by_build = job.at_root("POST", &format!("builds/{build}/data/get"), &json!({ "key": "a" }));
    assert_eq!(by_build.ok()["value"], "b=2=3");
    let bad = json!({ "items": [{ "key": "fine", "value": "1" }, { "key": "", "value": "1" }] });
    assert_eq!(job.call("POST", "/data/set-batch", &bad).status, 422);
    assert_eq!(job.call("POST", "/data/exists", &json!({ "key": "fine" })).ok(), json!({ "exists": false }));
}

#[test]
fn annotations_are_made_changed_and_removed() {
    let plane = Plane::start();
    let build = plane.create(ONE).summary.id;
    let job = Agent::connect(&plane, &plane.token(), &[]).take();
    let annotate = |body: Value| job.call("POST", "/annotations", &body).status;
    assert_eq!(annotate(json!({ "body": "one", "context": "a.b c", "style": "info", "priority": 3 })), 201);
    assert_eq!(
        annotate(json!({ "body": " two", "context": "a.b c", "append": true, "scope": "build" })),
        201
    );
    assert_eq!(annotate(json!({ "context": "a.b c", "style": "error" })), 201);
    assert_eq!(annotate(json!({ "body": "first", "priority": 9 })), 201);
    assert_eq!(annotate(json!({ "body": "mine", "scope": "job" })), 201);
    assert_eq!(annotate(json!({ "context": "new", "style": "info" })), 422);
    assert_eq!(annotate(json!({ "body": "x", "style": "loud" })), 422);
    let shown = plane.runtime.block_on(plane.running.handle.annotations(build)).expect("annotations");
    let shown: Vec<_> =
        shown.iter().map(|a| (a.context.as_str(), a.style.as_deref(), a.body.as_str())).collect();
    assert_eq!(
        shown,
        [("default", None, "first"), ("a.b c", Some("error"), "one two"), ("default", None, "mine")]
    );
    assert_eq!(job.call("DELETE", "/annotations/a%2Eb%20c?scope=build", &Value::Null).status, 200);
    assert_eq!(job.call("DELETE", "/annotations/a%2Eb%20c?scope=build", &Value::Null).status, 404);
    assert_eq!(job.call("DELETE", "/annotations/default?scope=job", &Value::Null).status, 200);
}

#[test]
fn a_job_uploads_steps_once() {
    let plane = Plane::start();
    let build = plane.create(ONE).summary.id;
    let agent = Agent::connect(&plane, &plane.token(), &[]);
    let job = agent.take();
    let body = json!({ "uuid": uuid::Uuid::new_v4().to_string(), "pipeline": { "steps": [{ "command": "more", "key": "m" }] } });
    job.call("POST", "/pipelines?async=true", &body).ok();
    job.call("POST", "/pipelines?async=true", &body).ok();
    assert_eq!(plane.build(build).steps.len(), 2);
    let uuid = body["uuid"].as_str().expect("text");
    assert_eq!(job.call("GET", &format!("/pipelines/{uuid}"), &Value::Null).ok()["state"], "applied");
    let refused = job.upload(json!({ "steps": [{ "command": "again", "key": "m" }] }), false);
    assert_eq!(refused.status, 422);
    assert!(refused.body["message"].as_str().expect("a message").contains("\"m\""), "{refused:?}");
    assert_eq!(job.upload(json!({ "steps": [{ "label": "nothing" }] }), false).status, 422);
    job.finish(0).ok();
    assert_eq!(agent.work(0).env("BUILDKITE_COMMAND"), "more");
    plane.wait_for_state(build, BuildState::Passed);
}

#[test]
fn steps_are_read_changed_and_canceled() {
    let plane = Plane::start();
    let build = plane
        .create("steps:\n  - command: make\n    label: Make\n    key: make\n    agents: {os: \"*\"}\n")
        .summary
        .id;
    let agent = Agent::connect(&plane, &plane.token(), &["os=linux"]);
    let job = agent.take();
    let export = |body: Value| job.at_root("POST", "steps/make/export", &body);
    let get = |attribute: &str, format: &str| {
        export(json!({ "attribute": attribute, "build_id": build, "format": format }))
    };
    assert_eq!(get("label", "").ok(), json!({ "output": "Make" }));
    assert_eq!(get("state", "").ok()["output"], "running");
    assert_eq!(get("agents", "").status, 422);
    assert_eq!(get("agents", "json").ok()["output"], "[\"os=*\"]");
    assert_eq!(get("nothing", "").status, 422);
    assert_eq!(export(json!({ "attribute": "label" })).status, 422, "a key needs its build");
    let update = json!({ "idempotency_uuid": uuid::Uuid::new_v4(), "build_id": build, "attribute": "label", "value": "!", "append": true });
    job.at_root("PUT", "steps/make", &update).ok();
    job.at_root("PUT", "steps/make", &update).ok();
    assert_eq!(get("label", "").ok()["output"], "Make!");
    let step = job.env("BUILDKITE_STEP_ID").to_owned();
    job.at_root(
        "POST",
        &format!("steps/{step}/cancel"),
        &json!({ "build_id": build, "force": false, "force_grace_period": 10 }),
    )
    .ok();
    assert_eq!(job.state(), "canceling");
}

#[test]
fn a_promise_is_kept() {
    let plane = Plane::start();
    let build = plane.create(ONE).summary.id;
    let job = Agent::connect(&plane, &plane.token(), &[]).take();
    let promise = |status: i64| {
        job.call("PUT", "/promise_failure", &json!({ "exit_status": status, "reason": "why" })).status
    };
    assert_eq!(promise(0), 422);
    assert_eq!(promise(3), 204);
    assert_eq!(promise(3), 204);
    assert_eq!(promise(4), 409);
    job.finish(0).ok();
    let view = plane.wait_for_state(build, BuildState::Failed);
    assert_eq!(view.job(job.job_id()).expect("the job").exit_status, Some(3));
    assert_eq!(promise(3), 422);
}

#[test]
fn a_job_changes_its_timeout() {
    let plane = Plane::start();
    plane.create("steps:\n  - command: make\n    timeout_in_minutes: 10\n");
    let job = Agent::connect(&plane, &plane.token(), &[]).take();
    assert_eq!(job.env("BUILDKITE_TIMEOUT"), "10");
    let update = |attribute: &str, value: &str| job.call("PUT", "", &json!({ attribute: value })).status;
    assert_eq!(update("timeout_in_minutes", "20"), 200);
    assert_eq!(update("timeout_in_minutes", "0"), 422);
    assert_eq!(update("timeout_in_minutes", "500"), 422);
    assert_eq!(update("label", "x"), 422);
}

#[test]
fn what_is_not_offered_says_so() {
    let plane = Plane::start();
    plane.create(ONE);
    let job = Agent::connect(&plane, &plane.token(), &[]).take();
    let secret = job.call("GET", "/secrets?key=deploy", &Value::Null);
    assert_eq!(secret.status, 404);
    assert!(secret.body["message"].as_str().expect("a message").contains("deploy"));
    assert_eq!(job.call("POST", "/oidc/tokens", &json!({})).status, 422);
    assert_eq!(job.call("POST", "/repository_access_token", &json!({ "repo_url": "https://x" })).status, 404);
}

#[test]
fn nonsense_is_refused_in_json() {
    let plane = Plane::start();
    let agent = Agent::connect(&plane, &plane.token(), &[]);
    let answer = support::send(&plane.url, "POST", "pause", &agent.session, &[], b"{no json");
    assert_eq!(answer.status, 400);
    assert!(answer.body["message"].is_string(), "{answer:?}");
    let answer = plane.call("GET", "nothing/here", &agent.session, &Value::Null);
    assert_eq!(answer.status, 404);
    assert!(answer.body["message"].is_string(), "{answer:?}");
}
