//! The client of a collector: the usual one, and one for HTTP/2 without TLS through a proxy, which the usual one would
//! ask to forward what it can't read. Go's gRPC asks it for a tunnel.

use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioExecutor;
use redkite_api::{Proxies, proxy_authorization};
use url::{Position, Url};

use crate::socket;
use crate::transport::{ClientError, Destination, Framing};

type Tunnelled = legacy::Client<Tunnel<HttpsConnector<HttpConnector>>, Full<Bytes>>;

/// What carries requests to one destination.
#[derive(Debug)]
pub(crate) struct Client {
    carrier: Carrier,
    /// Host and port of the proxy on the way.
    proxy: Option<String>,
}

#[derive(Debug)]
enum Carrier {
    Usual(reqwest::Client),
    Tunnelled(Box<Tunnelled>),
}

impl Client {
    /// Chooses between both by what the environment says of proxies.
    pub(crate) fn new(destination: &Destination) -> Result<Self, ClientError> {
        let proxy = proxy(destination)?;
        let place = proxy.as_ref().map(|proxy| proxy[Position::BeforeHost..Position::AfterPort].to_owned());
        let is_plain_call = destination.framing == Framing::Grpc && destination.url.starts_with("http:");
        let carrier = match proxy {
            Some(proxy) if is_plain_call && matches!(proxy.scheme(), "http" | "https") => {
                Carrier::Tunnelled(Box::new(tunnelled(destination, &proxy)?))
            }
            proxy => Carrier::Usual(usual(destination, proxy)?),
        };
        Ok(Self { carrier, proxy: place })
    }

    /// The proxy on the way, for whoever reads of a failure.
    pub(crate) fn proxy(&self) -> Option<&str> {
        self.proxy.as_deref()
    }

    /// Sends a request; the answer's body has yet to come.
    pub(crate) async fn send(
        &self,
        request: Request<Bytes>,
    ) -> Result<Response<reqwest::Body>, Box<dyn Error + Send + Sync>> {
        match &self.carrier {
            Carrier::Usual(client) => Ok(client.execute(request.try_into()?).await?.into()),
            Carrier::Tunnelled(client) => {
                Ok(client.request(request.map(Full::new)).await?.map(reqwest::Body::wrap))
            }
        }
    }
}

fn usual(destination: &Destination, proxy: Option<Url>) -> Result<reqwest::Client, ClientError> {
    let protocols: &[&[u8]] = match destination.framing {
        Framing::Grpc => &[b"h2"],
        Framing::Plain(_) => &[b"http/1.1"],
    };
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(destination.timeout)
        .tls_backend_preconfigured(destination.tls.configuration(protocols)?);
    builder = match destination.framing {
        Framing::Grpc => builder.http2_prior_knowledge(),
        Framing::Plain(_) => builder.http1_only(),
    };
    if let Some(socket) = &destination.socket {
        builder = socket::through(builder, socket)?;
    }
    Ok(match proxy {
        Some(proxy) => builder.proxy(reqwest::Proxy::all(proxy)?),
        None => builder.no_proxy(),
    }
    .build()?)
}

fn tunnelled(destination: &Destination, proxy: &Url) -> Result<Tunnelled, ClientError> {
    let mut plain = HttpConnector::new();
    plain.enforce_http(false);
    plain.set_connect_timeout(Some(destination.timeout));
    plain.set_nodelay(true);
    let connector = HttpsConnector::from((plain, Arc::new(destination.tls.configuration(&[])?)));
    let mut tunnel = Tunnel::new(proxy.as_str().parse()?, connector);
    if let Some(authorization) = proxy_authorization(proxy) {
        tunnel = tunnel.with_auth(authorization);
    }
    Ok(legacy::Client::builder(TokioExecutor::new()).http2_only(true).build(tunnel))
}

/// The proxy on the way, if there is one.
fn proxy(destination: &Destination) -> Result<Option<Url>, ClientError> {
    let url = Url::parse(&destination.url).ok().filter(|_| destination.socket.is_none());
    let Some(url) = url else { return Ok(None) };
    let proxies = Proxies::from_environment();
    let found = match destination.framing {
        Framing::Grpc => proxies.for_calls(&url)?,
        Framing::Plain(_) => proxies.for_url(&url)?,
    };
    Ok(found.cloned())
}
