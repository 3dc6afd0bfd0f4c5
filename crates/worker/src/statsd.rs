//! Metrics for a Datadog agent: a few lines per job, by UDP (spec/agent.md §12.5).

use crate::settings::{DatadogSettings, Timings};
use jiff::{SignedDuration, Timestamp};
use redkite_api::wire::Job;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs, UdpSocket};
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
        match connect(&address) {
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
                let waited = started_at.duration_since(runnable_at);
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
        let took = SignedDuration::try_from(took).unwrap_or(SignedDuration::MAX);
        self.send(
            &[timing(name, took, self.timings, &tags), format!("{PREFIX}{count}:1|c{}\n", tail(&tags))]
                .concat(),
        );
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

/// A socket that sends to the first address of `host` that can be reached, of either family.
fn connect(host: &str) -> io::Result<UdpSocket> {
    let mut last = None;
    for address in host.to_socket_addrs()? {
        let any: IpAddr =
            if address.is_ipv6() { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind((any, 0)).and_then(|socket| {
            socket.connect(address)?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        });
        match socket {
            Ok(socket) => return Ok(socket),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the name has no address")))
}

/// A host with its port.
fn address(host: &str) -> String {
    let has_port = host
        .rsplit_once(':')
        .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
    if has_port { host.to_owned() } else { format!("{host}:{PORT}") }
}

/// A time that something took; where clocks differ, it may be negative.
fn timing(name: &str, duration: SignedDuration, timings: Timings, tags: &Tags) -> String {
    let tags = tail(tags);
    match timings {
        Timings::Plain => format!("{PREFIX}{name}:{:.6}|ms{tags}\n", duration.as_millis_f64()),
        Timings::Distributions => format!("{PREFIX}{name}.distribution:{}|d{tags}\n", duration.as_millis()),
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
    let mut in_run = false;
    for character in text.chars() {
        let fits = character.is_ascii_alphanumeric() || matches!(character, '.' | '_');
        if fits {
            out.push(character);
        } else if !in_run {
            out.push('_');
        }
        in_run = !fits;
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
    fn what_a_tag_cant_hold_is_one_underscore_a_run() {
        for (text, expected) in
            [("-1", "_1"), ("a b//c", "a_b_c"), ("a_ /_x é", "a___x_"), ("a.b", "a.b"), ("", "")]
        {
            assert_eq!(plain(text), expected, "{text:?}");
        }
    }

    /// A job as the server sends it; clocks and durations are whole, so that packets are too.
    fn job(runnable_at: &str) -> Job {
        let env = [
            ("BUILDKITE_PIPELINE_SLUG", "my pipe"),
            ("BUILDKITE_ORGANIZATION_SLUG", "org"),
            ("BUILDKITE_BRANCH", "a//b"),
            ("BUILDKITE_SOURCE", ""),
            ("BUILDKITE_AGENT_META_DATA_QUEUE", "q"),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Job { env, runnable_at: runnable_at.to_owned(), ..Job::default() }
    }

    /// What a listener at `ip` gets.
    fn packet(ip: &str, timings: Timings, tell: impl FnOnce(&Statsd)) -> String {
        let listener = UdpSocket::bind((ip, 0)).unwrap();
        listener.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let host = listener.local_addr().unwrap().to_string();
        tell(&Statsd::new(&DatadogSettings { host, timings }, "a-1").unwrap());
        let mut buffer = [0; 1000];
        let length = listener.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    #[test]
    fn packets_of_a_jobs_start_and_end() {
        let tags =
            |code: &str| format!("|#agent_name:a_1,branch:a_b,{code}org:org,pipeline:my_pipe,queue:q\n");
        let start: Timestamp = "2026-01-01T00:00:01.5Z".parse().unwrap();
        for (timings, runnable_at, expected) in [
            (Timings::Plain, "2026-01-01T00:00:00Z", "queue.duration:1500.000000|ms"),
            (Timings::Distributions, "2026-01-01T00:00:00Z", "queue.duration.distribution:1500|d"),
            (Timings::Plain, "2026-01-01T00:00:02Z", "queue.duration:-500.000000|ms"),
            (Timings::Distributions, "2026-01-01T00:00:02Z", "queue.duration.distribution:-500|d"),
        ] {
            let seen = packet("127.0.0.1", timings, |statsd| statsd.started(&job(runnable_at), start));
            assert_eq!(seen, format!("buildkite.{expected}{}", tags("")));
        }
        for (timings, status, code, time, count) in [
            (Timings::Plain, 0, "0", "jobs.duration.success:2250.000000|ms", "jobs.success:1|c"),
            (Timings::Plain, -1, "_1", "jobs.duration.error:2250.000000|ms", "jobs.failed:1|c"),
            (Timings::Distributions, 0, "0", "jobs.duration.success.distribution:2250|d", "jobs.success:1|c"),
            (Timings::Distributions, 3, "3", "jobs.duration.error.distribution:2250|d", "jobs.failed:1|c"),
        ] {
            let took = Duration::from_millis(2250);
            let seen = packet("127.0.0.1", timings, |statsd| statsd.ended(&job(""), took, status));
            let tags = tags(&format!("exit_code:{code},"));
            assert_eq!(seen, format!("buildkite.{time}{tags}buildkite.{count}{tags}"));
        }
    }

    #[test]
    fn a_job_that_was_never_runnable_waited_for_nothing_and_hosts_may_be_ipv6() {
        let seen = packet("::1", Timings::Plain, |statsd| {
            for runnable_at in ["", "yesterday"] {
                statsd.started(&job(runnable_at), Timestamp::UNIX_EPOCH);
            }
            statsd.ended(&Job::default(), Duration::ZERO, 0);
        });
        let tags = "|#agent_name:a_1,exit_code:0\n";
        assert_eq!(
            seen,
            format!("buildkite.jobs.duration.success:0.000000|ms{tags}buildkite.jobs.success:1|c{tags}")
        );
    }
}
