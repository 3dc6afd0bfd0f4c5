//! The HTTP server of the status pages.

use super::board::Board;
use super::pages::page;
use bytes::Bytes;
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, body::Incoming, header};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// More questions than this at once wait.
const CONNECTIONS: usize = 64;
/// How long a connection may be open without a question.
const PATIENCE: Duration = Duration::from_secs(30);

/// Answers on `address` for as long as it is polled. That it can't listen is said, and changes nothing else.
pub(crate) async fn serve(address: &str, board: Arc<Board>) {
    let started = Instant::now();
    let listener = match TcpListener::bind(address).await {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!("Could not start the health check server on {address}: {error}");
            return std::future::pending().await;
        }
    };
    tracing::info!(target: "notice", "Starting HTTP health check server on {address}");
    answer(&listener, &board, started).await;
}

/// Answers whoever connects; who stays silent makes room for those who don't.
async fn answer(listener: &TcpListener, board: &Arc<Board>, started: Instant) {
    let mut connections = JoinSet::new();
    loop {
        while connections.len() >= CONNECTIONS {
            connections.join_next().await;
        }
        tokio::select! {
            accepted = listener.accept() => {
                // Whoever has gone before they were answered wants no answer.
                let Ok((connection, _)) = accepted else { continue };
                let board = board.clone();
                let answer = service_fn(move |request| {
                    std::future::ready(Ok::<_, Infallible>(respond(&request, &board, started)))
                });
                let served = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(PATIENCE)
                    .serve_connection(TokioIo::new(connection), answer);
                connections.spawn(async move { drop(served.await) });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

fn respond(request: &Request<Incoming>, board: &Board, started: Instant) -> Response<Full<Bytes>> {
    let page = page(request.uri().path(), board, started);
    let mut response = Response::new(Full::from(page.body));
    *response.status_mut() = hyper::StatusCode::from_u16(page.status).expect("the statuses of pages exist");
    let content_type = header::HeaderValue::from_static(page.content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    const QUESTION: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    const ANSWER: &str = "OK: Buildkite agent is running";

    /// Asks on this connection and reads until the answer is there.
    async fn ask(connection: &mut TcpStream) {
        connection.write_all(QUESTION).await.unwrap();
        let mut text = Vec::new();
        while !String::from_utf8_lossy(&text).ends_with(ANSWER) {
            assert_ne!(
                connection.read_buf(&mut text).await.unwrap(),
                0,
                "{}",
                String::from_utf8_lossy(&text)
            );
        }
    }

    /// As many connections as there may be, silent after so many questions; then one that asks.
    async fn silence_after(questions: usize) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let board = Arc::default();
        let asking = async {
            let mut silent = Vec::new();
            for _ in 0..CONNECTIONS {
                let mut connection = TcpStream::connect(address).await.unwrap();
                for _ in 0..questions {
                    ask(&mut connection).await;
                }
                silent.push(connection);
            }
            ask(&mut TcpStream::connect(address).await.unwrap()).await;
        };
        tokio::select! {
            () = answer(&listener, &board, Instant::now()) => {}
            () = asking => {}
        }
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn who_says_nothing_keeps_nobody_from_an_answer() {
        silence_after(0).await;
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn who_says_nothing_any_more_keeps_nobody_from_an_answer() {
        silence_after(1).await;
    }
}
