//! Both clients against a scripted server.
#![allow(dead_code, reason = "no test file uses all of it")]

use redkite_api::blocking;
use redkite_api::client::{Client, Transport};
use redkite_api::{ApiError, Call, Endpoint, Http2, Settings};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

/// Answers one connection after another with these texts; hands back the requests.
pub(crate) struct Server {
    pub(crate) endpoint: String,
    pub(crate) thread: JoinHandle<Vec<String>>,
}

impl Server {
    /// In each answer `PORT` is the server's own.
    fn new(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let whole = |answer: &&str| answer.replace('\n', "\r\n").replace("PORT", &port).into_bytes();
        Self::on(listener, answers.iter().map(whole).collect())
    }

    /// With answers as they are sent.
    pub(crate) fn on(listener: TcpListener, answers: Vec<Vec<u8>>) -> Self {
        let endpoint = format!("http://{}/v3", listener.local_addr().unwrap());
        let answer = move || {
            answers
                .iter()
                .map(|answer| {
                    let (mut connection, _) = listener.accept().unwrap();
                    let request = read_request(&connection);
                    connection.write_all(answer).unwrap();
                    request
                })
                .collect()
        };
        Self { endpoint, thread: std::thread::spawn(answer) }
    }
}

fn read_request(connection: &TcpStream) -> String {
    let mut reader = BufReader::new(connection);
    let (mut text, mut length) = (String::new(), 0);
    loop {
        let start = text.len();
        reader.read_line(&mut text).unwrap();
        let line = text[start..].trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    text.to_ascii_lowercase() + &String::from_utf8(body).unwrap()
}

/// What both clients make of a call.
pub(crate) fn results<T>(call: &Call<T>, settings: impl Fn() -> Settings) -> [Result<T, ApiError>; 2] {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = Client::new(Transport::new(Http2::Offered), settings());
    [blocking::Client::new(settings()).call(call), runtime.block_on(client.call(call))]
}

/// Makes the call with both clients and checks result and requests.
pub(crate) fn check<T>(
    call: &Call<T>,
    answers: &[&str],
    shown: impl Fn(Result<T, ApiError>) -> String,
    expected: &str,
    requests: &[&[&str]],
) {
    let judge = |server: Server, seen: String| {
        let seen = seen.replace(&server.endpoint, "ENDPOINT");
        assert_eq!(seen, expected);
        let received = server.thread.join().unwrap();
        assert_eq!(received.len(), requests.len());
        for (received, parts) in received.iter().zip(requests) {
            for part in *parts {
                assert!(received.contains(part), "{part:?} is not in {received}");
            }
        }
    };
    let settings = |server: &Server| Settings::new(Endpoint::from(server.endpoint.as_str()), "secret".into());

    let server = Server::new(answers);
    let client = blocking::Client::new(settings(&server));
    judge(server, shown(client.call(call)));

    let server = Server::new(answers);
    let client = Client::new(Transport::new(Http2::Offered), settings(&server));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    judge(server, shown(runtime.block_on(client.call(call))));
}
