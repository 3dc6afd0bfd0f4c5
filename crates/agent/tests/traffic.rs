//! What `--trace-http` and `--debug-http` show of requests (docs/spec/agent-api.md §7).
#![expect(clippy::disallowed_methods, reason = "the test is the parent of the program under test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};

/// The log of `meta-data get` against a server that answers once with `answer`.
fn log(options: &[&str], answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}/v3", listener.local_addr().expect("an address"));
    let server = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        let mut length = 0;
        while reader.read_line(&mut line).is_ok_and(|length| length > 2) {
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a number");
            }
            line.clear();
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        reader.into_inner().write_all(answer.as_bytes()).expect("it is read");
    });
    let output = Command::new(env!("CARGO_BIN_EXE_buildkite-agent"))
        .args(["meta-data", "get", "key", "--job", "j", "--agent-access-token", "sekrit", "--no-color"])
        .args(["--endpoint", &endpoint])
        .args(options)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    server.join().expect("it served");
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!log.contains("sekrit"), "a token in the log: {log}");
    log
}

const FOUND: &str = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\n{\"value\":\"v\"}";

#[test]
fn timings_are_told_when_they_are_asked_for() {
    let line = |log: &str| log.lines().find(|line| line.contains("HTTP Timing Trace")).map(str::to_owned);
    let traced = log(&["--trace-http", "--debug"], FOUND);
    let traced = line(&traced).expect("a line of timings");
    for part in
        ["DEBUG", "uri=http://127.0.0.1:", "method=POST", "hostPort=127.0.0.1:", "gotFirstResponseByte="]
    {
        assert!(traced.contains(part), "{part}: {traced}");
    }
    assert_eq!(line(&log(&["--trace-http"], FOUND)), None, "a success is told at debug level only");
    assert_eq!(line(&log(&["--debug"], FOUND)), None);
}

#[test]
fn dumps_have_everything_but_the_token() {
    let dumped = log(&["--debug-http", "--debug"], FOUND);
    assert!(dumped.contains(r#"{"value":"v"}"#) && dumped.contains("/jobs/j/data/get"), "{dumped}");
    assert!(!log(&["--debug"], FOUND).contains(r#"{"value":"v"}"#));
}

/// `sekrit` is looked for in every log.
#[test]
fn nothing_that_opens_doors_is_dumped() {
    let shown = log(
        &["--debug-http", "--debug"],
        "HTTP/1.1 200 OK\r\nConnection: close\r\nSet-Cookie: id=sekrit\r\nX-Auth-Token: sekrit\r\nContent-Length: 94\r\n\r\n\
         {\"value\":\"v\", \"token\":\"sekrit\", \"headers\":{\"a\":\"sekrit\"}, \"url\":\"https://s/f?sig=sekrit&n=1\"}\n",
    );
    assert!(
        shown.contains("n=1") && shown.contains(r#""value":"v""#) && shown.contains("set-cookie"),
        "{shown}"
    );
    let shown = log(
        &["--debug-http", "--debug"],
        "HTTP/1.1 422 X\r\nConnection: close\r\nContent-Length: 9\r\n\r\n\u{1b}[31m\u{0}red",
    );
    assert!(shown.contains("(9 bytes that are no text)") && !shown.contains("[31m"), "{shown}");
}
