//! What the agent's log says before anything happens (docs/spec/agent.md §8.3).

use redkite_text::Spoken;
use redkite_worker::settings::Settings;

use super::Args;
use crate::cli::Context;
use crate::logging::NOTICE;
use crate::options::is_known_experiment as is_known;

/// Says what is unusual about the settings.
pub(super) fn say(args: &Args, settings: &Settings, cx: &Context) {
    let (version, pid) = (redkite_api::AGENT_VERSION, std::process::id());
    tracing::info!(target: NOTICE, "Starting buildkite-agent v{version} with PID: {pid}");
    let known: Vec<_> = cx.experiments.iter().filter(|name| is_known(name)).map(String::as_str).collect();
    if !known.is_empty() {
        let experiments = format!("[{}]", known.join(" "));
        tracing::info!(experiments, "Experiments are enabled");
    }
    let job = &settings.job;
    let lifetime = &settings.lifetime;
    let lines = [
        (!job.checkout.ssh_keyscan, "Automatic ssh-keyscan has been disabled"),
        (!job.permissions.command_eval, "Evaluating console commands has been disabled"),
        (!job.permissions.plugins, "Plugins have been disabled"),
        (!job.pty, "Running builds within a pseudoterminal (PTY) has been disabled"),
        (lifetime.after_job, "Agents will disconnect after a job run has completed"),
    ];
    lines.iter().filter(|(applies, _)| *applies).for_each(|(_, line)| tracing::info!("{line}"));
    if let Some(idle) = lifetime.after_idle {
        tracing::info!("Agents will disconnect after {} of inactivity", Spoken(idle));
    }
    if let Some(uptime) = lifetime.after_uptime {
        tracing::info!("Agents will disconnect after {} of uptime", Spoken(uptime));
    }
    let permissions = &args.permissions;
    if !permissions.allowed_repositories.is_empty() {
        tracing::info!("Allowed repositories patterns: {}", patterns(&permissions.allowed_repositories));
    }
    if !permissions.allowed_plugins.is_empty() {
        tracing::info!("Allowed plugins patterns: {}", patterns(&permissions.allowed_plugins));
    }
}

/// A list of patterns, each in quotes.
fn patterns(list: &[String]) -> String {
    let quoted: Vec<_> = list.iter().map(redkite_shell::quoted).collect();
    format!("[{}]", quoted.join(" "))
}
