//! A registered worker's connection: where it talks to, as whom, with which headers; pings can change that.

use redkite_api::client::Client;
use redkite_api::wire::RegisterAnswer;
use redkite_api::{AgentId, Endpoint, RequestHeaders};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// One registered worker.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: AgentId,
    pub(crate) name: String,
    pub(crate) ping_interval: Duration,
    pub(crate) job_status_interval: Duration,
    pub(crate) heartbeat_interval: Duration,
    /// Where connect, acquire and disconnect go, whatever pings say.
    registered_endpoint: Endpoint,
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Current {
    client: Client,
    /// The endpoint that the server last named; empty when it never did.
    named_endpoint: String,
    last_ping: Option<Instant>,
}

/// What a server that names no interval gets.
const DEFAULT_PING: Duration = Duration::from_secs(2);
const DEFAULT_JOB_STATUS: Duration = Duration::from_secs(1);
const DEFAULT_HEARTBEAT: Duration = Duration::from_secs(60);

impl Session {
    /// The session that an answer to `register`, sent by `registration`, begins.
    pub(crate) fn new(registration: &Client, answer: &RegisterAnswer) -> Self {
        let mut settings = registration.settings().clone();
        settings.token = answer.access_token.clone();
        take_over(&mut settings.headers, answer.request_headers.as_ref());
        if !answer.endpoint.is_empty() {
            settings.endpoint = Endpoint::from(answer.endpoint.as_str());
        }
        let client = registration.with(settings);
        Self {
            id: answer.id.clone(),
            name: answer.name.clone(),
            ping_interval: interval(answer.ping_interval, DEFAULT_PING),
            job_status_interval: interval(answer.job_status_interval, DEFAULT_JOB_STATUS),
            heartbeat_interval: interval(answer.heartbeat_interval, DEFAULT_HEARTBEAT),
            registered_endpoint: client.settings().endpoint.clone(),
            current: Mutex::new(Current { client, named_endpoint: answer.endpoint.clone(), last_ping: None }),
        }
    }

    /// How to reach the server now.
    pub(crate) fn client(&self) -> Client {
        self.lock().client.clone()
    }

    /// How to reach the server where the worker was registered.
    pub(crate) fn registered(&self) -> Client {
        let client = self.client();
        let endpoint = self.registered_endpoint.clone();
        client.with(redkite_api::Settings { endpoint, ..client.settings().clone() })
    }

    /// The headers of an answer, for every request from now on.
    pub(crate) fn update_headers(&self, headers: Option<&BTreeMap<String, String>>) {
        let mut current = self.lock();
        let mut settings = current.client.settings().clone();
        take_over(&mut settings.headers, headers);
        current.client = current.client.with(settings);
    }

    /// A client for an endpoint that the server names, if it isn't the current one.
    pub(crate) fn elsewhere(&self, endpoint: &str) -> Option<Client> {
        let current = self.lock();
        if endpoint.is_empty() || endpoint == current.named_endpoint {
            return None;
        }
        let mut settings = current.client.settings().clone();
        settings.endpoint = Endpoint::from(endpoint);
        Some(current.client.with(settings))
    }

    /// Goes to the endpoint that [`elsewhere`](Self::elsewhere) led to.
    pub(crate) fn switch(&self, client: Client) {
        let mut current = self.lock();
        client.settings().endpoint.as_str().clone_into(&mut current.named_endpoint);
        current.client = client;
    }

    /// A ping was answered.
    pub(crate) fn pinged(&self) {
        self.lock().last_ping = Some(Instant::now());
    }

    /// When a ping was last answered.
    pub(crate) fn last_ping(&self) -> Option<Instant> {
        self.lock().last_ping
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does what an answer says about the headers of further requests.
fn take_over(headers: &mut RequestHeaders, answer: Option<&BTreeMap<String, String>>) {
    headers.update(answer);
    if answer.is_some() {
        for (name, value) in headers.iter() {
            tracing::debug!("Server-specified request header: {name}: {value}");
        }
    }
}

/// Seconds as a server sends them; one that sends none gets what is sensible.
fn interval(seconds: i64, default: Duration) -> Duration {
    if seconds > 0 { crate::settings::seconds(seconds) } else { default }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::LONGEST;

    #[test]
    fn an_interval_can_be_added_to_any_clock() {
        for (seconds, expected) in
            [(i64::MIN, DEFAULT_PING), (0, DEFAULT_PING), (1, Duration::from_secs(1)), (i64::MAX, LONGEST)]
        {
            assert_eq!(interval(seconds, DEFAULT_PING), expected, "{seconds}");
        }
    }
}
