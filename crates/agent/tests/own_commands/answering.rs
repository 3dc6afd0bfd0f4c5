//! A control plane that answers as a test says, and keeps what it was asked.
#![allow(dead_code, reason = "no test file uses all of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// What the plane does with a request.
pub(crate) enum Answer {
    /// A status and a body.
    Of(u16, String),
    /// These words, whether they are HTTP or not, and the end of the connection.
    Raw(&'static str),
    /// Nothing, for as long as the test runs.
    Hang,
}

impl Answer {
    pub(crate) fn of(status: u16, body: &str) -> Self {
        Self::Of(status, body.to_owned())
    }
}

/// What doesn't come until then never comes.
const LONGEST: Duration = Duration::from_secs(60);

/// A request: its route, and all of it as text.
type Request = (String, String);
type Rule = dyn Fn(&str, usize) -> Option<Answer> + Send + Sync;

/// The plane; it answers for as long as the test runs.
pub(crate) struct Plane {
    address: String,
    requests: Arc<(Mutex<Vec<Request>>, Condvar)>,
}

impl Plane {
    /// A plane that takes artifacts, but for what `rule` answers: it is told the route and how often that came
    /// before.
    pub(crate) fn new(rule: impl Fn(&str, usize) -> Option<Answer> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = format!("http://{}", listener.local_addr().expect("it has one"));
        let requests: Arc<(Mutex<Vec<Request>>, Condvar)> = Arc::default();
        let (rule, kept, url): (Arc<Rule>, _, _) = (Arc::new(rule), requests.clone(), address.clone());
        std::thread::spawn(move || {
            // Connections that hang stay open.
            let mut hanging = Vec::new();
            for stream in listener.incoming() {
                let stream = stream.expect("a connection");
                hanging.push(stream.try_clone().expect("a handle"));
                let (rule, kept, url) = (rule.clone(), kept.clone(), url.clone());
                // An agent that is gone needs no answer.
                std::thread::spawn(move || drop(serve(&stream, &*rule, &kept, &url)));
            }
        });
        Self { address, requests }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/v3", self.address)
    }

    /// The routes of all requests, in order.
    pub(crate) fn routes(&self) -> Vec<String> {
        self.requests
            .0
            .lock()
            .expect("no thread panics in it")
            .iter()
            .map(|(route, _)| route.clone())
            .collect()
    }

    pub(crate) fn count(&self, route: &str) -> usize {
        self.routes().iter().filter(|asked| *asked == route).count()
    }

    /// The last request of this route.
    pub(crate) fn request(&self, route: &str) -> String {
        let requests = self.requests.0.lock().expect("no thread panics in it");
        requests.iter().rfind(|(asked, _)| asked == route).expect("it came").1.clone()
    }

    /// Waits until a request of this route has come.
    pub(crate) fn wait_for(&self, route: &str) {
        let requests = self.requests.0.lock().expect("no thread panics in it");
        let missing = |requests: &mut Vec<Request>| requests.iter().all(|(asked, _)| asked != route);
        let waited = self.requests.1.wait_timeout_while(requests, LONGEST, missing);
        assert!(!waited.expect("no thread panics in it").1.timed_out(), "{route} never came");
    }
}

fn serve(
    mut stream: &TcpStream,
    rule: &Rule,
    kept: &(Mutex<Vec<Request>>, Condvar),
    url: &str,
) -> std::io::Result<()> {
    let (route, text) = read(stream)?;
    let before = {
        let mut requests = kept.0.lock().expect("no thread panics in it");
        let before = requests.iter().filter(|(asked, _)| *asked == route).count();
        requests.push((route.clone(), text));
        kept.1.notify_all();
        before
    };
    if route.starts_with("CONNECT ") {
        write!(stream, "HTTP/1.1 200 X\r\n\r\n")?;
        return serve(stream, rule, kept, url);
    }
    let answer = rule(&route, before).unwrap_or_else(|| usual(&route, url));
    match answer {
        Answer::Hang => return Ok(()),
        Answer::Raw(text) => stream.write_all(text.as_bytes())?,
        Answer::Of(status, body) => {
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
            )?;
        }
    }
    stream.shutdown(std::net::Shutdown::Both)
}

fn read(stream: &TcpStream) -> std::io::Result<Request> {
    let mut reader = BufReader::new(stream);
    let (mut text, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        text.push_str(&line);
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a number");
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    text.push_str(&String::from_utf8_lossy(&body));
    let route = text.split(' ').take(2).collect::<Vec<_>>().join(" ");
    Ok((route, text))
}

fn usual(route: &str, url: &str) -> Answer {
    match route {
        "POST /v3/jobs/job/artifacts" => Answer::Of(
            201,
            format!(
                r#"{{"id":"b","artifact_ids":["one"],"upload_instructions":{{"data":{{}},"action":
                {{"url":"{url}","method":"POST","path":"up","file_input":"file"}}}}}}"#
            ),
        ),
        _ => Answer::of(200, "{}"),
    }
}
