//! Secrets of a step, from servers that give them and from those that don't (docs/spec/job.md §7).
#![cfg(unix)]

#[path = "own_commands/answering.rs"]
mod answering;
mod machine;

use std::io::{Read, Write};
use std::net::TcpListener;

use answering::{Answer, Plane};
use machine::Machine;

const ROUTE: &str = "GET /v3/jobs/job/secrets?key=a";
const VALUE: &str = r#"{"key":"a","value":"sekrit","uuid":"x"}"#;

/// A job with one secret.
fn job(endpoint: &str) -> Machine {
    Machine::new("echo \"it has $SECRET\" | rev")
        .env("BUILDKITE_SECRETS_CONFIG", r#"[{"key":"a","environment_variable":"SECRET"}]"#)
        .env("BUILDKITE_AGENT_ENDPOINT", endpoint)
        .env("BUILDKITE_AGENT_ACCESS_TOKEN", "token")
}

/// What the server answers at first.
type First = fn() -> Answer;

/// Runs a job whose server answers this at first, and well from then on.
fn check(first: First, expected: &str) {
    let plane = Plane::new(move |_, before| Some(if before == 0 { first() } else { Answer::of(200, VALUE) }));
    let ended = job(&plane.url()).run();
    let asked = plane.count(ROUTE);
    match (asked, ended.status.code()) {
        (2, Some(0)) => {
            assert_eq!(expected, "again", "{}", ended.lines);
            let said = "~~~ Preparing secrets\n# Secret a added as environment variable SECRET\n$ cd ";
            ended.check_words(&[said, "tirkes sah ti"]);
        }
        (1, Some(125)) => {
            let said = format!("failed to fetch secrets for job: \n   secret \"a\": {expected}");
            ended.check_words(&["~~~ Preparing secrets\n", &said.replace("URL", &plane.url()), "!it has"]);
        }
        other => panic!("{other:?}, expected: {expected}\n{}", ended.lines),
    }
}

/// What may heal is asked for again, and nothing is said of it; everything else fails the job at once.
#[test]
fn first_answers() {
    const REFUSED: &str = r#"{"message":"no such thing"}"#;
    const GET: &str = "GET URL/jobs/job/secrets?key=a";
    let check_final = |first: First, status: &str| {
        check(first, &format!("{GET}: {status}: no such thing"));
    };
    let again: [First; 10] = [
        || Answer::of(429, REFUSED),
        || Answer::of(500, REFUSED),
        || Answer::of(501, ""),
        || Answer::of(503, "no JSON"),
        || Answer::of(599, REFUSED),
        || Answer::of(204, ""),
        || Answer::of(200, ""),
        || Answer::of(200, r#"{"value":"sek"#),
        || Answer::Raw(""),
        || Answer::Raw("HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{\"va"),
    ];
    let refused: [(First, &str); 9] = [
        (|| Answer::of(302, REFUSED), "302 Found"),
        (|| Answer::of(400, REFUSED), "400 Bad Request"),
        (|| Answer::of(401, REFUSED), "401 Unauthorized"),
        (|| Answer::of(403, REFUSED), "403 Forbidden"),
        (|| Answer::of(404, REFUSED), "404 Not Found"),
        (|| Answer::of(408, REFUSED), "408 Request Timeout"),
        (|| Answer::of(409, REFUSED), "409 Conflict"),
        (|| Answer::of(422, REFUSED), "422 Unprocessable Entity"),
        (|| Answer::of(425, REFUSED), "425 Too Early"),
    ];
    let useless: [(First, &str); 4] = [
        (|| Answer::of(404, "no JSON"), "GET URL/jobs/job/secrets?key=a: 404 Not Found\n"),
        (|| Answer::of(200, "<html>"), "failed to decode JSON response: "),
        (|| Answer::of(200, r#"{"value":3}"#), "failed to decode JSON response: "),
        (|| Answer::Raw("SSH-2.0-x\r\n\r\n"), "GET URL/jobs/job/secrets?key=a: "),
    ];
    std::thread::scope(|scope| {
        for first in again {
            scope.spawn(move || check(first, "again"));
        }
        for (first, status) in refused {
            scope.spawn(move || check_final(first, status));
        }
        for (first, expected) in useless {
            scope.spawn(move || check(first, expected));
        }
    });
}

/// Three attempts in all, and the last one's failure is told.
#[test]
fn a_server_that_stays_ill() {
    let plane = Plane::new(|_, before| Some(Answer::Of(500 + before as u16, String::new())));
    job(&plane.url()).check(125, &["secrets?key=a: 502 Bad Gateway\n", "!: 500 ", "!: 501 "]);
    assert_eq!(plane.count(ROUTE), 3);
}

/// An address that is none, and a server that speaks no TLS where it should: both are tried once.
#[test]
fn no_such_server() {
    job("nowhere").check(125, &["secret \"a\": GET nowhere/jobs/job/secrets?key=a: "]);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let machine = job(&format!("https://{}/v3", listener.local_addr().expect("it has one")));
    std::thread::scope(|scope| {
        let server = scope.spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            stream.read_exact(&mut [0; 6]).expect("it says something");
            stream.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n").expect("written");
            listener
        });
        machine.check(125, &["secret \"a\": GET https://127.0.0.1:"]);
        let listener = server.join().expect("it does not panic");
        listener.set_nonblocking(true).expect("set");
        assert!(listener.accept().is_err(), "it came again");
    });
}

/// All failures are told, in the order of the step, and no secret of such a step is used.
#[test]
fn one_missing_secret_is_too_many() {
    let plane = Plane::new(|route, _| {
        Some(if route.ends_with("key=a") {
            Answer::of(200, VALUE)
        } else {
            Answer::of(404, r#"{"message":"none"}"#)
        })
    });
    let keys = r#"[{"key":"b b"},{"key":"a","environment_variable":"SECRET"},{"key":"c"}]"#;
    let list = format!(
        "secrets for job: \n   secret \"b b\": GET {url}/jobs/job/secrets?key=b+b: 404 Not Found: none\n   \
         secret \"c\": GET {url}/jobs/job/secrets?key=c: 404 Not Found: none\n",
        url = plane.url()
    );
    let machine = job(&plane.url()).env("BUILDKITE_SECRETS_CONFIG", keys);
    machine.check(125, &[&list, "!added as environment variable", "!it has"]);
}
