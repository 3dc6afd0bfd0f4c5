//! Plain HTTP through a proxy: requests go to it with the whole URL in their first line. ureq itself would ask for a
//! tunnel, which many proxies refuse for other ports than 443; Go's programs don't.

use std::fmt;
use std::io::Write as _;

use http::Uri;
use ureq::config::Config;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, TcpConnector, Transport,
    TransportAdapter,
};
use ureq::{Agent, Error};
use url::Url;

/// An agent whose connections all lead to `proxy`.
pub(crate) fn agent(config: Config, proxy: &Url) -> Result<Agent, Error> {
    let proxy = proxy.as_str().parse().map_err(|_| Error::InvalidProxyUrl)?;
    let connector = ().chain(TcpConnector::default()).chain(Forwarder);
    Ok(Agent::with_parts(config, connector, ProxyResolver { proxy, inner: DefaultResolver::default() }))
}

/// Whatever is asked for, the proxy's address is the answer: it looks up the rest.
struct ProxyResolver {
    proxy: Uri,
    inner: DefaultResolver,
}

impl fmt::Debug for ProxyResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL can hold a password.
        f.debug_struct("ProxyResolver").field("proxy", &self.proxy.host()).finish_non_exhaustive()
    }
}

impl Resolver for ProxyResolver {
    fn resolve(&self, _: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        self.inner.resolve(&self.proxy, config, timeout)
    }
}

/// Makes a connection to the proxy one to the host behind it.
#[derive(Debug)]
struct Forwarder;

impl<T: Transport> Connector<T> for Forwarder {
    type Out = Forwarding<T>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<T>,
    ) -> Result<Option<Self::Out>, Error> {
        let Some(connection) = chained else { return Ok(None) };
        let authority = details.uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
        let (input, output) = (details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Forwarding {
            root: format!("http://{authority}"),
            next: Next::Head,
            buffers: LazyBuffers::new(input, output),
            connection: TransportAdapter::new(connection, details.current_time.clone()),
        }))
    }
}

/// A connection to the proxy that serves one host.
struct Forwarding<T: Transport> {
    root: String,
    next: Next,
    buffers: LazyBuffers,
    connection: TransportAdapter<T>,
}

/// What is written next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// The beginning of a request.
    Head,
    /// More of it.
    Rest,
}

impl<T: Transport> fmt::Debug for Forwarding<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forwarding").field("root", &self.root).finish_non_exhaustive()
    }
}

impl<T: Transport> Transport for Forwarding<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.connection.set_timeout(timeout);
        let output = &self.buffers.output()[..amount];
        match output.iter().position(|byte| *byte == b' ').filter(|_| self.next == Next::Head) {
            Some(blank) => {
                let (method, rest) = output.split_at(blank + 1);
                self.connection.write_all(&[method, self.root.as_bytes(), rest].concat())?;
                self.next = Next::Rest;
            }
            None => self.connection.write_all(output)?,
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        use std::io::Read as _;
        self.connection.set_timeout(timeout);
        let count = self.connection.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(count);
        // Nothing more is written of a request whose answer is awaited.
        self.next = Next::Head;
        Ok(count > 0)
    }

    fn is_open(&mut self) -> bool {
        self.connection.get_mut().is_open()
    }
}
