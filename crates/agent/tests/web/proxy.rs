//! A proxy that leads everything to one server, whatever host is asked for.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::{Seen, serve};

pub(crate) struct Proxy {
    pub(crate) port: u16,
    /// The first line of each request.
    pub(crate) seen: Seen,
}

/// The first line and the headers of a message, and its body.
struct Message {
    head: String,
    body: Vec<u8>,
}

impl Proxy {
    /// In front of `backend`; `authorization` is the value of the header that clients must show.
    pub(crate) fn start(backend: u16, authorization: Option<&'static str>) -> Self {
        let seen = Seen::default();
        let lines = seen.clone();
        let port = serve(move |stream| {
            let seen = seen.clone();
            async move {
                // Clients come and go.
                let _ = connection(stream, backend, authorization, &seen).await;
            }
        });
        Self { port, seen: lines }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("whole").clone()
    }
}

async fn connection(
    stream: TcpStream,
    backend: u16,
    authorization: Option<&str>,
    seen: &Seen,
) -> io::Result<()> {
    let mut client = BufReader::new(stream);
    let mut server = BufReader::new(TcpStream::connect(("127.0.0.1", backend)).await?);
    while let Some(request) = read(&mut client).await? {
        let line = request.head.lines().next().unwrap_or_default().to_owned();
        seen.lock().expect("whole").push(line.clone());
        let shown = request.head.lines().find_map(|line| {
            line.to_lowercase()
                .strip_prefix("proxy-authorization: ")
                .map(|_| line.split_once(": ").expect("a header").1.to_owned())
        });
        if shown.as_deref() != authorization {
            client.write_all(b"HTTP/1.1 407 X\r\ncontent-length: 0\r\n\r\n").await?;
            continue;
        }
        if line.starts_with("CONNECT ") {
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
            return tokio::io::copy_bidirectional(&mut client, &mut server).await.map(drop);
        }
        server.write_all(&relative(&request)).await?;
        let Some(answer) = read(&mut server).await? else { return Ok(()) };
        client.write_all(answer.head.as_bytes()).await?;
        client.write_all(&answer.body).await?;
    }
    Ok(())
}

/// The request as the server is to see it. What comes with an address of its own only is refused by panicking.
fn relative(request: &Message) -> Vec<u8> {
    let (method, rest) = request.head.split_once(' ').expect("a method");
    let (_, path) = rest.strip_prefix("http://").expect("a whole URL").split_once('/').expect("a path");
    [format!("{method} /{path}").as_bytes(), &request.body].concat()
}

async fn read(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Message>> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let start = head.len();
        if reader.read_line(&mut head).await? == 0 {
            return Ok(None);
        }
        let line = head[start..].to_lowercase();
        match line.strip_prefix("content-length:") {
            Some(text) => length = text.trim().parse().expect("a number"),
            None if line == "\r\n" => break,
            None => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).await?;
    Ok(Some(Message { head, body }))
}
