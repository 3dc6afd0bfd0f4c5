//! Which proxy a URL is reached through: the environment's choice, made as Go's programs make it
//! (spec/agent-api.md §2.3). The HTTP libraries below have rules of their own, which are never asked.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// The proxies that a process's environment names, and what is reached without them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    http: Setting,
    https: Setting,
    direct: Vec<Direct>,
}

/// What a variable says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Setting {
    #[default]
    None,
    Proxy(Url),
    /// An address that is none.
    Unusable,
    /// `HTTP_PROXY` is what a `Proxy` header becomes in a CGI program: whoever asks for the page would choose.
    Untrusted,
}

/// An entry of `NO_PROXY`: what it names is asked directly.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Direct {
    All,
    Network(IpNet),
    Address(IpAddr, Option<u16>),
    /// A domain with a dot before it: what is below it, and with `Apex::Included` itself.
    Domain(String, Apex, Option<u16>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Apex {
    Included,
    Excluded,
}

/// A variable that names a proxy in vain. It may hold a password and isn't repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// It is no address.
    #[error("the proxy address in {0} is none that can be used")]
    Unusable(&'static str),
    /// It could come from elsewhere.
    #[error("HTTP_PROXY is not used in a CGI program (REQUEST_METHOD is set)")]
    Untrusted,
}

const HTTP: &str = "HTTP_PROXY";
const HTTPS: &str = "HTTPS_PROXY";
const SOCKS_PORT: u16 = 1080;

impl Proxies {
    /// Those of this process.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "a setting of the process, for all that speaks HTTP in it")]
    pub fn from_environment() -> Self {
        Self::of(|name| std::env::var(name).ok())
    }

    /// Those that these variables name: each in upper case or else in lower case.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let filled = |name: &str| variable(name).filter(|value| !value.is_empty());
        let get = |name: &str| filled(name).or_else(|| filled(&name.to_lowercase()));
        let http = match (get(HTTP), filled("REQUEST_METHOD")) {
            (Some(_), Some(_)) => Setting::Untrusted,
            (text, _) => Setting::of(text),
        };
        Self { http, https: Setting::of(get(HTTPS)), direct: direct(&get("NO_PROXY").unwrap_or_default()) }
    }

    /// The proxy for a URL; `None` where there is none, and always for this machine.
    ///
    /// # Errors
    /// The variable that counts makes no sense.
    pub fn for_url(&self, url: &Url) -> Result<Option<&Url>, ProxyError> {
        match url.scheme() {
            "http" => self.choose(&self.http, HTTP, url),
            "https" => self.choose(&self.https, HTTPS, url),
            _ => Ok(None),
        }
    }

    /// The proxy for calls of gRPC: that of `https` also without TLS, because HTTP/2 needs a tunnel.
    ///
    /// # Errors
    /// The variable makes no sense.
    pub fn for_calls(&self, url: &Url) -> Result<Option<&Url>, ProxyError> {
        self.choose(&self.https, HTTPS, url)
    }

    fn choose<'a>(
        &self,
        setting: &'a Setting,
        name: &'static str,
        url: &Url,
    ) -> Result<Option<&'a Url>, ProxyError> {
        let Some(host) = url.host().filter(|_| *setting != Setting::None) else { return Ok(None) };
        let port = url.port_or_known_default();
        if is_loopback(&host) || self.direct.iter().any(|entry| entry.matches(&host, port)) {
            return Ok(None);
        }
        match setting {
            Setting::None => Ok(None),
            Setting::Proxy(proxy) => Ok(Some(proxy)),
            Setting::Unusable => Err(ProxyError::Unusable(name)),
            Setting::Untrusted => Err(ProxyError::Untrusted),
        }
    }

    /// The same choice for reqwest. A variable that makes no sense has to be found before.
    #[cfg(feature = "async")]
    #[must_use]
    pub fn into_reqwest(self) -> reqwest::Proxy {
        reqwest::Proxy::custom(move |url| self.for_url(url).ok().flatten().cloned())
    }
}

impl Setting {
    fn of(text: Option<String>) -> Self {
        let Some(text) = text else { return Self::None };
        let whole = Url::parse(&text).ok().filter(Url::has_host);
        let bare = || Some(format!("http://{text}")).filter(|_| !text.contains("://"));
        let parsed = whole.or_else(|| Url::parse(&bare()?).ok().filter(Url::has_host));
        match parsed {
            Some(url) if matches!(url.scheme(), "http" | "https") => Self::Proxy(url),
            Some(url) if matches!(url.scheme(), "socks5" | "socks5h") => {
                socks(url).map_or(Self::Unusable, Self::Proxy)
            }
            _ => Self::Unusable,
        }
    }
}

/// Go lets the proxy look names up in both schemes; elsewhere that is what the `h` says. Nor do all libraries know the port.
fn socks(mut url: Url) -> Option<Url> {
    if url.scheme() == "socks5" {
        url.set_scheme("socks5h").ok()?;
    }
    if url.port().is_none() {
        url.set_port(Some(SOCKS_PORT)).ok()?;
    }
    Some(url)
}

/// What a proxy is shown: basic authentication with what its URL holds.
#[must_use]
pub fn proxy_authorization(proxy: &Url) -> Option<HeaderValue> {
    if proxy.username().is_empty() && proxy.password().is_none() {
        return None;
    }
    let decoded = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
    let pair =
        [decoded(proxy.username()), vec![b':'], decoded(proxy.password().unwrap_or_default())].concat();
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => name.eq_ignore_ascii_case("localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// The entries of `NO_PROXY`, malformed ones left out.
fn direct(list: &str) -> Vec<Direct> {
    list.split(',').map(|entry| entry.trim().to_lowercase()).filter_map(|entry| Direct::of(&entry)).collect()
}

impl Direct {
    fn of(entry: &str) -> Option<Self> {
        if entry == "*" {
            return Some(Self::All);
        }
        if let Ok(network) = entry.parse() {
            return Some(Self::Network(network));
        }
        let (host, port) = split_port(entry);
        if let Ok(address) = host.trim_start_matches('[').trim_end_matches(']').parse() {
            return Some(Self::Address(address, port));
        }
        let host = host.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(host);
        match host.strip_prefix('.') {
            _ if host.is_empty() => None,
            Some(_) => Some(Self::Domain(host.to_owned(), Apex::Excluded, port)),
            None => Some(Self::Domain(format!(".{host}"), Apex::Included, port)),
        }
    }

    fn matches(&self, host: &Host<&str>, port: Option<u16>) -> bool {
        let address = match *host {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(IpAddr::from(address)),
            Host::Ipv6(address) => Some(IpAddr::from(address)),
        };
        let at = |wanted: &Option<u16>| wanted.is_none() || *wanted == port;
        match self {
            Self::All => true,
            Self::Network(network) => address.is_some_and(|address| network.contains(&address)),
            Self::Address(wanted, wanted_port) => address == Some(*wanted) && at(wanted_port),
            Self::Domain(domain, apex, wanted_port) => {
                let Host::Domain(name) = host else { return false };
                let itself = *apex == Apex::Included && Some(*name) == domain.strip_prefix('.');
                (itself || name.ends_with(domain)) && at(wanted_port)
            }
        }
    }
}

/// `HOST:PORT` apart; an address of version 6 has its port behind brackets.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    let bare = !entry.starts_with('[') && entry.matches(':').count() > 1;
    match entry.rsplit_once(':').filter(|_| !bare) {
        Some((host, port)) => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (entry, None),
        },
        None => (entry, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Proxies {
        let value = |name: &str| variables.iter().find(|(of, _)| *of == name).map(|(_, v)| (*v).to_owned());
        Proxies::of(value)
    }

    fn check(variables: &[(&str, &str)], url: &str, expected: Result<Option<&str>, ProxyError>) {
        let proxies = of(variables);
        let found = proxies.for_url(&Url::parse(url).expect(url));
        assert_eq!(found.map(|proxy| proxy.map(Url::as_str)), expected, "{variables:?} {url}");
    }

    #[test]
    fn a_scheme_has_its_proxy() {
        let both = [("HTTP_PROXY", "http://plain:1"), ("https_proxy", "http://u:p@secure:2")];
        check(&both, "http://h/x", Ok(Some("http://plain:1/")));
        check(&both, "https://h/x", Ok(Some("http://u:p@secure:2/")));
        check(&both, "unix://h/x", Ok(None));
        check(&both[..1], "https://h/", Ok(None));
        check(&[("HTTP_PROXY", ""), ("http_proxy", "http://low")], "http://h/", Ok(Some("http://low/")));
        check(&[("ALL_PROXY", "http://all")], "http://h/", Ok(None));
        for (text, url) in [
            ("proxy:3128", "http://proxy:3128/"),
            ("10.0.0.1:3128", "http://10.0.0.1:3128/"),
            ("https://proxy", "https://proxy/"),
            ("socks5://u:p@proxy:1081", "socks5h://u:p@proxy:1081"),
            ("socks5h://proxy", "socks5h://proxy:1080"),
        ] {
            check(&[("HTTP_PROXY", text)], "http://h/", Ok(Some(url)));
        }
    }

    #[test]
    fn calls_go_through_the_proxy_of_https_whatever_their_scheme_is() {
        let both =
            of(&[("HTTP_PROXY", "http://plain"), ("HTTPS_PROXY", "http://secure"), ("NO_PROXY", "d:80")]);
        for (url, expected) in [
            ("http://h:4317/", Some("http://secure/")),
            ("https://h:4317/", Some("http://secure/")),
            ("http://localhost:4317/", None),
            ("http://d/", None),
        ] {
            let found = both.for_calls(&Url::parse(url).expect(url)).map(|proxy| proxy.map(Url::as_str));
            assert_eq!(found, Ok(expected), "{url}");
        }
        let nonsense = of(&[("HTTPS_PROXY", "ftp://p")]);
        let url = Url::parse("http://h").expect("a URL");
        assert_eq!(nonsense.for_calls(&url), Err(ProxyError::Unusable("HTTPS_PROXY")));
    }

    #[test]
    fn what_makes_no_sense_is_an_error_where_it_counts() {
        for text in ["ftp://proxy", "http://", "http://a b", "::"] {
            check(&[("HTTPS_PROXY", text)], "https://h/", Err(ProxyError::Unusable("HTTPS_PROXY")));
            check(&[("HTTPS_PROXY", text)], "http://h/", Ok(None));
            check(&[("HTTPS_PROXY", text), ("NO_PROXY", "h")], "https://h/", Ok(None));
        }
        let cgi = [("HTTP_PROXY", "http://p"), ("HTTPS_PROXY", "http://s"), ("REQUEST_METHOD", "GET")];
        check(&cgi, "http://h/", Err(ProxyError::Untrusted));
        check(&cgi, "https://h/", Ok(Some("http://s/")));
    }

    #[test]
    fn some_are_asked_directly() {
        let goes = |list: &str, url: &str, direct: bool| {
            let expected = if direct { None } else { Some("http://p/") };
            let all = [("HTTP_PROXY", "http://p"), ("HTTPS_PROXY", "http://p"), ("NO_PROXY", list)];
            check(&all, url, Ok(expected));
        };
        for url in ["http://localhost:1/", "http://LOCALHOST/", "http://127.0.0.2/", "https://[::1]/"] {
            goes("", url, true);
        }
        for (list, url, direct) in [
            ("*", "http://h/", true),
            (" a , H ", "http://h/", true),
            ("example.com", "http://example.com/", true),
            ("example.com", "http://a.b.example.com/", true),
            ("example.com", "http://badexample.com/", false),
            (".example.com", "http://example.com/", false),
            (".example.com", "http://a.example.com/", true),
            ("*.example.com", "http://example.com/", false),
            ("*.example.com", "http://a.example.com/", true),
            ("exam*", "http://example.com/", false),
            ("h:81", "http://h/", false),
            ("h:81", "http://h:81/", true),
            ("h:443", "https://h/", true),
            ("h:x", "http://h/", false),
            (":80", "http://h/", false),
            (",,", "http://h/", false),
            ("10.0.0.0/8", "http://10.2.3.4/", true),
            ("10.0.0.0/8", "http://11.2.3.4/", false),
            ("10.0.0.0/8", "http://name/", false),
            ("10.1.1.1", "http://10.1.1.1:9/", true),
            ("10.1.1.1:80", "http://10.1.1.1:9/", false),
            ("10.1.1.1:80", "http://10.1.1.1/", true),
            ("fd00::/8", "http://[fd00::1]/", true),
            ("fd00::1", "http://[fd00::1]/", true),
            ("[fd00::1]:81", "http://[fd00::1]:81/", true),
            ("[fd00::1]:81", "http://[fd00::1]/", false),
        ] {
            goes(list, url, direct);
        }
    }
}
