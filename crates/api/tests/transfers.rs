//! Redirects, compression and addresses, alike for both clients (docs/spec/agent-api.md §2).
#![cfg(all(feature = "blocking", feature = "async"))]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod both;

use both::{Server, check, results};
use flate2::Compression;
use flate2::write::GzEncoder;
use redkite_api::calls::{self, meta_data::Scope};
use redkite_api::client::{Client, Transport};
use redkite_api::stream::PingStream;
use redkite_api::{ApiError, Endpoint, Http2, RequestHeaders, Settings};
use std::io::Write as _;
use std::net::TcpListener;

const FOUND: &str = "HTTP/1.1 200 OK\nConnection: close\nContent-Length: 13\n\n{\"value\":\"v\"}";

fn redirect(status: &str, location: &str) -> String {
    format!("HTTP/1.1 {status} X\nConnection: close\nLocation: {location}\nContent-Length: 0\n\n")
}

fn shown<T: std::fmt::Debug>(result: Result<T, ApiError>) -> String {
    result.map_or_else(|error| error.to_string(), |found| format!("{found:?}"))
}

fn scope() -> Scope {
    Scope::Job("J".into())
}

#[test]
fn a_hop_repeats_or_drops_method_and_body() {
    let get = calls::meta_data::get(&scope(), "k");
    let body = "{\"key\":\"k\"}\n";
    for (status, line, ends) in [
        ("301", "get /v3/to ", "\r\n\r\n"),
        ("302", "get /v3/to ", "\r\n\r\n"),
        ("303", "get /v3/to ", "\r\n\r\n"),
        ("307", "post /v3/to ", body),
        ("308", "post /v3/to ", body),
    ] {
        let hop = ["authorization: token secret", "referer: http://127.0.0.1:", "/v3/jobs/j/data/get", ends];
        let second = [&[line][..], &hop].concat();
        check(
            &get,
            &[&redirect(status, "/v3/to"), FOUND],
            |result| result.unwrap().value,
            "v",
            &[&["post /v3/jobs/j/data/get ", body], &second],
        );
    }
}

/// Another host is sent the token, too: that is how planes lead agents elsewhere.
#[test]
fn a_hop_to_another_host_takes_the_token_along() {
    check(
        &calls::meta_data::get(&scope(), "k"),
        &[&redirect("307", "http://localhost:PORT/v3/to?a=b#c"), FOUND],
        |result| result.unwrap().value,
        "v",
        &[
            &["authorization: token secret"],
            &["post /v3/to?a=b ", "host: localhost:", "authorization: token secret"],
        ],
    );
}

#[test]
fn hops_come_to_an_end() {
    let again = redirect("307", "/v3/again");
    check(
        &calls::meta_data::get(&scope(), "k"),
        &[again.as_str(); 10],
        |result| result.unwrap_err().to_string(),
        "POST ENDPOINT/again: stopped after 10 redirects",
        &[&["post /v3/"][..]; 10],
    );
    for (status, location, error) in [
        ("302", "", "POST ENDPOINT/jobs/J/data/get: 302 Found"),
        ("304", "/v3/to", "POST ENDPOINT/jobs/J/data/get: 304 Not Modified"),
        ("302", "http://[bad/", "POST ENDPOINT/jobs/J/data/get: 302 Found"),
        ("302", "ftp://h/x", "GET ftp://h/x: an address begins with http:// or https:// and a host"),
    ] {
        let answer = redirect(status, location);
        check(
            &calls::meta_data::get(&scope(), "k"),
            &[&answer],
            |r| r.unwrap_err().to_string(),
            error,
            &[&[]],
        );
    }
}

#[test]
fn a_compressed_answer_is_inflated_however_it_is_named_and_cut() {
    let text = b"{\"value\":\"v\"}";
    let packed = |piece: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(piece).unwrap();
        encoder.finish().unwrap()
    };
    let (whole, members) = (packed(text), [packed(&text[..5]), packed(&text[5..])].concat());
    for (encoding, body) in [("gzip", &whole), ("GZIP", &whole), ("gzip", &members)] {
        let head = format!(
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Encoding: {encoding}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let answer = [head.as_bytes(), body].concat();
        let server = Server::on(TcpListener::bind("127.0.0.1:0").unwrap(), vec![answer; 2]);
        let settings = || Settings::new(Endpoint::from(server.endpoint.as_str()), "t".into());
        for found in results(&calls::meta_data::get(&scope(), "k"), settings) {
            assert_eq!(found.unwrap().value, "v", "{encoding}");
        }
        for request in server.thread.join().unwrap() {
            assert!(request.contains("accept-encoding: gzip\r\n"), "{request}");
        }
    }
}

#[test]
fn endpoints_have_paths_queries_users_and_addresses_of_version_6() {
    let served = FOUND.replace('\n', "\r\n").into_bytes();
    for (host, endpoint, line) in [
        ("127.0.0.1", "http://127.0.0.1:PORT", "post /jobs/j/data/get http/1.1"),
        ("127.0.0.1", "http://127.0.0.1:PORT/a/b//", "post /a/b/jobs/j/data/get http/1.1"),
        ("127.0.0.1", "http://127.0.0.1:PORT/a?b=c", "post /a?b=c/jobs/j/data/get http/1.1"),
        ("127.0.0.1", "http://user:pass@127.0.0.1:PORT/v3", "post /v3/jobs/j/data/get http/1.1"),
        ("127.0.0.1", "HTTP://LOCALHOST:PORT/v3", "post /v3/jobs/j/data/get http/1.1"),
        ("[::1]", "http://[::1]:PORT/v3", "post /v3/jobs/j/data/get http/1.1"),
    ] {
        let listener = TcpListener::bind(format!("{host}:0")).unwrap();
        let endpoint = endpoint.replace("PORT", &listener.local_addr().unwrap().port().to_string());
        let server = Server::on(listener, vec![served.clone(); 2]);
        let settings = || Settings::new(Endpoint::from(endpoint.as_str()), "Secret".into());
        for found in results(&calls::meta_data::get(&scope(), "k"), settings) {
            assert_eq!(found.unwrap().value, "v", "{endpoint}");
        }
        for request in server.thread.join().unwrap() {
            assert!(request.starts_with(line), "{endpoint}: {request}");
            assert_eq!(request.matches("authorization:").count(), 1, "{endpoint}: {request}");
            assert!(request.contains("authorization: token secret\r\n"), "{endpoint}: {request}");
        }
    }
}

#[test]
fn what_is_no_endpoint_is_never_tried_again() {
    for endpoint in [
        "",
        "h/v3",
        "//h/v3",
        "ftp://h",
        "unix:///x",
        "http://",
        "http:///v3",
        "http://h:x",
        "http://[::1%25lo]",
    ] {
        let settings = || Settings::new(Endpoint::from(endpoint), "t".into());
        for result in results(&calls::meta_data::get(&scope(), "k"), settings) {
            let error = result.unwrap_err();
            assert!(!error.is_retryable(), "{error}");
            assert!(
                error.to_string().ends_with("an address begins with http:// or https:// and a host"),
                "{error}"
            );
        }
    }
}

/// §4: who has no token sends none; what the server asked for goes along; nothing else does.
#[test]
fn requests_have_the_headers_they_should() {
    let served = FOUND.replace('\n', "\r\n").into_bytes();
    let server = Server::on(TcpListener::bind("127.0.0.1:0").unwrap(), vec![served; 2]);
    let asked = [("BUILDKITE_REQUEST_HEADER_BUILDKITE_SHARD", "s1"), ("BUILDKITE_REQUEST_HEADER_X_FOO", "x")];
    let asked = asked.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let settings = || Settings {
        headers: RequestHeaders::from_environment(asked.clone()),
        ..Settings::new(Endpoint::from(server.endpoint.as_str()), "".into())
    };
    for found in results(&calls::agent::ping(), settings) {
        shown(found);
    }
    for request in server.thread.join().unwrap() {
        let mut names: Vec<_> =
            request.lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0)).collect();
        names.sort_unstable();
        // One of the libraries says that anything is acceptable.
        names.retain(|name| *name != "accept");
        assert_eq!(names, ["accept-encoding", "buildkite-shard", "host", "user-agent"], "{request}");
    }
}

/// §4.3, §10.4: what the server asked for goes along with the stream, which is asked for at the host's root; a name or
/// value that can't be sent is left out.
#[test]
fn a_stream_is_asked_for_with_the_server_s_headers() {
    let answer = b"HTTP/1.1 404 X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_vec();
    let server = Server::on(TcpListener::bind("127.0.0.1:0").unwrap(), vec![answer]);
    let mut headers = RequestHeaders::default();
    let asked = [
        ("Buildkite-Shard", "s1"),
        ("Buildkite-Bad Name", "x"),
        ("Buildkite-Bad-Value", "a\nb"),
        ("X-Foo", "x"),
    ];
    headers
        .update(Some(&asked.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect()));
    let endpoint = server.endpoint.replace("http://", "http://user:pass@");
    let settings = Settings { headers, ..Settings::new(Endpoint::from(endpoint), "secret".into()) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = Client::new(Transport::new(Http2::Offered), settings);
    let end = runtime.block_on(PingStream::open(&client, &"agent-1".into())).unwrap_err();
    assert!(end.is_final(), "{end}");
    let request = server.thread.join().unwrap().remove(0);
    for part in [
        "post /agentedge.v1.agentedgeservice/streampings http/1.1\r\n",
        "authorization: token secret\r\n",
        "buildkite-shard: s1\r\n",
        "content-type: application/grpc\r\n",
        "te: trailers\r\n",
        "grpc-accept-encoding: gzip\r\n",
        "accept-encoding: identity\r\n",
        "content-length: 14\r\n",
        "\r\n\r\n\0\0\0\0\t\n\u{7}agent-1",
    ] {
        assert!(request.contains(part), "{part:?} is not in {request:?}");
    }
    assert!(!request.contains("buildkite-bad") && !request.contains("x-foo"), "{request}");
}
