//! A SOCKS 5 proxy that leads everything to one server, whatever host is asked for (RFC 1928, RFC 1929).

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Seen, serve};

/// What the proxy does with those who come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manners {
    /// It asks for nothing.
    Open,
    /// It asks for this user and password.
    Guarded(&'static str, &'static str),
    /// It leads nowhere and says so by this code.
    Refusing(u8),
    /// It is no SOCKS proxy.
    Garbage,
    /// It hangs up.
    Leaving,
}

/// The proxy.
pub(crate) struct Socks {
    pub(crate) port: u16,
    /// Where each client wanted to go: names as they are, addresses by their kind.
    seen: Seen,
}

impl Socks {
    pub(crate) fn start(backend: u16, manners: Manners) -> Self {
        let seen = Seen::default();
        let places = seen.clone();
        let port = serve(move |stream| {
            let seen = seen.clone();
            async move {
                // Clients come and go.
                let _ = connection(stream, backend, manners, &seen).await;
            }
        });
        Self { port, seen: places }
    }

    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("whole").clone()
    }
}

async fn connection(mut client: TcpStream, backend: u16, manners: Manners, seen: &Seen) -> io::Result<()> {
    let [_, count] = read(&mut client).await?;
    let mut methods = vec![0; usize::from(count)];
    client.read_exact(&mut methods).await?;
    match manners {
        Manners::Garbage => return client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await,
        Manners::Leaving => return Ok(()),
        Manners::Guarded(user, password) => {
            if !methods.contains(&2) {
                return client.write_all(&[5, 0xff]).await;
            }
            client.write_all(&[5, 2]).await?;
            let [_] = read(&mut client).await?;
            let shown = [text(&mut client).await?, text(&mut client).await?];
            let welcome = shown == [user, password];
            client.write_all(&[1, u8::from(!welcome)]).await?;
            if !welcome {
                return Ok(());
            }
        }
        Manners::Open | Manners::Refusing(_) => client.write_all(&[5, 0]).await?,
    }
    let [_, _, _, kind] = read(&mut client).await?;
    let host = match kind {
        1 => format!("v4 {}", Ipv4Addr::from(read::<4>(&mut client).await?)),
        4 => format!("v6 {}", Ipv6Addr::from(read::<16>(&mut client).await?)),
        _ => text(&mut client).await?,
    };
    let port = u16::from_be_bytes(read(&mut client).await?);
    seen.lock().expect("whole").push(format!("{host} {port}"));
    let code = if let Manners::Refusing(code) = manners { code } else { 0 };
    client.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    if code == 0 {
        let mut server = TcpStream::connect(("127.0.0.1", backend)).await?;
        tokio::io::copy_bidirectional(&mut client, &mut server).await?;
    }
    Ok(())
}

async fn read<const N: usize>(client: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn text(client: &mut TcpStream) -> io::Result<String> {
    let [length] = read(client).await?;
    let mut bytes = vec![0; usize::from(length)];
    client.read_exact(&mut bytes).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
