//! The HTTP server of the status pages.

use super::board::Board;
use super::pages::page;
use bytes::Bytes;
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, body::Incoming, header};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// More questions than this at once wait.
const CONNECTIONS: usize = 64;

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
                let served = http1::Builder::new().serve_connection(TokioIo::new(connection), answer);
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
