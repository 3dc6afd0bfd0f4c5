//! Both clients against a scripted server: the same calls, the same requests, the same answers.
#![cfg(all(feature = "blocking", feature = "async"))]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod both;

use both::check;
use redkite_api::blocking;
use redkite_api::calls::{self, meta_data::Scope};
use redkite_api::{Endpoint, Settings};
use std::net::TcpListener;

const OK: &str = "HTTP/1.1 200 OK\nConnection: close\nContent-Length: 2\n\n{}";

#[test]
fn a_call_says_who_it_is() {
    check(
        &calls::agent::connect(),
        &[OK],
        |result| format!("{result:?}"),
        "Ok(())",
        &[&[
            "post /v3/connect http/1.1",
            "authorization: token secret",
            "user-agent: buildkite-agent/3.",
            "content-length: 0",
        ]],
    );
}

#[test]
fn bodies_go_out_and_come_in() {
    let scope = Scope::Job("J.1".into());
    check(
        &calls::meta_data::get(&scope, "k"),
        &["HTTP/1.1 200 OK\nConnection: close\nContent-Length: 23\n\n{\"key\":\"k\",\"value\":\"v\"}"],
        |result| result.unwrap().value,
        "v",
        &[&["post /v3/jobs/j%2e1/data/get ", "content-type: application/json", "\r\n\r\n{\"key\":\"k\"}\n"]],
    );
}

#[test]
fn credentials_follow_redirects() {
    check(
        &calls::agent::disconnect(),
        &[
            "HTTP/1.1 307 Temporary Redirect\nConnection: close\nLocation: /elsewhere\nContent-Length: 0\n\n",
            OK,
        ],
        |result| format!("{result:?}"),
        "Ok(())",
        &[&["post /v3/disconnect "], &["post /elsewhere ", "authorization: token secret"]],
    );
}

#[test]
fn errors_are_told_with_the_servers_words() {
    check(
        &calls::meta_data::get(&Scope::Build("B".into()), "k"),
        &["HTTP/1.1 404 Not Found\nConnection: close\nContent-Length: 21\n\n{\"message\":\"no such\"}"],
        |result| result.unwrap_err().to_string(),
        "POST ENDPOINT/builds/B/data/get: 404 Not Found: no such",
        &[&["post /v3/builds/b/data/get "]],
    );
}

#[test]
fn what_may_pass_is_tried_again_when_the_server_says() {
    let busy = "HTTP/1.1 503 Service Unavailable\nConnection: close\nRetry-After: 0\nContent-Length: 0\n\n";
    check(
        &calls::job::acquire(&"J".into()),
        &[busy, OK],
        |result| format!("{:?}", result.map(|job| job.id)),
        "Ok(JobId(\"\"))",
        &[
            &[
                "x-buildkite-backoff-sequence: 0",
                "x-buildkite-lock-acquire-job: 1",
                "buildkite-timeout-milliseconds: ",
            ],
            &["x-buildkite-backoff-sequence: 1"],
        ],
    );
}

#[test]
fn nobody_there_is_an_error_that_may_pass() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let settings = Settings::new(Endpoint::from(endpoint), "".into());
    let error = blocking::Client::new(settings).call(&calls::agent::ping()).unwrap_err();
    assert!(error.is_retryable() && error.status().is_none(), "{error}");
}

/// §5: the status tells it all to a call that doesn't read the body; one that does asks again.
#[test]
fn a_body_that_breaks_off_matters_only_to_its_reader() {
    let broken = |status: &str, body: &str| {
        format!("HTTP/1.1 {status}\nConnection: close\nContent-Length: 99\n\n{body}")
    };
    let start = redkite_api::wire::Start { started_at: jiff::Timestamp::UNIX_EPOCH };
    for (status, expected) in [
        ("200 OK", "Ok(())"),
        ("422 Unprocessable Entity", "PUT ENDPOINT/jobs/J/start: 422 Unprocessable Entity"),
    ] {
        check(
            &calls::job::start(&"J".into(), &start),
            &[&broken(status, "{\"message\":")],
            |result| result.map_or_else(|error| error.to_string(), |done| format!("Ok({done:?})")),
            expected,
            &[&["put /v3/jobs/j/start "]],
        );
    }
    check(
        &calls::secret::oidc_token(&"J".into(), &redkite_api::wire::OidcRequest::default()),
        &[&broken("200 OK", "{\"token\":"), "HTTP/1.1 422 -\nConnection: close\nContent-Length: 0\n\n"],
        |result| result.unwrap_err().to_string(),
        "POST ENDPOINT/jobs/J/oidc/tokens: 422 Unprocessable Entity",
        &[&["post /v3/jobs/j/oidc/tokens "], &["post /v3/jobs/j/oidc/tokens "]],
    );
}
