//! One way to ask a service over HTTP. The log shows method, address and status: queries, headers and bodies may hold
//! credentials, and stay hidden also with `debug-http`.

use std::time::Duration;

use http::{Method, Request};
use redkite_api::Connections;
use serde::de::DeserializeOwned;

use crate::CloudError;

/// How often a question is asked before its failure counts.
const ATTEMPTS: u32 = 3;
/// The wait before the second attempt; it doubles.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest text of a service that a message repeats.
const LONGEST_MESSAGE: usize = 500;

/// The way to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// An address of this machine's own link: no proxy, and an answer at once or never.
    Link,
    /// Through the proxy of the environment, if there is one.
    Open,
}

/// A service and how it is reached.
#[derive(Debug)]
pub(crate) struct Service {
    name: &'static str,
    connections: Connections,
}

/// A question.
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Ask {
    pub(crate) fn get(url: impl Into<String>) -> Self {
        Self { method: Method::GET, url: url.into(), headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn post(url: impl Into<String>, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let ask = Self { method: Method::POST, url: url.into(), headers: Vec::new(), body: body.into() };
        ask.header("content-type", content_type)
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// An answer with a good status.
pub(crate) struct Answer {
    service: &'static str,
    url: String,
    pub(crate) body: String,
}

impl Answer {
    /// What the body says as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, CloudError> {
        serde_json::from_str(&self.body).map_err(|_| self.lacks("the JSON members that are needed"))
    }

    /// The error of an answer without something.
    pub(crate) fn lacks(&self, missing: &str) -> CloudError {
        CloudError::Unreadable { service: self.service, url: self.url.clone(), missing: missing.to_owned() }
    }
}

impl Service {
    pub(crate) fn new(name: &'static str, way: Way) -> Self {
        let (connect, whole) = match way {
            Way::Link => (Duration::from_secs(1), Duration::from_secs(5)),
            Way::Open => (Duration::from_secs(10), Duration::from_secs(30)),
        };
        let connections = Connections::new(move || {
            ureq::Agent::config_builder()
                .http_status_as_error(false)
                .timeout_connect(Some(connect))
                .timeout_global(Some(whole))
        });
        match way {
            Way::Link => Self { name, connections: connections.without_proxies() },
            Way::Open => Self { name, connections },
        }
    }

    /// Asks until there is an answer or a failure that lasts; `make` is called for each attempt, as signatures age.
    pub(crate) fn ask(&self, make: impl Fn() -> Result<Ask, CloudError>) -> Result<Answer, CloudError> {
        let mut failed = 0;
        loop {
            let error = match make().and_then(|ask| self.once(ask)) {
                Err(error) if error.is_passing() => error,
                settled => return settled,
            };
            failed += 1;
            if failed == ATTEMPTS {
                return Err(error);
            }
            pause(PAUSE * 2_u32.pow(failed - 1));
        }
    }

    fn once(&self, ask: Ask) -> Result<Answer, CloudError> {
        let url = public(&ask.url);
        let method = ask.method.clone();
        let (status, body) = self.exchange(ask).map_err(|source| CloudError::Unreachable {
            service: self.name,
            url: url.clone(),
            source: Box::new(source),
        })?;
        tracing::debug!("{method} {url}: {status}");
        if !(200..300).contains(&status) {
            let message = message(&body);
            return Err(CloudError::Refused { service: self.name, url, status, message });
        }
        Ok(Answer { service: self.name, url, body })
    }

    fn exchange(&self, ask: Ask) -> Result<(u16, String), ureq::Error> {
        let mut request = Request::builder().method(&ask.method).uri(&ask.url);
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        let answer = match ask.method {
            Method::GET => self.connections.run(request.body(())?)?,
            _ => self.connections.run(request.body(ask.body)?)?,
        };
        let (parts, mut body) = answer.into_parts();
        Ok((parts.status.as_u16(), body.read_to_string()?))
    }
}

/// An address without what may be secret in it.
pub(crate) fn public(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(mut url) => {
            url.set_query(None);
            // Only addresses that can't have credentials refuse to lose them.
            url.set_password(None).ok();
            url.set_username("").ok();
            url.to_string()
        }
        Err(_) => "an address that is none".to_owned(),
    }
}

/// What an error's body says, from whichever form a vendor gives it.
fn message(body: &str) -> String {
    let json: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let kind = text(&json["__type"]).map(|kind| kind.rsplit('#').next().unwrap_or_default().to_owned());
    let said = text(&json["message"])
        .or_else(|| text(&json["Message"]))
        .or_else(|| text(&json["error"]["message"]))
        .or_else(|| text(&json["error_description"]))
        .or_else(|| element(body, "Message"));
    let kind = kind
        .or_else(|| text(&json["error"]["status"]))
        .or_else(|| text(&json["error"]))
        .or_else(|| element(body, "Code"));
    let whole = match (kind, said) {
        (Some(kind), Some(said)) => format!("{kind}: {said}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => body.trim().to_owned(),
    };
    whole.chars().take(LONGEST_MESSAGE).collect()
}

/// The text of the first XML element of that name.
pub(crate) fn element(xml: &str, name: &str) -> Option<String> {
    let document = roxmltree::Document::parse(xml).ok()?;
    let found = document.descendants().find(|node| node.tag_name().name() == name)?;
    found.text().map(str::to_owned)
}

#[expect(
    clippy::disallowed_methods,
    reason = "nothing else runs while a command or the start-up waits for a cloud"
)]
pub(crate) fn pause(wait: Duration) {
    std::thread::sleep(wait);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendors_errors_are_put_into_words() {
        for (body, expected) in [
            (r#"{"__type":"com.x#NotFoundException","message":"no key"}"#, "NotFoundException: no key"),
            (r#"{"error":{"status":"PERMISSION_DENIED","message":"no"}}"#, "PERMISSION_DENIED: no"),
            (
                "<Response><Errors><Error><Code>C</Code><Message>m</Message></Error></Errors></Response>",
                "C: m",
            ),
            (r#"{"error":"invalid_grant","error_description":"gone"}"#, "invalid_grant: gone"),
            (" plain \n", "plain"),
        ] {
            assert_eq!(message(body), expected);
        }
    }

    #[test]
    fn addresses_in_messages_hold_no_secrets() {
        assert_eq!(public("http://u:p@h:1/a?token=t"), "http://h:1/a");
    }
}
