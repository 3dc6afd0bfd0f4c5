//! Artifacts go up by form and come down by address (agent-api.md §15).

mod support;

use std::io::Read as _;

use redkite_scheduler::BuildState;
use serde_json::{Value, json};
use support::{Agent, Job, Plane};

fn declare(job: &Job, batch: &str, files: &[(&str, &str)]) -> Value {
    let artifacts: Vec<Value> = files
        .iter()
        .map(|(path, content)| {
            json!({ "id": "", "path": path, "absolute_path": format!("/w/{path}"), "glob_path": "", "job_id": "",
                "file_size": content.len(), "sha1sum": "a".repeat(40), "sha256sum": "b".repeat(64),
                "created_at": "0001-01-01T00:00:00Z", "content_type": "text/plain" })
        })
        .collect();
    let body =
        json!({ "id": batch, "artifacts": artifacts, "upload_destination": "", "multipart_supported": true });
    job.call("POST", "/artifacts", &body).ok()
}

/// Fills in the form as agents do.
fn send(created: &Value, path: &str, content: &str) -> u16 {
    let action = &created["upload_instructions"]["action"];
    let (url, at) = (action["url"].as_str().expect("a URL"), action["path"].as_str().expect("a path"));
    let mut form = String::new();
    for (name, value) in created["upload_instructions"]["data"].as_object().expect("fields") {
        let value = value.as_str().expect("text").replace("${artifact:path}", path);
        form.push_str(&format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    let field = action["file_input"].as_str().expect("text");
    form.push_str(&format!(
        "--B\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{path}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n{content}\r\n--B--\r\n"
    ));
    let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build();
    let request = ureq::Agent::from(config).post(format!("{url}{at}"));
    let sent = request.header("Content-Type", "multipart/form-data; boundary=B").send(form.as_bytes());
    sent.expect("an answer").status().as_u16()
}

fn get(url: &str) -> Result<String, u16> {
    let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build();
    let mut response = ureq::Agent::from(config).get(url).call().expect("an answer");
    if !response.status().is_success() {
        return Err(response.status().as_u16());
    }
    let mut text = String::new();
    response.body_mut().as_reader().read_to_string(&mut text).expect("text");
    Ok(text)
}

fn report(job: &Job, created: &Value, state: &str) {
    let ids = created["artifact_ids"].as_array().expect("ids");
    let artifacts: Vec<Value> = ids.iter().map(|id| json!({ "id": id, "state": state })).collect();
    job.call("PUT", "/artifacts", &json!({ "artifacts": artifacts })).ok();
}

fn search(job: &Job, query: &str) -> Value {
    let build = job.env("BUILDKITE_BUILD_ID");
    job.at_root("GET", &format!("builds/{build}/artifacts/search?{query}"), &Value::Null).ok()
}

const BATCH: &str = "8fa4f7cd-c26c-4603-bdc3-a567710d6a3b";

#[test]
fn what_goes_up_comes_down() {
    let mut plane = Plane::start();
    plane.create("steps:\n  - command: make\n    key: make\n");
    let job = Agent::connect(&plane, &plane.token(), &[]).take();
    let files = [("dir/a.txt", "hello"), ("b \"q\".txt", "")];
    let created = declare(&job, BATCH, &files);
    assert_eq!(
        declare(&job, BATCH, &files)["artifact_ids"],
        created["artifact_ids"],
        "a repeated call is the same batch"
    );
    assert_eq!(send(&created, "dir/a.txt", "hello"), 201);
    assert_eq!(send(&created, "b \"q\".txt", ""), 201);
    assert_eq!(send(&created, "dir/a.txt", "hello"), 200, "sent again after a lost answer");
    assert_eq!(send(&created, "dir/a.txt", "other"), 200);
    assert_eq!(search(&job, "query=dir%2F%2A&state=finished"), json!([]), "not reported yet");
    report(&job, &created, "finished");
    plane = plane.restart();
    let found = search(&job, "query=dir%2F%2A&state=finished&scope=make");
    assert_eq!(found[0]["path"], "dir/a.txt");
    assert_eq!(found[0]["job_id"], job.id);
    let url = found[0]["url"].as_str().expect("a URL");
    assert_eq!(get(url), Ok("hello".into()));
    assert_eq!(get(&format!("{url}0")), Err(403));
    assert_eq!(search(&job, "query=%2A%2A&state=finished").as_array().expect("a list").len(), 2);
    drop(plane);
}

#[test]
fn an_upload_that_is_not_what_was_declared_is_an_error() {
    let plane = Plane::start();
    plane.create("steps:\n  - command: make\n");
    let job = Agent::connect(&plane, &plane.token(), &[]).take();
    let created = declare(&job, BATCH, &[("a.txt", "hello")]);
    assert_eq!(send(&created, "a.txt", "hell"), 422);
    assert_eq!(send(&created, "other.txt", "hello"), 404);
    report(&job, &created, "finished");
    assert_eq!(search(&job, "query=a.txt&state=finished"), json!([]));
    assert_eq!(search(&job, "query=a.txt&state=error").as_array().expect("a list").len(), 1);
}

#[test]
fn artifacts_in_other_stores_are_only_recorded() {
    let plane = Plane::start();
    plane.create("steps:\n  - command: make\n");
    let job = Agent::connect(&plane, &plane.token(), &[]).take();
    let body = json!({ "id": BATCH, "upload_destination": "s3://bucket/x", "artifacts": [
        { "path": "a.txt", "file_size": 5, "url": "https://bucket.s3.example/x/a.txt" }] });
    let created = job.call("POST", "/artifacts", &body).ok();
    report(&job, &created, "finished");
    let found = search(&job, "query=a.txt&state=finished");
    assert_eq!(found[0]["url"], "https://bucket.s3.example/x/a.txt");
    assert_eq!(found[0]["upload_destination"], "s3://bucket/x");
}

#[test]
fn a_retry_hides_the_artifacts_of_the_job_it_repeats() {
    let plane = Plane::start();
    let build = plane
        .create("steps:\n  - command: make\n    retry: {automatic: {exit_status: 1, limit: 1}}\n")
        .summary
        .id;
    let agent = Agent::connect(&plane, &plane.token(), &[]);
    let upload = |job: &Job, batch: &str, content: &str| {
        let created = declare(job, batch, &[("a.txt", content)]);
        assert_eq!(send(&created, "a.txt", content), 201);
        report(job, &created, "finished");
    };
    let first = agent.take();
    upload(&first, BATCH, "first");
    first.finish(1).ok();
    let second = agent.take();
    upload(&second, "11111111-c26c-4603-bdc3-a567710d6a3b", "second");
    let found = search(&second, "query=a.txt&state=finished");
    assert_eq!(get(found[0]["url"].as_str().expect("a URL")), Ok("second".into()));
    let all = search(&second, "query=a.txt&state=finished&include_retried_jobs=true&include_duplicates=true");
    assert_eq!(all.as_array().expect("a list").len(), 2);
    second.finish(0).ok();
    plane.wait_for_state(build, BuildState::Passed);
}

#[test]
fn a_plane_that_listens_everywhere_tells_the_address_it_was_called_by() {
    let plane = Plane::with(|config| config.listen.set_ip(std::net::Ipv4Addr::UNSPECIFIED.into()));
    plane.create("steps:\n  - command: make\n");
    let job = Agent::connect(&plane, &plane.token(), &[]).take();
    let created = declare(&job, BATCH, &[("a.txt", "hello")]);
    let url = created["upload_instructions"]["action"]["url"].as_str().expect("a URL");
    assert_eq!(url, format!("http://127.0.0.1:{}", plane.running.addr.port()));
    assert_eq!(send(&created, "a.txt", "hello"), 201);
}
