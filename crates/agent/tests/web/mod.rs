//! What lies between a client and a server: certificates, TLS in front of a plain server, proxies.
#![allow(dead_code, unused_imports, reason = "no test file uses all of it")]

mod bridge;
mod certificates;
mod proxy;
mod socks;

use std::future::Future;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use tokio::net::TcpStream;

pub(crate) use bridge::bridge;
pub(crate) use certificates::{Authority, Clients, Fault};
pub(crate) use proxy::Proxy;
pub(crate) use socks::{Manners, Socks};

/// What was seen, in its order.
pub(crate) type Seen = Arc<Mutex<Vec<String>>>;

/// Serves connections to a port of its own, each by itself, until the test's process ends.
fn serve<F: Future<Output = ()> + 'static>(connection: impl Fn(TcpStream) -> F + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("set");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("made");
        tokio::task::LocalSet::new().block_on(&runtime, async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            while let Ok((stream, _)) = listener.accept().await {
                tokio::task::spawn_local(connection(stream));
            }
        });
    });
    port
}
