//! Metrics for a Datadog agent: a few lines per job, by UDP (spec/agent.md §12.5).

use crate::settings::{DatadogSettings, Timings};
use jiff::Timestamp;
use redkite_api::wire::Job;
use std::net::UdpSocket;
use std::time::Duration;

const PREFIX: &str = "buildkite.";
const PORT: u16 = 8125;

/// Sends the metrics of one worker.
#[derive(Debug)]
pub(crate) struct Statsd {
    socket: UdpSocket,
    timings: Timings,
    agent: String,
}

/// Tags of a metric: names and values.
type Tags = Vec<(&'static str, String)>;

impl Statsd {
    /// A sender for the worker `agent`; that it can't be had is told, and nothing else changes.
    pub(crate) fn new(settings: &DatadogSettings, agent: &str) -> Option<Self> {
        let address = address(&settings.host);
        tracing::info!("Starting datadog metrics collection to {address}");
        let socket = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
            socket.connect(&address)?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        });
        match socket {
            Ok(socket) => Some(Self { socket, timings: settings.timings, agent: agent.to_owned() }),
            Err(error) => {
                tracing::error!("Metrics can't be sent to {address}: {error}");
                None
            }
        }
    }

    /// A job has started: how long it had waited.
    pub(crate) fn started(&self, job: &Job, started_at: Timestamp) {
        if job.runnable_at.is_empty() {
            return;
        }
        match job.runnable_at.parse::<Timestamp>() {
            Ok(runnable_at) => {
                let waited = started_at.duration_since(runnable_at).unsigned_abs();
                self.send(&timing("queue.duration", waited, self.timings, &self.tags(job)));
            }
            Err(error) => tracing::error!("Metrics: the job's runnable_at can't be read: {error}"),
        }
    }

    /// A job's process has ended.
    pub(crate) fn ended(&self, job: &Job, took: Duration, exit_status: i32) {
        let mut tags = self.tags(job);
        tags.push(("exit_code", exit_status.to_string()));
        let (name, count) = match exit_status {
            0 => ("jobs.duration.success", "jobs.success"),
            _ => ("jobs.duration.error", "jobs.failed"),
        };
        let lines = [timing(name, took, self.timings, &tags), format!("{PREFIX}{count}:1|c{}", tail(&tags))];
        self.send(&lines.join("\n"));
    }

    fn tags(&self, job: &Job) -> Tags {
        let variable = |name| job.env.get(name).cloned().unwrap_or_default();
        vec![
            ("agent_name", self.agent.clone()),
            ("pipeline", variable("BUILDKITE_PIPELINE_SLUG")),
            ("org", variable("BUILDKITE_ORGANIZATION_SLUG")),
            ("branch", variable("BUILDKITE_BRANCH")),
            ("source", variable("BUILDKITE_SOURCE")),
            ("queue", variable("BUILDKITE_AGENT_META_DATA_QUEUE")),
        ]
    }

    fn send(&self, lines: &str) {
        // Nobody may be listening; metrics are no reason to fail.
        let _ = self.socket.send(lines.as_bytes());
    }
}

/// A host with its port.
fn address(host: &str) -> String {
    let has_port = host
        .rsplit_once(':')
        .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
    if has_port { host.to_owned() } else { format!("{host}:{PORT}") }
}

fn timing(name: &str, duration: Duration, timings: Timings, tags: &Tags) -> String {
    match timings {
        Timings::Plain => {
            format!("{PREFIX}{name}:{}|ms{}", duration.as_secs_f64() * 1000.0, tail(tags))
        }
        Timings::Distributions => {
            format!("{PREFIX}{name}.distribution:{}|d{}", duration.as_millis(), tail(tags))
        }
    }
}

/// The tags behind a metric, sorted, without empty ones.
fn tail(tags: &Tags) -> String {
    let given = tags.iter().filter(|(_, value)| !value.is_empty());
    let mut words: Vec<_> = given.map(|(name, value)| format!("{name}:{}", plain(value))).collect();
    words.sort();
    if words.is_empty() { String::new() } else { format!("|#{}", words.join(",")) }
}

/// Every run of characters that a tag can't hold as one underscore.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii_alphanumeric() || matches!(character, '.' | '_') {
            out.push(character);
        } else if !out.ends_with('_') {
            out.push('_');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_get_a_port() {
        for (host, expected) in [("h", "h:8125"), ("h:1", "h:1"), ("h:x", "h:x:8125"), ("h:", "h::8125")] {
            assert_eq!(address(host), expected);
        }
    }

    #[test]
    fn lines_have_prefix_type_and_sorted_tags() {
        let tags =
            vec![("queue", String::new()), ("org", "a b//c".to_owned()), ("exit_code", "-1".to_owned())];
        let took = Duration::from_millis(1500);
        let line = timing("jobs.duration.error", took, Timings::Plain, &tags);
        assert_eq!(line, "buildkite.jobs.duration.error:1500|ms|#exit_code:_1,org:a_b_c");
        let line = timing("queue.duration", took, Timings::Distributions, &Vec::new());
        assert_eq!(line, "buildkite.queue.duration.distribution:1500|d");
    }

    #[test]
    fn a_job_is_told_to_who_listens() {
        let listener = UdpSocket::bind("127.0.0.1:0").unwrap();
        listener.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let statsd = Statsd::new(&DatadogSettings { host, timings: Timings::Plain }, "a-1").unwrap();
        statsd.ended(&Job::default(), Duration::from_secs(1), 0);
        let mut buffer = [0; 1000];
        let length = listener.recv(&mut buffer).unwrap();
        let text = String::from_utf8_lossy(&buffer[..length]);
        let tags = "|#agent_name:a_1,exit_code:0";
        assert_eq!(
            text,
            format!("buildkite.jobs.duration.success:1000|ms{tags}\nbuildkite.jobs.success:1|c{tags}")
        );
    }
}
