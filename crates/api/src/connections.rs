//! Blocking connections: through the proxy that the environment names for a URL, with TLS only where a URL asks for it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use http::header::{AUTHORIZATION, PROXY_AUTHORIZATION};
use http::{Request, Response};
use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{ConnectProxyConnector, Connector as _, SocksConnector, TcpConnector};
use ureq::{Agent, AsSendBody, Body, Error};
use url::Url;

use crate::proxies::{Proxies, proxy_authorization};
use crate::tls::TlsConnector;
use crate::{forwarding, redirect};

/// Connections, made when they are needed and kept for what is asked next. Clones share them.
#[derive(Clone)]
pub struct Connections {
    configure: Arc<dyn Fn() -> ConfigBuilder<AgentScope> + Send + Sync>,
    proxies: Proxies,
    agents: Arc<Mutex<Vec<(Way, Agent)>>>,
}

/// How a URL is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Way {
    security: Security,
    proxy: Option<Url>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Security {
    None,
    Tls,
}

impl Connections {
    /// With what `configure` makes; its proxies, TLS and redirects don't count.
    pub fn new(configure: impl Fn() -> ConfigBuilder<AgentScope> + Send + Sync + 'static) -> Self {
        Self { configure: Arc::new(configure), proxies: Proxies::from_environment(), agents: Arc::default() }
    }

    /// The same, but nothing is reached through a proxy.
    #[must_use]
    pub fn without_proxies(self) -> Self {
        Self { proxies: Proxies::default(), ..self }
    }

    /// Sends a request.
    ///
    /// # Errors
    /// There is no answer.
    pub fn run<B: AsSendBody>(&self, request: Request<B>) -> Result<Response<Body>, Error> {
        self.configured(request, |config| config)
    }

    /// Sends a request without a body and follows redirects; another host doesn't see the credentials.
    ///
    /// # Errors
    /// There is no answer.
    pub fn fetch(&self, request: Request<()>) -> Result<Response<Body>, Error> {
        let (mut parts, ()) = request.into_parts();
        for _ in 0..=redirect::LIMIT {
            let answer = self.run(Request::from_parts(parts.clone(), ()))?;
            let url = parts.uri.to_string();
            let Some(hop) = redirect::next(&parts.method, &url, answer.status(), answer.headers()) else {
                return Ok(answer);
            };
            let before = parts.uri.authority().cloned();
            parts.uri = hop.url.parse().map_err(http::Error::from)?;
            if parts.uri.authority() != before.as_ref() {
                parts.headers.remove(AUTHORIZATION);
            }
        }
        Err(Error::TooManyRedirects)
    }

    /// Sends a request whose configuration is changed by `configure`.
    ///
    /// # Errors
    /// There is no answer.
    pub fn configured<B: AsSendBody>(
        &self,
        mut request: Request<B>,
        configure: impl FnOnce(
            ConfigBuilder<ureq::typestate::HttpCrateScope<B>>,
        ) -> ConfigBuilder<ureq::typestate::HttpCrateScope<B>>,
    ) -> Result<Response<Body>, Error> {
        let way = self.way(&request.uri().to_string())?;
        if let Some(credentials) = way.forwarding().and_then(proxy_authorization) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, credentials);
        }
        let agent = self.agent(way)?;
        agent.run(configure(agent.configure_request(request)).build())
    }

    /// The proxy on the way to a URL.
    pub(crate) fn proxy(&self, url: &Url) -> Option<&Url> {
        self.proxies.for_url(url).ok().flatten()
    }

    fn way(&self, url: &str) -> Result<Way, Error> {
        let url = Url::parse(url).map_err(|error| Error::BadUri(error.to_string()))?;
        let security = if url.scheme() == "https" { Security::Tls } else { Security::None };
        let proxy = self.proxies.for_url(&url).map_err(|error| Error::Other(Box::new(error)))?.cloned();
        Ok(Way { security, proxy })
    }

    fn agent(&self, way: Way) -> Result<Agent, Error> {
        let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, agent)) = agents.iter().find(|(of, _)| *of == way) {
            return Ok(agent.clone());
        }
        let agent = way.agent((self.configure)())?;
        agents.push((way, agent.clone()));
        Ok(agent)
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").finish_non_exhaustive()
    }
}

impl Way {
    fn agent(&self, config: ConfigBuilder<AgentScope>) -> Result<Agent, Error> {
        let config = config.max_redirects(0);
        if let Some(proxy) = self.forwarding() {
            return forwarding::agent(config.proxy(None).build(), proxy);
        }
        let proxy = self.proxy.as_ref().map(|proxy| ureq::Proxy::new(proxy.as_str())).transpose()?;
        let connector = ().chain(SocksConnector::default()).chain(ConnectProxyConnector::default());
        let connector = connector.chain(TcpConnector::default()).chain(TlsConnector::default());
        Ok(Agent::with_parts(config.proxy(proxy).build(), connector, DefaultResolver::default()))
    }

    /// The proxy that is asked for the whole URL, instead of for a tunnel: many let tunnels lead to port 443 only.
    fn forwarding(&self) -> Option<&Url> {
        let proxy = self.proxy.as_ref().filter(|proxy| proxy.scheme() == "http")?;
        (self.security == Security::None).then_some(proxy)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;

    use super::*;

    const DONE: &str = "HTTP/1.1 200 X\r\ncontent-length: 0\r\n\r\n";
    const ELSEWHERE: &str =
        "HTTP/1.1 302 X\r\nlocation: http://other.test/x?y=z\r\nconnection: close\r\n\r\n";

    /// A proxy that gives these answers and tells the lines of all requests.
    fn proxy(answers: [&'static str; 2]) -> (Proxies, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://u:p@{}", listener.local_addr().expect("bound"));
        let lines = std::thread::spawn(move || {
            let accept = || BufReader::new(listener.accept().expect("a connection").0);
            let (mut reader, mut lines) = (accept(), Vec::new());
            for answer in answers {
                let start = lines.len();
                while lines[start..].last().is_none_or(|line: &String| !line.is_empty()) {
                    let mut line = String::new();
                    reader.read_line(&mut line).expect("a line");
                    lines.push(line.trim_end().to_owned());
                }
                reader.get_mut().write_all(answer.as_bytes()).expect("it is read");
                if answer == ELSEWHERE {
                    reader = accept();
                }
            }
            lines
        });
        (Proxies::of(|name| (name == "HTTP_PROXY").then(|| url.clone())), lines)
    }

    fn connections(proxies: Proxies) -> Connections {
        Connections { proxies, ..Connections::new(|| Agent::config_builder().http_status_as_error(false)) }
    }

    fn request(url: &str) -> Request<()> {
        Request::get(url).header(AUTHORIZATION, "sesame").body(()).expect("a request")
    }

    fn count(lines: &[String], text: &str) -> usize {
        lines.iter().filter(|line| line.eq_ignore_ascii_case(text)).count()
    }

    #[test]
    fn requests_to_a_host_share_their_connection_to_the_proxy() {
        let (proxies, lines) = proxy([DONE; 2]);
        let connections = connections(proxies);
        for _ in 0..2 {
            let mut answer = connections.run(request("http://plane.test:81/a?b=c")).expect("an answer");
            answer.body_mut().read_to_string().expect("a body");
        }
        let lines = lines.join().expect("no panic");
        for line in [
            "GET http://plane.test:81/a?b=c HTTP/1.1",
            "host: plane.test:81",
            "proxy-authorization: Basic dTpw",
        ] {
            assert_eq!(count(&lines, line), 2, "{lines:?}");
        }
    }

    #[test]
    fn a_redirect_to_another_host_takes_no_credentials_along() {
        let (proxies, lines) = proxy([ELSEWHERE, DONE]);
        let answer = connections(proxies).fetch(request("http://plane.test/a")).expect("an answer");
        assert_eq!(answer.status(), 200);
        let lines = lines.join().expect("no panic");
        for line in [
            "GET http://plane.test/a HTTP/1.1",
            "GET http://other.test/x?y=z HTTP/1.1",
            "authorization: sesame",
        ] {
            assert_eq!(count(&lines, line), 1, "{lines:?}");
        }
    }
}
