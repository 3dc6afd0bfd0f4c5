//! HTTP/2 in front of a server that speaks HTTP/1.1 and closes each connection after its answer.

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::serve;

/// Answers a port at which the server behind `backend` speaks HTTP/2 without TLS.
pub(crate) fn bridge(backend: u16) -> u16 {
    serve(move |stream| async move {
        let Ok(mut connection) = h2::server::handshake(stream).await else { return };
        while let Some(Ok((request, respond))) = connection.accept().await {
            tokio::task::spawn_local(async move {
                // A client that hangs up needs no answer.
                let _ = exchange(request, respond, backend).await;
            });
        }
    })
}

async fn exchange(
    request: http::Request<h2::RecvStream>,
    mut respond: h2::server::SendResponse<Bytes>,
    backend: u16,
) -> Result<(), h2::Error> {
    let (parts, mut stream) = request.into_parts();
    let mut body = Vec::new();
    while let Some(data) = stream.data().await {
        let data = data?;
        stream.flow_control().release_capacity(data.len())?;
        body.extend_from_slice(&data);
    }
    let path = parts.uri.path_and_query().expect("a path").as_str();
    let head = format!("{} {path} HTTP/1.1\r\ncontent-length: {}\r\n\r\n", parts.method, body.len());
    let mut server = TcpStream::connect(("127.0.0.1", backend)).await.expect("the server is there");
    server.write_all(&[head.as_bytes(), &body].concat()).await.expect("it reads");
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await.expect("it answers");
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    let status = std::str::from_utf8(&answer[9..12]).expect("a status").parse::<u16>().expect("a number");
    let response = http::Response::builder().status(status).body(()).expect("made");
    let mut sender = respond.send_response(response, false)?;
    sender.send_data(Bytes::copy_from_slice(&answer[end + 4..]), true)
}
