//! What the agent's log says before anything happens (docs/spec/agent.md §8.3).

use redkite_worker::settings::Settings;

use super::Args;
use crate::cli::Context;
use crate::logging::NOTICE;

/// Says what is unusual about the settings.
pub(super) fn say(args: &Args, settings: &Settings, cx: &Context) {
    let (version, pid) = (redkite_api::AGENT_VERSION, std::process::id());
    tracing::info!(target: NOTICE, "Starting buildkite-agent v{version} with PID: {pid}");
    if !cx.experiments.is_empty() {
        let experiments = format!("[{}]", cx.experiments.join(" "));
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
        tracing::info!("Agents will disconnect after {idle:?} of inactivity");
    }
    if let Some(uptime) = lifetime.after_uptime {
        tracing::info!("Agents will disconnect after {uptime:?} of uptime");
    }
    let permissions = &args.permissions;
    if !permissions.allowed_repositories.is_empty() {
        tracing::info!("Allowed repositories patterns: {:?}", permissions.allowed_repositories);
    }
    if !permissions.allowed_plugins.is_empty() {
        tracing::info!("Allowed plugins patterns: {:?}", permissions.allowed_plugins);
    }
}
