//! What a worker says of itself when it registers (spec/agent.md §6).

use crate::machine::Machine;
use crate::settings::{FeatureReport, PingMode, Priority, Settings};
use redkite_api::wire::RegisterRequest;
use redkite_api::{AGENT_BUILD, AGENT_VERSION, Http2, go_arch};

/// The request of worker `number`, counted from 1.
pub(crate) fn request(settings: &Settings, machine: &Machine, number: u32) -> RegisterRequest {
    let identity = &settings.identity;
    RegisterRequest {
        name: identity.name.replace("%spawn", &number.to_string()),
        hostname: machine.hostname.clone(),
        os: machine.os.clone(),
        arch: go_arch().to_owned(),
        script_eval_enabled: settings.job.permissions.command_eval,
        ignore_in_dispatches: settings.lifetime.acquire.is_some(),
        priority: priority(&identity.priority, number),
        version: AGENT_VERSION.to_owned(),
        build: AGENT_BUILD.to_owned(),
        meta_data: identity.tags.clone(),
        pid: i64::from(std::process::id()),
        machine_id: machine.public_id(),
        features: match identity.features {
            FeatureReport::Sent => features(settings),
            FeatureReport::Withheld => Vec::new(),
        },
    }
}

/// What worker `number` is preferred by; empty for nothing.
pub(crate) fn priority(priority: &Priority, number: u32) -> String {
    match priority {
        Priority::Fixed(text) => text.clone(),
        Priority::Ascending => number.to_string(),
        Priority::Descending => format!("-{number}"),
    }
}

/// The features that are on, in the order of spec/agent.md §6.3.
fn features(settings: &Settings) -> Vec<String> {
    let Settings { lifetime, job, .. } = settings;
    let backend = job.tracing.backend.as_str();
    let streams = settings.api.endpoint.host().as_deref() == Some("agent-edge.buildkite.com")
        && settings.ping_mode != PingMode::PollOnly;
    let proxy = settings.has_variable("HTTP_PROXY") || settings.has_variable("http_proxy");
    let before = [
        ("git-mirrors", !job.checkout.mirrors_path.as_os_str().is_empty()),
        ("streaming-pings", streams),
        ("acquire-job", lifetime.acquire.is_some()),
        ("datadog-tracing", backend == "datadog"),
        ("opentelemetry-tracing", backend == "opentelemetry"),
        ("propagate-traceparent", job.tracing.propagate),
        ("control-plane-otlp-tracing", true),
        ("disconnect-after-job", lifetime.after_job),
        ("disconnect-after-idle", lifetime.after_idle.is_some()),
        ("disconnect-after-uptime", lifetime.after_uptime.is_some()),
        ("no-plugins", !job.permissions.plugins),
        ("no-script-eval", !job.permissions.command_eval),
        ("no-http2", settings.api.http2 == Http2::Disabled),
        ("allowed-repositories", !job.permissions.repositories.is_empty()),
        ("allowed-plugins", !job.permissions.plugin_sources.is_empty()),
    ];
    let after = [
        ("env-http-proxy", proxy),
        ("env-godebug", settings.has_variable("GODEBUG")),
        ("datadog-metrics", settings.datadog.is_some()),
    ];
    let on = |(name, on): (&str, bool)| on.then(|| name.to_owned());
    let experiments = settings.experiments.iter().map(|name| format!("experiment-{name}"));
    before.into_iter().filter_map(on).chain(experiments).chain(after.into_iter().filter_map(on)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{DatadogSettings, Timings, test_settings};
    use std::time::Duration;

    #[test]
    fn only_spawn_is_replaced_in_a_name() {
        let request = request(&test_settings(), &Machine::default(), 3);
        assert_eq!(request.name, "3-%hostname");
    }

    #[test]
    fn priorities_are_fixed_or_follow_the_number() {
        for (kind, expected) in
            [(Priority::Fixed("7".into()), "7"), (Priority::Ascending, "2"), (Priority::Descending, "-2")]
        {
            assert_eq!(priority(&kind, 2), expected);
        }
    }

    #[test]
    fn each_feature_has_its_setting() {
        type Change = fn(&mut Settings);
        let changes: [(Change, &str); 19] = [
            (|settings| settings.job.checkout.mirrors_path = "/m".into(), "git-mirrors"),
            (|settings| settings.ping_mode = PingMode::StreamOnly, "streaming-pings"),
            (|settings| settings.lifetime.acquire = Some("J".into()), "acquire-job"),
            (|settings| settings.job.tracing.backend = "datadog".into(), "datadog-tracing"),
            (|settings| settings.job.tracing.backend = "opentelemetry".into(), "opentelemetry-tracing"),
            (|settings| settings.job.tracing.propagate = true, "propagate-traceparent"),
            (|_| (), "control-plane-otlp-tracing"),
            (|settings| settings.lifetime.after_job = true, "disconnect-after-job"),
            (|settings| settings.lifetime.after_idle = Some(Duration::ZERO), "disconnect-after-idle"),
            (|settings| settings.lifetime.after_uptime = Some(Duration::ZERO), "disconnect-after-uptime"),
            (|settings| settings.job.permissions.plugins = false, "no-plugins"),
            (|settings| settings.job.permissions.command_eval = false, "no-script-eval"),
            (|settings| settings.api.http2 = Http2::Disabled, "no-http2"),
            (|settings| settings.job.permissions.repositories = pattern(), "allowed-repositories"),
            (|settings| settings.job.permissions.plugin_sources = pattern(), "allowed-plugins"),
            (|settings| settings.experiments = vec!["pty-raw".into()], "experiment-pty-raw"),
            (|settings| settings.environment = vec![("http_proxy".into(), "".into())], "env-http-proxy"),
            (|settings| settings.environment = vec![("GODEBUG".into(), "".into())], "env-godebug"),
            (|settings| settings.datadog = Some(datadog()), "datadog-metrics"),
        ];
        let always = "control-plane-otlp-tracing";
        for (change, feature) in changes {
            let mut settings = test_settings();
            settings.ping_mode = PingMode::PollOnly;
            change(&mut settings);
            let features = features(&settings);
            let others: Vec<_> = features.iter().filter(|name| *name != always).collect();
            let expected: &[&str] = if feature == always { &[] } else { &[feature] };
            assert_eq!(others, expected);
            assert!(features.iter().any(|name| name == always), "{feature}");
        }
        let mut settings = test_settings();
        settings.api.endpoint = "https://agent.buildkite.com/v3".into();
        assert_eq!(features(&settings), [always], "streams are of one host");
        settings.identity.features = FeatureReport::Withheld;
        assert!(request(&settings, &Machine::default(), 1).features.is_empty());
    }

    fn pattern() -> Vec<regex::Regex> {
        vec![regex::Regex::new("a").unwrap()]
    }

    fn datadog() -> DatadogSettings {
        DatadogSettings { host: "h".into(), timings: Timings::Plain }
    }

    #[test]
    fn features_come_in_their_order() {
        let mut settings = test_settings();
        assert_eq!(features(&settings), ["streaming-pings", "control-plane-otlp-tracing"]);
        settings.ping_mode = PingMode::PollOnly;
        settings.lifetime.after_job = true;
        settings.job.permissions.plugins = false;
        settings.experiments = vec!["pty-raw".into()];
        settings.environment = vec![("GODEBUG".into(), "".into())];
        let expected = [
            "control-plane-otlp-tracing",
            "disconnect-after-job",
            "no-plugins",
            "experiment-pty-raw",
            "env-godebug",
        ];
        assert_eq!(features(&settings), expected);
    }
}
